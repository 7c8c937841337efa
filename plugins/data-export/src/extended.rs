//! Values of Extended JSON: what they are, and how they are written.
//!
//! The host hands documents over with plain 32-bit integers and finite doubles; every other type says its name, as in
//! `{"$numberLong": "5"}`. An export in JSON is either relaxed (easy to read, 64-bit integers plain) or canonical
//! (every type says its name). Both are defined by
//! <https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md>.

use sandglass_sdk::chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde::{Deserialize, Serialize as SerializeDerive};
use serde_json::{Map, Value};

/// Which of the two forms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, SerializeDerive, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JsonStyle {
    /// Numbers are plain; dates and ids say what they are
    #[default]
    Relaxed,
    /// Every number says its type too, so that nothing is lost
    Canonical,
}

/// 10000-01-01 in milliseconds since the epoch: from here on, and before 1970, dates are written as numbers.
const END_OF_9999: i64 = 253_402_300_800_000;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind<'a> {
    Null,
    Bool(bool),
    /// 32-bit and 64-bit integers.
    Integer(i64),
    Double(f64),
    Text(&'a str),
    Date(Date<'a>),
    ObjectId(&'a str),
    /// 128-bit decimal numbers, as text.
    Decimal(&'a str),
    /// Bytes in base64, and the subtype in hexadecimal digits.
    Binary(&'a str, &'a str),
    /// Pattern and options.
    Regex(&'a str, &'a str),
    /// Timestamps of the replication, code, smallest and largest key: shown as JSON.
    Rare,
    Document(&'a Map<String, Value>),
    Array(&'a [Value]),
}

/// A date in either way of writing it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Date<'a> {
    Text(&'a str),
    Milliseconds(i64),
}

impl Date<'_> {
    /// Since 1970. `None` for a text that is no date.
    pub fn milliseconds(self) -> Option<i64> {
        match self {
            Self::Text(text) => text.parse::<DateTime<Utc>>().ok().map(|date| date.timestamp_millis()),
            Self::Milliseconds(number) => Some(number),
        }
    }

    /// ISO 8601 in UTC; the number where no calendar reaches.
    pub fn iso(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Milliseconds(number) => DateTime::from_timestamp_millis(number)
                .map_or_else(|| number.to_string(), |date| date.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

/// What a value is.
pub fn kind(value: &Value) -> Kind<'_> {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Kind::Integer(integer),
            None => Kind::Double(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Kind::Text(text),
        Value::Array(items) => Kind::Array(items),
        Value::Object(fields) => wrapped(fields).unwrap_or(Kind::Document(fields)),
    }
}

/// An object that stands for one value of another type.
fn wrapped(fields: &Map<String, Value>) -> Option<Kind<'_>> {
    let (name, value) = fields.iter().next()?;
    if !name.starts_with('$') {
        return None;
    }
    if fields.len() > 1 {
        return (fields.len() == 2 && name == "$code" && fields.contains_key("$scope")).then_some(Kind::Rare);
    }
    let part = |name| value.get(name).and_then(Value::as_str);
    match name.as_str() {
        "$oid" => value.as_str().map(Kind::ObjectId),
        "$numberInt" | "$numberLong" => value.as_str()?.parse().ok().map(Kind::Integer),
        "$numberDouble" => value.as_str()?.parse().ok().map(Kind::Double),
        "$numberDecimal" => value.as_str().map(Kind::Decimal),
        "$date" => match value {
            Value::String(text) => Some(Kind::Date(Date::Text(text))),
            Value::Object(_) => part("$numberLong")?.parse().ok().map(|number| Kind::Date(Date::Milliseconds(number))),
            _ => None,
        },
        "$binary" => Some(Kind::Binary(part("base64")?, part("subType")?)),
        "$regularExpression" => Some(Kind::Regex(part("pattern")?, part("options")?)),
        "$symbol" => value.as_str().map(Kind::Text),
        "$undefined" => Some(Kind::Null),
        "$timestamp" | "$code" | "$minKey" | "$maxKey" | "$dbPointer" => Some(Kind::Rare),
        _ => None,
    }
}

/// A value together with the form it is to be written in.
#[derive(Debug, Clone, Copy)]
pub struct Styled<'a>(pub &'a Value, pub JsonStyle);

impl Serialize for Styled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(value, style) = *self;
        let is_canonical = style == JsonStyle::Canonical;
        match kind(value) {
            Kind::Document(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, &Self(value, style))?;
                }
                map.end()
            }
            Kind::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Self(item, style))?;
                }
                list.end()
            }
            Kind::Integer(number) if is_canonical => {
                // A number that came with its name keeps it; a plain one is a 32-bit integer.
                let is_long = value.get("$numberLong").is_some() || i32::try_from(number).is_err();
                named(serializer, if is_long { "$numberLong" } else { "$numberInt" }, &number.to_string())
            }
            Kind::Integer(number) => serializer.serialize_i64(number),
            Kind::Double(number) if is_canonical && number.is_finite() => {
                named(serializer, "$numberDouble", &format!("{number:?}"))
            }
            Kind::Double(number) if number.is_finite() => serializer.serialize_f64(number),
            Kind::Date(date) => match date.milliseconds() {
                Some(number) if is_canonical || !(0..END_OF_9999).contains(&number) => {
                    named(serializer, "$date", &Named("$numberLong", &number.to_string()))
                }
                Some(_) => named(serializer, "$date", &date.iso()),
                None => value.serialize(serializer),
            },
            _ => value.serialize(serializer),
        }
    }
}

struct Named<'a, T>(&'a str, &'a T);

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        named(serializer, self.0, self.1)
    }
}

fn named<S: Serializer, T: Serialize>(serializer: S, name: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_is_written_as_the_specification_says() {
        // As the host hands it over, relaxed, canonical.
        for (host, relaxed, canonical) in [
            ("null", "null", "null"),
            ("true", "true", "true"),
            ("7", "7", r#"{"$numberInt":"7"}"#),
            (r#"{"$numberLong":"7"}"#, "7", r#"{"$numberLong":"7"}"#),
            (r#"{"$numberLong":"9007199254740993"}"#, "9007199254740993", r#"{"$numberLong":"9007199254740993"}"#),
            ("7.0", "7.0", r#"{"$numberDouble":"7.0"}"#),
            ("-0.0", "-0.0", r#"{"$numberDouble":"-0.0"}"#),
            (r#"{"$numberDouble":"NaN"}"#, r#"{"$numberDouble":"NaN"}"#, r#"{"$numberDouble":"NaN"}"#),
            (
                r#"{"$date":"2023-11-14T22:13:20.123Z"}"#,
                r#"{"$date":"2023-11-14T22:13:20.123Z"}"#,
                r#"{"$date":{"$numberLong":"1700000000123"}}"#,
            ),
            (
                r#"{"$date":{"$numberLong":"-5"}}"#,
                r#"{"$date":{"$numberLong":"-5"}}"#,
                r#"{"$date":{"$numberLong":"-5"}}"#,
            ),
            (r#"{"$timestamp":{"t":5,"i":6}}"#, r#"{"$timestamp":{"t":5,"i":6}}"#, r#"{"$timestamp":{"t":5,"i":6}}"#),
            (
                r#"{"a":[{"b":1},{"$oid":"65f000000000000000000001"}]}"#,
                r#"{"a":[{"b":1},{"$oid":"65f000000000000000000001"}]}"#,
                r#"{"a":[{"b":{"$numberInt":"1"}},{"$oid":"65f000000000000000000001"}]}"#,
            ),
            (r#"{"$odd":1,"x":2}"#, r#"{"$odd":1,"x":2}"#, r#"{"$odd":{"$numberInt":"1"},"x":{"$numberInt":"2"}}"#),
        ] {
            let value = serde_json::from_str::<Value>(host).unwrap();
            let write = |style| serde_json::to_string(&Styled(&value, style)).unwrap();
            assert_eq!(write(JsonStyle::Relaxed), relaxed, "{host}");
            assert_eq!(write(JsonStyle::Canonical), canonical, "{host}");
        }
    }

    #[test]
    fn an_object_is_a_value_only_when_it_is_written_as_one() {
        let is_document = |value: Value| matches!(kind(&value), Kind::Document(_));
        assert!(is_document(json!({"$oid": 5})));
        assert!(is_document(json!({"$oid": "x", "more": 1})));
        assert!(is_document(json!({"oid": "x"})));
        assert!(is_document(json!({})));
        assert!(!is_document(json!({"$code": "x", "$scope": {}})));
    }
}
