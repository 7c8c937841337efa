//! Dates: their parts, sums and differences by calendar units, and the way to texts and back.
//!
//! Instants are milliseconds since 1970 as BSON stores them; a zone turns them into a local calendar. Calendar work is
//! left to `chrono`, so instants beyond its years (about ±262,000) are refused.

mod arithmetic;
mod calendar;
mod format;
mod parse;
mod part;
mod truncate;
mod unit;
mod zone;

use bson::{Bson, DateTime};
use chrono::NaiveDateTime;

use super::call::{Call, Definition, Value, fields};
use crate::{Error, Result};

pub(super) use parse::{Read, from_string, from_text};
use zone::Zone;

pub(super) fn definition(name: &str) -> Option<Definition> {
    part::definition(name).or_else(|| match name {
        "$dateToString" => {
            fields(&[("date", true), ("format", false), ("timezone", false), ("onNull", false)], format::to_string)
        }
        "$dateToParts" => fields(&[("date", true), ("timezone", false), ("iso8601", false)], part::to_parts),
        "$dateFromParts" => fields(calendar::FIELDS, calendar::from_parts),
        "$dateAdd" => fields(arithmetic::FIELDS, |call| arithmetic::add(call, 1)),
        "$dateSubtract" => fields(arithmetic::FIELDS, |call| arithmetic::add(call, -1)),
        "$dateDiff" => fields(
            &[("startDate", true), ("endDate", true), ("unit", true), ("timezone", false), ("startOfWeek", false)],
            arithmetic::difference,
        ),
        "$dateTrunc" => fields(
            &[("date", true), ("unit", true), ("binSize", false), ("timezone", false), ("startOfWeek", false)],
            truncate::truncate,
        ),
        _ => None,
    })
}

/// Milliseconds since 1970 of a date, a timestamp or an ObjectId, all of which stand for an instant.
fn instant(value: &Bson) -> Option<i64> {
    match value {
        Bson::DateTime(date) => Some(date.timestamp_millis()),
        Bson::Timestamp(time) => Some(i64::from(time.time) * 1_000),
        Bson::ObjectId(id) => Some(id.timestamp().timestamp_millis()),
        _ => None,
    }
}

/// The operand as an instant. The caller has looked for null.
fn date_operand(call: &Call<'_>, index: usize, what: &str) -> Result<i64> {
    let value = call.get(index);
    value.and_then(instant).ok_or_else(|| call.wrong(what, "a date", value))
}

/// The zone of the operand; UTC if it was not written.
fn zone_operand(call: &Call<'_>, index: usize) -> Result<Zone> {
    if call.is_given(index) { Zone::parse(call.text(index, "timezone")?) } else { Ok(Zone::UTC) }
}

fn date(millis: i64) -> Result<Value> {
    Ok(Some(Bson::DateTime(DateTime::from_millis(millis))))
}

fn out_of_range(name: &str) -> Error {
    Error::invalid(format!("{name}: the date is out of range"))
}

/// The calendar in UTC.
fn calendar_of(millis: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_millis(millis).map(|instant| instant.naive_utc())
}

/// `2024-02-29T12:34:56.789Z`; `None` for a year that has not four digits.
pub(super) fn iso_text(date: DateTime) -> Option<String> {
    let local = calendar_of(date.timestamp_millis())?;
    format::write(&format::ISO_UTC, &local, 0).ok()
}
