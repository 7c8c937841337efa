//! MongoDB Extended JSON v2: documents as JSON text, without losing ObjectIds, dates or the kind of a number.
//!
//! Reads both forms, writes either. Source: the specification "Extended JSON v2". Unlike older readers,
//! `{"$regex": …}` stays a document, for it is a query operator; only `$regularExpression` is a regular expression.

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, oid::ObjectId};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 100;

/// The value that a JSON value stands for. Integers become int32 where they fit, int64 otherwise.
///
/// # Errors
/// [`Error::Invalid`] naming the key, for a type wrapper with a malformed value, an integer beyond 64 bits, or nesting
/// deeper than [`MAX_DEPTH`].
pub fn to_bson(value: Value) -> Result<Bson> {
    read(value, 0)
}

/// As [`to_bson`], for a JSON object that must be a document.
///
/// # Errors
/// As [`to_bson`], and for anything but an object.
pub fn to_document(value: Value) -> Result<Document> {
    match to_bson(value)? {
        Bson::Document(document) => Ok(document),
        other => Err(Error::invalid(format!("a document is expected, not {:?}", other.element_type()))),
    }
}

/// Every type written out, so that nothing is lost: `{"$numberInt": "1"}`.
pub fn to_canonical(value: Bson) -> Value {
    value.into_canonical_extjson()
}

/// Easier to read; numbers are plain, dates ISO 8601.
pub fn to_relaxed(value: Bson) -> Value {
    value.into_relaxed_extjson()
}

fn read(value: Value, depth: usize) -> Result<Bson> {
    if depth > MAX_DEPTH {
        return Err(Error::invalid(format!("JSON is nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(value),
        Value::String(value) => Bson::String(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => i32::try_from(integer).map_or(Bson::Int64(integer), Bson::Int32),
            (None, Some(double)) if !number.is_u64() => Bson::Double(double),
            _ => return Err(Error::invalid(format!("the integer {number} does not fit into 64 bits"))),
        },
        Value::Array(items) => Bson::Array(items.into_iter().map(|item| read(item, depth + 1)).collect::<Result<_>>()?),
        Value::Object(object) => match wrapped(&object)? {
            Some(value) => value,
            None => {
                let mut document = Document::new();
                for (key, value) in object {
                    document.insert(key, read(value, depth + 1)?);
                }
                Bson::Document(document)
            }
        },
    })
}

/// The value of a type wrapper; `None` for an ordinary document.
fn wrapped(object: &Map<String, Value>) -> Result<Option<Bson>> {
    let mut entries = object.iter();
    let (Some((key, value)), second) = (entries.next(), entries.next()) else { return Ok(None) };
    if !key.starts_with('$') {
        return Ok(None);
    }
    if let Some((other, scope)) = second {
        return match (key.as_str(), value, other.as_str(), object.len()) {
            ("$code", Value::String(code), "$scope", 2) => {
                let scope = to_document(scope.clone())?;
                Ok(Some(Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: code.clone(), scope })))
            }
            _ => Ok(None),
        };
    }
    let malformed = |expected: &str| Error::invalid(format!("{key} holds {value}, but {expected} is expected"));
    let text = |expected: &str| value.as_str().ok_or_else(|| malformed(expected));
    Ok(Some(match key.as_str() {
        "$oid" => {
            let expected = "24 hexadecimal digits";
            Bson::ObjectId(ObjectId::parse_str(text(expected)?).map_err(|_| malformed(expected))?)
        }
        "$numberInt" => Bson::Int32(number(value, "a 32-bit integer as text").map_err(&malformed)?),
        "$numberLong" => Bson::Int64(number(value, "a 64-bit integer as text").map_err(&malformed)?),
        "$numberDouble" => Bson::Double(match text("a number as text")? {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "NaN" => f64::NAN,
            other => other.parse().map_err(|_| malformed("a number as text"))?,
        }),
        "$numberDecimal" => {
            let expected = "a decimal number as text";
            Bson::Decimal128(text(expected)?.parse::<Decimal128>().map_err(|_| malformed(expected))?)
        }
        "$date" => Bson::DateTime(date(value).ok_or_else(|| malformed("an RFC 3339 date or milliseconds"))?),
        "$symbol" => Bson::Symbol(text("text")?.to_owned()),
        "$code" => Bson::JavaScriptCode(text("text")?.to_owned()),
        "$uuid" => {
            let expected = "a UUID";
            let digits: String = text(expected)?.chars().filter(|digit| *digit != '-').collect();
            let bytes = hexadecimal(&digits).filter(|bytes| bytes.len() == 16).ok_or_else(|| malformed(expected))?;
            Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes })
        }
        "$binary" => Bson::Binary(binary(value).ok_or_else(|| malformed("{\"base64\": …, \"subType\": …}"))?),
        "$timestamp" => Bson::Timestamp(timestamp(value).ok_or_else(|| malformed("{\"t\": seconds, \"i\": count}"))?),
        "$regularExpression" => {
            Bson::RegularExpression(regex(value).ok_or_else(|| malformed("{\"pattern\": …, \"options\": …}"))?)
        }
        "$minKey" => Bson::MinKey,
        "$maxKey" => Bson::MaxKey,
        "$undefined" => Bson::Undefined,
        _ => return Ok(None),
    }))
}

fn number<T: std::str::FromStr>(value: &Value, expected: &'static str) -> std::result::Result<T, &'static str> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or(expected)
}

fn date(value: &Value) -> Option<DateTime> {
    match value {
        Value::String(text) => DateTime::parse_rfc3339_str(text).ok(),
        Value::Number(number) => number.as_i64().map(DateTime::from_millis),
        Value::Object(object) if object.len() == 1 => {
            object.get("$numberLong")?.as_str()?.parse().ok().map(DateTime::from_millis)
        }
        _ => None,
    }
}

fn binary(value: &Value) -> Option<Binary> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let subtype = u8::from_str_radix(object.get("subType")?.as_str()?, 16).ok()?;
    Binary::from_base64(object.get("base64")?.as_str()?, BinarySubtype::from(subtype)).ok()
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let part = |key: &str| u32::try_from(object.get(key)?.as_u64()?).ok();
    Some(Timestamp { time: part("t")?, increment: part("i")? })
}

fn regex(value: &Value) -> Option<Regex> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let text = |key: &str| object.get(key)?.as_str()?.to_owned().try_into().ok();
    Some(Regex { pattern: text("pattern")?, options: text("options")? })
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let bytes = digits.as_bytes();
    bytes.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_survives_the_way_there_and_back() {
        let document = bson::doc! {
            "oid": ObjectId::parse_str("65f000000000000000000001").unwrap(),
            "int": 1_i32, "long": 1_i64 << 40, "double": 1.5, "nan": f64::NEG_INFINITY,
            "date": DateTime::from_millis(-62_000_000_000), "decimal": Bson::Decimal128("1.50".parse().unwrap()),
            "bytes": Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2, 3] },
            "uuid": Binary { subtype: BinarySubtype::Uuid, bytes: vec![7; 16] },
            "stamp": Timestamp { time: 5, increment: 6 }, "null": Bson::Null, "min": Bson::MinKey,
            "nested": [[1, "x"], {"a": {"b": true}}],
        };
        let json = to_canonical(Bson::Document(document.clone()));
        assert_eq!(to_document(json).unwrap(), document);
    }

    #[test]
    fn an_operator_stays_a_document() {
        let filter =
            json!({"name": {"$regex": "^a", "$options": "i"}, "at": {"$gt": {"$date": "2026-01-01T00:00:00Z"}}});
        let filter = to_document(filter).unwrap();
        assert_eq!(filter.get_document("name").unwrap().get_str("$regex").unwrap(), "^a");
        assert!(matches!(filter.get_document("at").unwrap().get("$gt"), Some(Bson::DateTime(_))));
    }

    #[test]
    fn a_malformed_wrapper_is_named() {
        let error = to_bson(json!({"$oid": "xyz"})).unwrap_err().to_string();
        assert!(error.contains("$oid") && error.contains("xyz") && error.contains("24"), "{error}");
        assert!(to_bson(json!({"$date": "yesterday"})).is_err());
        assert!(to_bson(json!(18_446_744_073_709_551_615_u64)).is_err());
    }
}
