//! The units of calendar arithmetic, and the days a week can begin on.

use bson::Bson;
use chrono::Weekday;

use crate::{
    Result,
    query::expression::{call::Call, text::clipped},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl Unit {
    pub fn read(call: &Call<'_>, index: usize) -> Result<Self> {
        Ok(match call.text(index, "unit")? {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "millisecond" => Self::Millisecond,
            other => {
                return Err(call.error(format!(
                    "unit must be year, quarter, month, week, day, hour, minute, second or millisecond, \
                     found \"{}\"",
                    clipped(other)
                )));
            }
        })
    }

    /// Months in one unit, for the units that are made of months.
    pub fn months(self) -> Option<i64> {
        match self {
            Self::Year => Some(12),
            Self::Quarter => Some(3),
            Self::Month => Some(1),
            _ => None,
        }
    }

    /// Days in one unit, for the units that are made of calendar days.
    pub fn days(self) -> Option<i64> {
        match self {
            Self::Week => Some(7),
            Self::Day => Some(1),
            _ => None,
        }
    }

    /// Milliseconds in one unit, for the units that have a fixed length.
    pub fn millis(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Minute => 60_000,
            Self::Second => 1_000,
            Self::Millisecond => 1,
            Self::Year | Self::Quarter | Self::Month | Self::Week | Self::Day => 86_400_000,
        }
    }
}

/// The first day of a week, Sunday if it was not written.
pub(super) fn start_of_week(call: &Call<'_>, index: usize) -> Result<Weekday> {
    let Some(Bson::String(name)) = call.get(index) else {
        return if call.is_given(index) {
            Err(call.wrong("startOfWeek", "a string", call.get(index)))
        } else {
            Ok(Weekday::Sun)
        };
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "monday" | "mon" => Weekday::Mon,
        "tuesday" | "tue" => Weekday::Tue,
        "wednesday" | "wed" => Weekday::Wed,
        "thursday" | "thu" => Weekday::Thu,
        "friday" | "fri" => Weekday::Fri,
        "saturday" | "sat" => Weekday::Sat,
        "sunday" | "sun" => Weekday::Sun,
        _ => return Err(call.error(format!("startOfWeek must be a day of the week, found \"{}\"", clipped(name)))),
    })
}
