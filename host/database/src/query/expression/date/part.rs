//! Single parts of a date (`$year … $isoWeekYear`) and all of them at once (`$dateToParts`).

use bson::{Bson, Document, doc};
use chrono::{Datelike, NaiveDateTime, Timelike};

use super::{date_operand, out_of_range, zone_operand};
use crate::{
    Result,
    query::expression::{
        arithmetic::null,
        call::{Call, Definition, Value},
    },
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    let apply: crate::query::expression::call::Apply = match name {
        "$year" => |call| part(call, |local| local.year()),
        "$month" => |call| part(call, |local| int(local.month())),
        "$dayOfMonth" => |call| part(call, |local| int(local.day())),
        "$dayOfYear" => |call| part(call, |local| int(local.ordinal())),
        "$dayOfWeek" => |call| part(call, |local| int(local.weekday().number_from_sunday())),
        "$hour" => |call| part(call, |local| int(local.hour())),
        "$minute" => |call| part(call, |local| int(local.minute())),
        "$second" => |call| part(call, |local| int(local.second())),
        "$millisecond" => |call| part(call, millisecond),
        "$week" => |call| part(call, week),
        "$isoWeek" => |call| part(call, |local| int(local.iso_week().week())),
        "$isoDayOfWeek" => |call| part(call, |local| int(local.weekday().number_from_monday())),
        "$isoWeekYear" => {
            |call| Ok(local(call)?.map_or(Some(Bson::Null), |local| Some(Bson::Int64(local.iso_week().year().into()))))
        }
        _ => return None,
    };
    Some(Definition::DatePart { apply })
}

/// Parts of a date are far from the end of int32.
fn int(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(super) fn millisecond(local: &NaiveDateTime) -> i32 {
    int(local.nanosecond() / 1_000_000)
}

/// Weeks begin on Sunday; the days before the first one are week 0.
pub(super) fn week(local: &NaiveDateTime) -> i32 {
    int((local.ordinal() + 6 - local.weekday().num_days_from_sunday()) / 7)
}

/// The local calendar of the operand, or `None` if date or zone are null.
fn local(call: &Call<'_>) -> Result<Option<NaiveDateTime>> {
    if call.is_nullish(0) || call.is_given_nullish(1) {
        return Ok(None);
    }
    let zone = zone_operand(call, 1)?;
    let date = date_operand(call, 0, "the date")?;
    zone.local(date).map(Some).ok_or_else(|| out_of_range(call.name))
}

fn part(call: &Call<'_>, read: fn(&NaiveDateTime) -> i32) -> Result<Value> {
    Ok(Some(local(call)?.map_or(Bson::Null, |local| Bson::Int32(read(&local)))))
}

pub(super) fn to_parts(call: &mut Call<'_>) -> Result<Value> {
    let is_iso = match call.get(2) {
        None if !call.is_given(2) => false,
        Some(Bson::Boolean(is_iso)) => *is_iso,
        _ if call.is_nullish(2) => return null(),
        other => return Err(call.wrong("iso8601", "a boolean", other)),
    };
    let Some(local) = local(call)? else { return null() };
    let mut parts: Document = if is_iso {
        doc! {
            "isoWeekYear": local.iso_week().year(),
            "isoWeek": int(local.iso_week().week()),
            "isoDayOfWeek": int(local.weekday().number_from_monday()),
        }
    } else {
        doc! { "year": local.year(), "month": int(local.month()), "day": int(local.day()) }
    };
    parts.extend(doc! {
        "hour": int(local.hour()),
        "minute": int(local.minute()),
        "second": int(local.second()),
        "millisecond": millisecond(&local),
    });
    Ok(Some(parts.into()))
}
