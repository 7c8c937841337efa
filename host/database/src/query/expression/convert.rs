//! `$convert`, its short forms `$toInt …`, `$type` and `$isNumber`.
//!
//! Source of the rules: the tables on the manual's page on `$convert`.

use bson::{Bson, DateTime, oid::ObjectId, spec::ElementType};

use super::{
    arithmetic::null,
    call::{Call, Definition, Value, is_nullish, listed},
    comparison::boolean,
    date, number,
    string::string,
    text,
};
use crate::{
    Error, Result,
    query::{decimal::Decimal, number::Number},
};

/// The types that a value can be turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Double,
    String,
    ObjectId,
    Bool,
    Date,
    Int,
    Long,
    Decimal,
}

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$toDouble" => listed(1, 1, |call| short(call, Target::Double)),
        "$toString" => listed(1, 1, |call| short(call, Target::String)),
        "$toObjectId" => listed(1, 1, |call| short(call, Target::ObjectId)),
        "$toBool" => listed(1, 1, |call| short(call, Target::Bool)),
        "$toDate" => listed(1, 1, |call| short(call, Target::Date)),
        "$toInt" => listed(1, 1, |call| short(call, Target::Int)),
        "$toLong" => listed(1, 1, |call| short(call, Target::Long)),
        "$toDecimal" => listed(1, 1, |call| short(call, Target::Decimal)),
        "$type" => listed(1, 1, |call| string(call.get(0).map_or("missing", type_name))),
        "$isNumber" => listed(1, 1, |call| boolean(call.get(0).and_then(Number::from_bson).is_some())),
        _ => None,
    }
}

fn short(call: &Call<'_>, target: Target) -> Result<Value> {
    match call.get(0) {
        Some(value) if !is_nullish(Some(value)) => convert(call.name, value, target).map(Some),
        _ => null(),
    }
}

/// The names that `$type` gives.
pub(super) fn type_name(value: &Bson) -> &'static str {
    match value.element_type() {
        ElementType::Double => "double",
        ElementType::String => "string",
        ElementType::EmbeddedDocument => "object",
        ElementType::Array => "array",
        ElementType::Binary => "binData",
        ElementType::Undefined => "undefined",
        ElementType::ObjectId => "objectId",
        ElementType::Boolean => "bool",
        ElementType::DateTime => "date",
        ElementType::Null => "null",
        ElementType::RegularExpression => "regex",
        ElementType::DbPointer => "dbPointer",
        ElementType::JavaScriptCode => "javascript",
        ElementType::Symbol => "symbol",
        ElementType::JavaScriptCodeWithScope => "javascriptWithScope",
        ElementType::Int32 => "int",
        ElementType::Timestamp => "timestamp",
        ElementType::Int64 => "long",
        ElementType::Decimal128 => "decimal",
        ElementType::MinKey => "minKey",
        ElementType::MaxKey => "maxKey",
    }
}

impl Target {
    /// Reads `to`: a name or a type number; `None` for null and missing.
    pub fn read(to: Option<&Bson>) -> Result<Option<Self>> {
        let Some(to) = to.filter(|to| !is_nullish(Some(to))) else { return Ok(None) };
        let target = match (to, number::whole(to)) {
            (Bson::String(name), _) => match name.as_str() {
                "double" => Some(Target::Double),
                "string" => Some(Target::String),
                "objectId" => Some(Target::ObjectId),
                "bool" => Some(Target::Bool),
                "date" => Some(Target::Date),
                "int" => Some(Target::Int),
                "long" => Some(Target::Long),
                "decimal" => Some(Target::Decimal),
                _ => None,
            },
            (_, Some(1)) => Some(Target::Double),
            (_, Some(2)) => Some(Target::String),
            (_, Some(7)) => Some(Target::ObjectId),
            (_, Some(8)) => Some(Target::Bool),
            (_, Some(9)) => Some(Target::Date),
            (_, Some(16)) => Some(Target::Int),
            (_, Some(18)) => Some(Target::Long),
            (_, Some(19)) => Some(Target::Decimal),
            _ => None,
        };
        match target {
            Some(target) => Ok(Some(target)),
            None => Err(Error::invalid(format!(
                "$convert: to must be double, string, objectId, bool, date, int, long, decimal or such a type's number, \
             found {}",
                text::shown(to)
            ))),
        }
    }
}

/// The value as the target type. `name` is the operator that asks.
pub(super) fn convert(name: &str, value: &Bson, target: Target) -> Result<Bson> {
    let converted = match target {
        Target::Double => to_double(value).map(Bson::Double),
        Target::String => to_text(value).map(Bson::String),
        Target::ObjectId => to_object_id(value).map(Bson::ObjectId),
        Target::Bool => Some(Bson::Boolean(to_bool(value))),
        Target::Date => to_date(value).map(Bson::DateTime),
        Target::Int => to_integer(value, false).and_then(|value| i32::try_from(value).ok()).map(Bson::Int32),
        Target::Long => to_integer(value, true).map(Bson::Int64),
        Target::Decimal => to_decimal(value).map(|value| Bson::Decimal128(value.into())),
    };
    converted.ok_or_else(|| {
        Error::invalid(format!("{name}: the {} {} has no meaning as {target:?}", type_name(value), text::shown(value)))
    })
}

fn to_double(value: &Bson) -> Option<f64> {
    match value {
        Bson::Boolean(value) => Some(f64::from(*value)),
        Bson::DateTime(date) => Some(date.timestamp_millis() as f64),
        Bson::String(text) => double_from_text(text),
        value => Number::from_bson(value).map(Number::to_double).filter(|double| {
            // A decimal beyond the doubles overflows; an infinite one stays what it is.
            double.is_finite() || !matches!(value, Bson::Decimal128(value) if Decimal::from(*value).is_finite())
        }),
    }
}

fn double_from_text(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let names_infinity = || text.to_ascii_lowercase().contains("inf");
    (!value.is_infinite() || names_infinity()).then_some(value)
}

fn to_text(value: &Bson) -> Option<String> {
    match value {
        Bson::Boolean(value) => Some(value.to_string()),
        Bson::ObjectId(id) => Some(id.to_hex()),
        Bson::Timestamp(_) | Bson::JavaScriptCode(_) => None,
        value => text::coerced(Some(value)),
    }
}

fn to_object_id(value: &Bson) -> Option<ObjectId> {
    match value {
        Bson::ObjectId(id) => Some(*id),
        Bson::String(text) => ObjectId::parse_str(text).ok(),
        _ => None,
    }
}

/// Everything is true but false and zeros, the text "false" too.
fn to_bool(value: &Bson) -> bool {
    super::call::truthy(Some(value))
}

fn to_date(value: &Bson) -> Option<DateTime> {
    match value {
        Bson::DateTime(date) => Some(*date),
        Bson::ObjectId(id) => Some(id.timestamp()),
        Bson::Timestamp(time) => Some(DateTime::from_millis(i64::from(time.time) * 1_000)),
        Bson::String(text) => date::from_text(text).ok(),
        Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => to_integer(value, false).map(DateTime::from_millis),
        _ => None,
    }
}

/// Cut towards zero; a text must be digits with a sign at most.
fn to_integer(value: &Bson, takes_dates: bool) -> Option<i64> {
    match value {
        Bson::Boolean(value) => Some(i64::from(*value)),
        Bson::DateTime(date) if takes_dates => Some(date.timestamp_millis()),
        Bson::String(text) => text.parse().ok(),
        value => Number::from_bson(value)?.truncated(),
    }
}

fn to_decimal(value: &Bson) -> Option<Decimal> {
    match value {
        Bson::Boolean(value) => Some(i64::from(*value).into()),
        Bson::DateTime(date) => Some(date.timestamp_millis().into()),
        Bson::String(text) => text.parse().ok(),
        value => Number::from_bson(value).map(Number::to_decimal),
    }
}
