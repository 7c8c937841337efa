//! Extended JSON, both ways.
//!
//! In: duplicate keys, integers that do not fit into 64 bits and nesting beyond [`DEPTH`] are refused. Out: numbers that
//! say their type are written plainly (a 32-bit integer, a finite double with its point), everything else in the form
//! that keeps its type, so that a document that is handed back unchanged is unchanged.

use std::fmt;
use std::fmt::Write as _;

use bson::{Bson, Document};
use sandglass_database::extended_json;
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::capabilities::GateError;

/// Deepest nesting; MongoDB's bound for documents.
const DEPTH: usize = 100;

/// 10000-01-01 in milliseconds since the epoch.
const END_OF_9999: i64 = 253_402_300_800_000;

/// Reads one document.
///
/// # Errors
/// `invalid` with the place of the fault.
pub fn document(what: &str, text: &str) -> Result<Document, GateError> {
    match value(what, text)? {
        Bson::Document(document) => Ok(document),
        _ => Err(GateError::invalid("not-an-object", format!("{what} must be a JSON object"))),
    }
}

/// Reads a list of documents.
///
/// # Errors
/// As [`document`].
pub fn documents(what: &str, text: &str) -> Result<Vec<Document>, GateError> {
    let fault = || GateError::invalid("not-a-list", format!("{what} must be a JSON array of objects"));
    let Bson::Array(items) = value(what, text)? else { return Err(fault()) };
    let each = items.into_iter().map(|item| match item {
        Bson::Document(document) => Ok(document),
        _ => Err(fault()),
    });
    each.collect()
}

/// Reads any value.
///
/// # Errors
/// As [`document`].
pub fn value(what: &str, text: &str) -> Result<Bson, GateError> {
    let fault = |error: &dyn fmt::Display| GateError::invalid("invalid-json", format!("{what}: {error}"));
    scan(text).map_err(|error| fault(&error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let parsed = reader.deserialize_any(Unique).map_err(|error| fault(&error))?;
    reader.end().map_err(|error| fault(&error))?;
    extended_json::to_bson(parsed).map_err(|error| fault(&error))
}

/// Finds what serde_json would let pass: nesting, and integers that it would turn into floating-point numbers.
fn scan(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut place = 0usize;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'"' => {
                place += 1;
                while let Some(byte) = bytes.get(place).filter(|byte| **byte != b'"') {
                    place += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH {
                    return Err(format!("nested deeper than {DEPTH} levels at byte {place}"));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(place..).unwrap_or_default();
                let in_number = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = rest.iter().take_while(|byte| in_number(byte)).count();
                let number = text.get(place..place + length).unwrap_or_default();
                let is_whole = !number.contains(['.', 'e', 'E']);
                if is_whole && number.len() > 18 && number.parse::<i64>().is_err() {
                    return Err(format!(
                        "{number} does not fit into 64 bits; write {{\"$numberDecimal\": \"{number}\"}} or {number}.0"
                    ));
                }
                place += length.saturating_sub(1);
            }
            _ => {}
        }
        place += 1;
    }
    Ok(())
}

/// A JSON value whose objects have each key once.
struct Unique;

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Unique)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            let value = entries.next_value_seed(Unique)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Writes one value.
pub fn text(value: &Bson) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// Writes one document.
pub fn document_text(document: &Document) -> String {
    let mut out = String::with_capacity(256);
    write_document(&mut out, document);
    out
}

fn write_document(out: &mut String, document: &Document) {
    out.push('{');
    for (place, (key, value)) in document.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn write(out: &mut String, value: &Bson) {
    match value {
        Bson::Document(document) => write_document(out, document),
        Bson::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Bson::String(text) => write_string(out, text),
        Bson::Null => out.push_str("null"),
        Bson::Boolean(true) => out.push_str("true"),
        Bson::Boolean(false) => out.push_str("false"),
        Bson::Int32(number) => put(out, format_args!("{number}")),
        Bson::Int64(number) => put(out, format_args!("{{\"$numberLong\":\"{number}\"}}")),
        // `Debug` keeps the point of a whole number and writes the shortest text that reads back as the same number.
        Bson::Double(number) if number.is_finite() => put(out, format_args!("{number:?}")),
        Bson::ObjectId(id) => put(out, format_args!("{{\"$oid\":\"{id}\"}}")),
        // As text within the years 1970 to 9999, as the specification says; other dates, and rare types, canonically.
        Bson::DateTime(date) if (0..END_OF_9999).contains(&date.timestamp_millis()) => {
            match date.try_to_rfc3339_string() {
                Ok(text) => put(out, format_args!("{{\"$date\":\"{text}\"}}")),
                Err(_) => put(out, format_args!("{}", value.clone().into_canonical_extjson())),
            }
        }
        other => put(out, format_args!("{}", other.clone().into_canonical_extjson())),
    }
}

fn write_string(out: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if is_plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        put(out, format_args!("{}", Value::from(text)));
    }
}

fn put(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _infallible = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use bson::{Binary, DateTime, Decimal128, Timestamp, doc, oid::ObjectId};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_survives_both_ways() {
        let regex = serde_json::json!({ "$regularExpression": { "pattern": "^a", "options": "i" } });
        let regex = Bson::try_from(regex).unwrap();
        let original = doc! {
            "id": ObjectId::new(), "int": 7, "long": 7i64, "big": i64::MIN, "double": 7.0, "small": 1e-300,
            "huge": 1e300, "minus_zero": -0.0, "infinity": f64::INFINITY,
            "date": DateTime::from_millis(1_700_000_000_123), "before": DateTime::from_millis(-5),
            "far": DateTime::from_millis(253_402_300_800_000), "null": Bson::Null, "yes": true,
            "text": "a \"quoted\" \\ line\n\u{1}é", "list": [1, 2i64, "x"], "nested": { "a": { "b": [{}] } },
            "decimal": "1.50".parse::<Decimal128>().unwrap(), "regex": regex,
            "binary": Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2, 3] },
            "timestamp": Timestamp { time: 5, increment: 6 }, "min": Bson::MinKey, "max": Bson::MaxKey,
        };
        let text = document_text(&original);
        assert_eq!(document("it", &text).unwrap(), original, "{text}");
        assert!(text.contains("\"int\":7,"), "{text}");
        assert!(text.contains("{\"$numberLong\":\"7\"}"), "{text}");
        assert!(text.contains("\"double\":7.0"), "{text}");
        assert!(text.contains("\"date\":{\"$date\":\"2023-11-14T22:13:20.123Z\"}"), "{text}");
    }

    #[test]
    fn a_regex_operator_stays_an_operator() {
        let filter = document("filter", r#"{"name": {"$regex": "^a", "$options": "i"}}"#).unwrap();
        assert_eq!(filter, doc! { "name": { "$regex": "^a", "$options": "i" } });
    }

    #[test]
    fn what_would_be_read_wrongly_is_refused() {
        for (text, part) in [
            (r#"{"a":1,"a":2}"#, "twice"),
            (r#"{"a":{"b":1,"b":2}}"#, "twice"),
            (r#"{"a":123456789012345678901234567890}"#, "64 bits"),
            (r#"{"a":-9223372036854775809}"#, "64 bits"),
            (r#"{"a":18446744073709551615}"#, "64 bits"),
            (r#"{"a":1} x"#, "trailing"),
            (r#"{"a":"#, "EOF"),
            (r#"[1]"#, "object"),
            (r#"{"a":{"$oid":"xyz"}}"#, "filter"),
            ("", "EOF"),
        ] {
            let error = document("filter", text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
        }
        assert!(document("it", r#"{"a":9223372036854775807, "b":"123456789012345678901234567890"}"#).is_ok());
        let deep = "[".repeat(101) + &"]".repeat(101);
        assert!(value("it", &deep).unwrap_err().message.contains("deeper"));
    }

    proptest! {
        #[test]
        fn numbers_and_texts_survive(int in any::<i32>(), long in any::<i64>(), double in any::<f64>(), text in ".*") {
            let original = doc! { "int": int, "long": long, "double": double, &text: &text };
            let back = document("it", &document_text(&original)).unwrap_or_default();
            if double.is_nan() {
                prop_assert!(back.get_f64("double").is_ok_and(f64::is_nan));
            } else if !text.starts_with('$') {
                prop_assert_eq!(back, original);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:\\\\0-9a-z$.eE+-]{0,60}") {
            let _either = value("it", &text);
        }
    }
}
