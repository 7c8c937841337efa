//! `$dateAdd $dateSubtract $dateDiff`: moving by calendar units, and counting the boundaries between two dates.

use bson::Bson;
use chrono::{Datelike, NaiveDateTime};

use super::{
    calendar::{month_number, plus_days, plus_months},
    calendar_of, date, date_operand, out_of_range,
    unit::{Unit, start_of_week},
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

pub(super) const FIELDS: &[(&str, bool)] =
    &[("startDate", true), ("unit", true), ("amount", true), ("timezone", false)];

/// Units from the day on keep the local time of day; smaller ones are a plain distance.
pub(super) fn add(call: &mut Call<'_>, sign: i64) -> Result<Value> {
    if (0..3).any(|index| call.is_nullish(index)) || call.is_given_nullish(3) {
        return null();
    }
    let start = date_operand(call, 0, "startDate")?;
    let unit = Unit::read(call, 1)?;
    let amount = call.whole(2, "amount")?.checked_mul(sign).ok_or_else(|| out_of_range(call.name))?;
    let zone = zone_operand(call, 3)?;
    match moved(start, unit, amount, zone) {
        Some(millis) => date(millis),
        None => Err(out_of_range(call.name)),
    }
}

fn moved(start: i64, unit: Unit, amount: i64, zone: Zone) -> Option<i64> {
    if unit.months().is_none() && unit.days().is_none() {
        return start.checked_add(amount.checked_mul(unit.millis())?);
    }
    let local = zone.local(start)?;
    let day = match (unit.months(), unit.days()) {
        (Some(months), _) => plus_months(local.date(), amount.checked_mul(months)?)?,
        (_, days) => plus_days(local.date(), amount.checked_mul(days.unwrap_or(1))?)?,
    };
    if day == local.date() {
        return Some(start);
    }
    zone.instant(day.and_time(local.time()), Fold::Earlier)
}

/// How many times a new unit begins between the dates.
pub(super) fn difference(call: &mut Call<'_>) -> Result<Value> {
    if (0..3).any(|index| call.is_nullish(index)) || call.is_given_nullish(3) || call.is_given_nullish(4) {
        return null();
    }
    let (start, end) = (date_operand(call, 0, "startDate")?, date_operand(call, 1, "endDate")?);
    let unit = Unit::read(call, 2)?;
    let zone = zone_operand(call, 3)?;
    let first_day = i64::from(start_of_week(call, 4)?.num_days_from_monday());
    let boundaries = |millis: i64| -> Option<i64> {
        let local = zone.local(millis)?;
        match (unit, unit.months()) {
            (_, Some(months)) => Some(month_number(local.date()).div_euclid(months)),
            (Unit::Day, _) => Some(day_number(local)),
            // Day 1 of the calendar is a Monday.
            (Unit::Week, _) => Some((day_number(local) - 1 - first_day).div_euclid(7)),
            // Only what an offset adds within one unit shifts the boundaries; whole units of it would count as time.
            _ => {
                let offset = i64::from(zone.offset_at(calendar_of(millis)?)) * 1_000;
                Some(millis.checked_add(offset.rem_euclid(unit.millis()))?.div_euclid(unit.millis()))
            }
        }
    };
    match boundaries(start).zip(boundaries(end)).and_then(|(start, end)| end.checked_sub(start)) {
        Some(count) => Ok(Some(Bson::Int64(count))),
        None => Err(out_of_range(call.name)),
    }
}

pub(super) fn day_number(local: NaiveDateTime) -> i64 {
    i64::from(local.date().num_days_from_ce())
}
