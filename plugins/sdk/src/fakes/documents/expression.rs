//! The expressions that templates put into `$expr`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Value, json};

use super::filter::{unknown, values_at};
use super::order::{compare, is_scalar};

pub fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_f64() != Some(0.0)
}

/// The value of an expression; a missing one is null.
///
/// # Panics
/// When it uses what is not known here.
pub fn evaluate(document: &Value, expression: &Value) -> Value {
    match expression {
        Value::String(path) if path.starts_with("$$") => unknown("variables", expression),
        Value::String(path) if path.starts_with('$') => {
            let path = path.trim_start_matches('$');
            values_at(document, path).first().map_or(Value::Null, |value| (*value).clone())
        }
        Value::Object(object) if !is_scalar(expression) => match object.iter().next() {
            Some((name, operand)) if name.starts_with('$') => apply(document, name, operand),
            _ => unknown("objects in expressions", expression),
        },
        _ => expression.clone(),
    }
}

fn apply(document: &Value, name: &str, operand: &Value) -> Value {
    let operands = || operand.as_array().map(Vec::as_slice).unwrap_or_default();
    let compares = |accept: fn(std::cmp::Ordering) -> bool| match operands() {
        [one, other] => Value::Bool(accept(compare(&evaluate(document, one), &evaluate(document, other)))),
        _ => unknown("a comparison of anything but two", operand),
    };
    match name {
        "$literal" => operand.clone(),
        "$and" => Value::Bool(operands().iter().all(|operand| is_true(&evaluate(document, operand)))),
        "$or" => Value::Bool(operands().iter().any(|operand| is_true(&evaluate(document, operand)))),
        "$eq" => compares(std::cmp::Ordering::is_eq),
        "$ne" => compares(std::cmp::Ordering::is_ne),
        "$lt" => compares(std::cmp::Ordering::is_lt),
        "$lte" => compares(std::cmp::Ordering::is_le),
        "$gt" => compares(std::cmp::Ordering::is_gt),
        "$gte" => compares(std::cmp::Ordering::is_ge),
        "$dateFromString" => date_from_string(document, operand),
        _ => unknown(name, operand),
    }
}

fn date_from_string(document: &Value, operand: &Value) -> Value {
    let part = |name| operand.get(name).map(|expression| evaluate(document, expression));
    match part("dateString") {
        None | Some(Value::Null) => part("onNull").unwrap_or_default(),
        Some(text) => match text.as_str().and_then(iso) {
            Some(time) => json!({ "$date": { "$numberLong": time.timestamp_millis().to_string() } }),
            None => part("onError").unwrap_or_else(|| unknown("a text that is no date, without onError", &text)),
        },
    }
}

fn iso(text: &str) -> Option<DateTime<Utc>> {
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let local = || text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc());
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    zoned().or_else(local).or_else(day)
}
