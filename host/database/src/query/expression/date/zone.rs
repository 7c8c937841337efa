//! Time zones: names of the IANA database, and offsets like `+05:30`, `+0530` and `-03`.

use chrono::{MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::{Error, Result, query::expression::text::clipped};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Named(Tz),
    /// Seconds east of UTC.
    Offset(i32),
}

/// Which instant a local time means that comes twice, when clocks go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Earlier,
    Later,
}

impl Zone {
    pub const UTC: Self = Self::Offset(0);

    /// # Errors
    /// [`Error::Invalid`] for a name that is not in the database.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(seconds) = offset_seconds(text) {
            return Ok(Self::Offset(seconds));
        }
        text.parse().map(Self::Named).map_err(|_| {
            Error::invalid(format!(
                "\"{}\" is no time zone: use a name like Europe/Berlin or an offset like +05:30",
                clipped(text)
            ))
        })
    }

    pub fn is_utc(self) -> bool {
        matches!(self, Self::Offset(0) | Self::Named(Tz::UTC | Tz::GMT | Tz::Etc__UTC | Tz::Zulu))
    }

    /// Seconds east of UTC at that instant (in UTC).
    pub fn offset_at(self, instant: NaiveDateTime) -> i32 {
        match self {
            Self::Offset(seconds) => seconds,
            Self::Named(zone) => zone.offset_from_utc_datetime(&instant).fix().local_minus_utc(),
        }
    }

    /// The local calendar at an instant; `None` beyond the years of the calendar.
    pub fn local(self, millis: i64) -> Option<NaiveDateTime> {
        let instant = super::calendar_of(millis)?;
        instant.checked_add_signed(TimeDelta::seconds(self.offset_at(instant).into()))
    }

    /// Milliseconds since 1970 of a local time. One that clocks skip is read with the offset before the gap.
    pub fn instant(self, local: NaiveDateTime, fold: Fold) -> Option<i64> {
        let offset = match self {
            Self::Offset(seconds) => seconds,
            Self::Named(zone) => match zone.offset_from_local_datetime(&local) {
                MappedLocalTime::Single(offset) => offset.fix().local_minus_utc(),
                MappedLocalTime::Ambiguous(earlier, later) => {
                    let offset = if fold == Fold::Earlier { earlier } else { later };
                    offset.fix().local_minus_utc()
                }
                // No gap is longer than a day, so a day earlier the offset is still the one before it.
                MappedLocalTime::None => self.offset_at(local.checked_sub_signed(TimeDelta::days(1))?),
            },
        };
        Some(local.checked_sub_signed(TimeDelta::seconds(offset.into()))?.and_utc().timestamp_millis())
    }
}

/// `+hh`, `+hhmm` or `+hh:mm`, and `Z`.
pub(super) fn offset_seconds(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match (digits.len(), digits.split_once(':')) {
        (5, Some((hours, minutes))) if hours.len() == 2 => (hours, minutes),
        (4, None) => (digits.get(..2)?, digits.get(2..)?),
        (2, None) => (digits, "0"),
        _ => return None,
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}
