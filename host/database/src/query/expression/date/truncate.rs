//! `$dateTrunc`: down to the beginning of a bin. Bins are counted from the first of January 2000, for weeks from the
//! first day on or after it that a week begins with.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    calendar::{month_number, plus_days, plus_months},
    date, date_operand, out_of_range,
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

pub(super) fn truncate(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) || (2..5).any(|index| call.is_given_nullish(index)) {
        return null();
    }
    let instant = date_operand(call, 0, "date")?;
    let unit = Unit::read(call, 1)?;
    let size = if call.is_given(2) { call.whole(2, "binSize")? } else { 1 };
    if size < 1 {
        return Err(call.error(format!("binSize must be above 0, found {size}")));
    }
    let zone = zone_operand(call, 3)?;
    let first_day = start_of_week(call, 4)?;
    match truncated(instant, unit, size, zone, first_day) {
        Some(millis) => date(millis),
        None => Err(out_of_range(call.name)),
    }
}

fn truncated(instant: i64, unit: Unit, size: i64, zone: Zone, first_day: Weekday) -> Option<i64> {
    let reference = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let midnight = |day: NaiveDate| zone.instant(day.and_time(chrono::NaiveTime::MIN), Fold::Earlier);
    let local_day = zone.local(instant)?.date();
    if let Some(months) = unit.months() {
        let distance = month_number(local_day) - month_number(reference);
        return midnight(plus_months(reference, bin(distance, size.checked_mul(months)?)?)?);
    }
    if let Some(days) = unit.days() {
        let reference = match unit {
            Unit::Week => plus_days(
                reference,
                i64::from((7 + first_day.num_days_from_monday() - reference.weekday().num_days_from_monday()) % 7),
            )?,
            _ => reference,
        };
        let distance = local_day.signed_duration_since(reference).num_days();
        return midnight(plus_days(reference, bin(distance, size.checked_mul(days)?)?)?);
    }
    let reference = midnight(reference)?;
    bin(instant.checked_sub(reference)?, size.checked_mul(unit.millis())?)?.checked_add(reference)
}

/// The beginning of the bin in which the distance lies.
fn bin(distance: i64, size: i64) -> Option<i64> {
    distance.div_euclid(size).checked_mul(size)
}
