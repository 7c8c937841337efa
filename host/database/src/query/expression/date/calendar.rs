//! `$dateFromParts`: a date from numbers that may run over their range (month 13 is January of the next year).

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use super::{
    date, out_of_range,
    zone::{Fold, Zone},
    zone_operand,
};
use crate::{
    Result,
    query::expression::{
        arithmetic::null,
        call::{Call, Value},
    },
};

pub(super) const FIELDS: &[(&str, bool)] = &[
    ("year", false),
    ("month", false),
    ("day", false),
    ("isoWeekYear", false),
    ("isoWeek", false),
    ("isoDayOfWeek", false),
    ("hour", false),
    ("minute", false),
    ("second", false),
    ("millisecond", false),
    ("timezone", false),
];
const YEAR: usize = 0;
const ISO_YEAR: usize = 3;
const HOUR: usize = 6;
const ZONE: usize = 10;

/// Months and smaller parts but seconds and milliseconds must fit into an int16, as on the server.
const PART_LIMIT: i64 = 32_767;

pub(super) fn from_parts(call: &mut Call<'_>) -> Result<Value> {
    let is_iso = call.is_given(ISO_YEAR);
    let wrong = if is_iso { YEAR..ISO_YEAR } else { ISO_YEAR..HOUR };
    if wrong.clone().any(|index| call.is_given(index)) || !(is_iso || call.is_given(YEAR)) {
        return Err(call.error(
            "give either year, month and day or isoWeekYear, isoWeek and isoDayOfWeek, with the year in any case",
        ));
    }
    if (0..FIELDS.len()).any(|index| call.is_given_nullish(index)) {
        return null();
    }
    let zone = zone_operand(call, ZONE)?;
    let first = if is_iso { ISO_YEAR } else { YEAR };
    let year = part(call, first, 0, 9_999)?;
    if year < 1 {
        return Err(call.error(format!("the year must be from 1 to 9999, found {year}")));
    }
    let (middle, day) = (part(call, first + 1, 1, PART_LIMIT)?, part(call, first + 2, 1, PART_LIMIT)?);
    let start = if is_iso { iso_week_day(year, middle, day) } else { month_day(year, middle, day) };
    let seconds = part(call, HOUR, 0, PART_LIMIT)? * 3_600 + part(call, HOUR + 1, 0, PART_LIMIT)? * 60;
    let time = part(call, HOUR + 2, 0, i64::MAX / 4_000)?.checked_add(seconds).and_then(TimeDelta::try_seconds);
    let millis = TimeDelta::try_milliseconds(part(call, HOUR + 3, 0, i64::MAX / 4)?);
    let local = start
        .zip(time)
        .and_then(|(start, time)| start.and_time(chrono::NaiveTime::MIN).checked_add_signed(time))
        .zip(millis)
        .and_then(|(local, millis)| local.checked_add_signed(millis));
    match local.and_then(|local| instant(zone, local)) {
        Some(millis) => date(millis),
        None => Err(out_of_range(call.name)),
    }
}

fn instant(zone: Zone, local: NaiveDateTime) -> Option<i64> {
    zone.instant(local, Fold::Later)
}

fn part(call: &Call<'_>, index: usize, otherwise: i64, limit: i64) -> Result<i64> {
    if !call.is_given(index) {
        return Ok(otherwise);
    }
    let name = FIELDS.get(index).map_or("a part", |(name, _)| name);
    let value = call.whole(index, name)?;
    if value < -limit - 1 || value > limit {
        return Err(call.error(format!("{name} must be from {} to {limit}, found {value}", -limit - 1)));
    }
    Ok(value)
}

/// The day, with months and days beyond their range carried over.
pub(super) fn month_day(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, 1, 1)?;
    plus_days(plus_months(first, month - 1)?, day - 1)
}

/// Week 1 is the one with the year's first Thursday.
pub(super) fn iso_week_day(year: i64, week: i64, day: i64) -> Option<NaiveDate> {
    let first = NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, 1, chrono::Weekday::Mon)?;
    plus_days(first, (week - 1).checked_mul(7)?.checked_add(day - 1)?)
}

pub(super) fn plus_days(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let distance = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) }
}

/// The same day of another month, or the last one if the month is shorter.
pub(super) fn plus_months(day: NaiveDate, months: i64) -> Option<NaiveDate> {
    let distance = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { day.checked_sub_months(distance) } else { day.checked_add_months(distance) }
}

/// Months since the beginning of year 0.
pub(super) fn month_number(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}
