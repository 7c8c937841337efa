//! Extended JSON values in MongoDB's order
//! (<https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>).

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Where a type stands among the others.
pub fn class(value: &Value) -> u8 {
    match value {
        Value::Null => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 5,
        Value::Bool(_) => 8,
        Value::Object(_) if number(value).is_some() => 2,
        Value::Object(_) if wrapped(value, "$binary").is_some() => 6,
        Value::Object(_) if wrapped(value, "$oid").is_some() => 7,
        Value::Object(_) if date(value).is_some() => 9,
        Value::Object(_) => 4,
    }
}

/// The types that a name of `$type` covers.
pub fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "number" => class(value) == 2,
        "string" => value.is_string(),
        "object" => class(value) == 4,
        "array" => value.is_array(),
        "objectId" => class(value) == 7,
        "bool" => value.is_boolean(),
        "date" => class(value) == 9,
        _ => false,
    }
}

pub fn number(value: &Value) -> Option<f64> {
    let text = |key| wrapped(value, key).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let names = ["$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"];
    value.as_f64().or_else(|| names.into_iter().find_map(text))
}

/// Milliseconds since the epoch.
pub fn date(value: &Value) -> Option<i64> {
    match wrapped(value, "$date")? {
        Value::String(text) => text.parse::<DateTime<Utc>>().ok().map(|time| time.timestamp_millis()),
        long => wrapped(long, "$numberLong")?.as_str()?.parse().ok(),
    }
}

fn wrapped<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    if object.len() == 1 { object.get(key) } else { None }
}

/// Whether an object stands for one value and is neither a document nor a set of operators.
pub fn is_scalar(value: &Value) -> bool {
    value.is_object() && class(value) != 4
}

pub fn compare(one: &Value, other: &Value) -> Ordering {
    let by_class = class(one).cmp(&class(other));
    if by_class.is_ne() {
        return by_class;
    }
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.as_bytes().cmp(other.as_bytes()),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let pairs = one.iter().zip(other).map(|(one, other)| compare(one, other));
            pairs.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| one.len().cmp(&other.len()))
        }
        _ => match class(one) {
            2 => number(one).partial_cmp(&number(other)).unwrap_or(Ordering::Equal),
            9 => date(one).cmp(&date(other)),
            6 | 7 => one.to_string().cmp(&other.to_string()),
            _ => compare_objects(one, other),
        },
    }
}

fn compare_objects(one: &Value, other: &Value) -> Ordering {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return Ordering::Equal };
    for ((one_key, one_value), (other_key, other_value)) in one.iter().zip(other) {
        let order = class(one_value)
            .cmp(&class(other_value))
            .then_with(|| one_key.cmp(other_key))
            .then_with(|| compare(one_value, other_value));
        if order.is_ne() {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_come_before_values() {
        let sorted = [
            json!(null),
            json!(-1),
            json!({"$numberLong": "2"}),
            json!("a"),
            json!({"a": 1}),
            json!([1]),
            json!({"$oid": "000000000000000000000001"}),
            json!(true),
            json!({"$date": "2026-01-01T00:00:00Z"}),
        ];
        assert!(sorted.is_sorted_by(|one, other| compare(one, other).is_lt()));
    }

    #[test]
    fn a_number_or_date_is_the_same_however_it_is_written() {
        assert!(compare(&json!(5), &json!({"$numberInt": "5"})).is_eq());
        let (relaxed, canonical) =
            (json!({"$date": "1970-01-01T00:00:01Z"}), json!({"$date": {"$numberLong": "1000"}}));
        assert!(compare(&relaxed, &canonical).is_eq());
    }
}
