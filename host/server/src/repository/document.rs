//! Reading fields of stored documents, and the way between JSON and BSON.
//!
//! Reading is tolerant where the older system was careless (a null is an absent field, whole numbers of any type are
//! whole numbers) and exact otherwise: a field of another kind is a damaged document, named with its field.

use bson::{Bson, DateTime as BsonDate, Document};
use chrono::{DateTime, Utc};
use sandglass_database::{Error, Result};
use serde_json::{Map, Number, Value};

/// One stored document that is being read.
pub(super) struct Fields<'a> {
    place: &'static str,
    document: &'a Document,
}

impl<'a> Fields<'a> {
    pub fn of(place: &'static str, document: &'a Document) -> Self {
        Self { place, document }
    }

    pub fn get(&self, field: &str) -> Option<&'a Bson> {
        self.document.get(field).filter(|value| !matches!(value, Bson::Null))
    }

    pub fn damaged(&self, field: &str, expected: &str) -> Error {
        let id = self.document.get("_id").map_or_else(|| "without _id".to_owned(), ToString::to_string);
        let found =
            self.document.get(field).map_or("nothing".to_owned(), |value| format!("{:?}", value.element_type()));
        Error::Corrupted {
            message: format!("{} {id}: field `{field}` holds {found} where {expected} belongs", self.place),
        }
    }

    fn read<T>(&self, field: &str, expected: &str, convert: impl FnOnce(&'a Bson) -> Option<T>) -> Result<Option<T>> {
        self.get(field).map(|value| convert(value).ok_or_else(|| self.damaged(field, expected))).transpose()
    }

    fn required<T>(&self, field: &str, expected: &str, found: Option<T>) -> Result<T> {
        found.ok_or_else(|| self.damaged(field, expected))
    }

    pub fn optional_str(&self, field: &str) -> Result<Option<&'a str>> {
        self.read(field, "a text", Bson::as_str)
    }

    pub fn str(&self, field: &str) -> Result<&'a str> {
        let found = self.optional_str(field)?;
        self.required(field, "a text", found)
    }

    pub fn optional_text(&self, field: &str) -> Result<Option<String>> {
        Ok(self.optional_str(field)?.map(str::to_owned))
    }

    pub fn text(&self, field: &str) -> Result<String> {
        Ok(self.optional_text(field)?.unwrap_or_default())
    }

    pub fn optional_date(&self, field: &str) -> Result<Option<DateTime<Utc>>> {
        self.read(field, "a date", as_date)
    }

    pub fn date(&self, field: &str) -> Result<DateTime<Utc>> {
        let found = self.optional_date(field)?;
        self.required(field, "a date", found)
    }

    pub fn whole(&self, field: &str) -> Result<Option<i64>> {
        self.read(field, "a whole number", as_whole)
    }

    pub fn unsigned<T: TryFrom<i64>>(&self, field: &str) -> Result<Option<T>> {
        self.read(field, "a whole number in its range", |value| as_whole(value).and_then(|n| T::try_from(n).ok()))
    }

    pub fn number(&self, field: &str) -> Result<Option<f64>> {
        self.read(field, "a number", as_number)
    }

    pub fn boolean(&self, field: &str) -> Result<Option<bool>> {
        self.read(field, "true or false", Bson::as_bool)
    }

    pub fn document(&self, field: &str) -> Result<Option<Fields<'a>>> {
        let found = self.read(field, "a document", Bson::as_document)?;
        Ok(found.map(|document| Fields { place: self.place, document }))
    }

    pub fn list(&self, field: &str) -> Result<&'a [Bson]> {
        Ok(self.read(field, "a list", |value| value.as_array().map(Vec::as_slice))?.unwrap_or_default())
    }

    /// The documents of a list.
    pub fn documents(&self, field: &str) -> Result<Vec<Fields<'a>>> {
        self.list(field)?
            .iter()
            .map(|item| match item {
                Bson::Document(document) => Ok(Fields { place: self.place, document }),
                _ => Err(self.damaged(field, "a list of documents")),
            })
            .collect()
    }

    pub fn texts(&self, field: &str) -> Result<Vec<String>> {
        self.list(field)?
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.damaged(field, "a list of texts")))
            .collect()
    }

    /// A word of a closed list.
    pub fn word<T>(&self, field: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        self.read(field, "a known word", |value| value.as_str().and_then(parse))
    }

    /// A part whose type reads itself; for small and rare fields only.
    pub fn part<T: serde::de::DeserializeOwned>(&self, field: &str) -> Result<Option<T>> {
        self.read(field, "a well-formed part", |value| serde_json::from_value(bson_to_json(value)).ok())
    }

    pub fn json(&self, field: &str) -> Option<Value> {
        self.get(field).map(bson_to_json)
    }
}

/// Those that can be read. One that cannot is named in the log and left out, so that a single document from elsewhere
/// does not take a whole list away.
pub(super) fn readable<T>(documents: &[Document], read: impl Fn(&Document) -> Result<T>) -> Vec<T> {
    let read = |document| match read(document) {
        Ok(found) => Some(found),
        Err(error) => {
            tracing::error!(%error, "a document cannot be read and is left out");
            None
        }
    };
    documents.iter().filter_map(read).collect()
}

/// A moment as it is stored: milliseconds.
pub(super) fn date(at: DateTime<Utc>) -> Bson {
    Bson::DateTime(BsonDate::from_millis(at.timestamp_millis()))
}

fn as_date(value: &Bson) -> Option<DateTime<Utc>> {
    match value {
        Bson::DateTime(at) => DateTime::from_timestamp_millis(at.timestamp_millis()),
        _ => None,
    }
}

fn as_whole(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(n) => Some(i64::from(*n)),
        Bson::Int64(n) => Some(*n),
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and far inside the range")]
        Bson::Double(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(*n as i64),
        _ => None,
    }
}

fn as_number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        #[expect(clippy::cast_precision_loss, reason = "a duration or a sum, shown to people")]
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        _ => None,
    }
}

/// A count as it is stored; beyond the range of 64 bits signed it stops there.
pub(super) fn count(n: u64) -> Bson {
    Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX))
}

/// JSON as it is stored. Objects stay as they are: `{"$date": …}` is an object with a field `$date`.
pub fn json_to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(b) => Bson::Boolean(*b),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Bson::Int64(n),
            (None, Some(n)) => Bson::Double(n),
            (None, None) => Bson::String(n.to_string()),
        },
        Value::String(text) => Bson::String(text.clone()),
        Value::Array(items) => Bson::Array(items.iter().map(json_to_bson).collect()),
        Value::Object(fields) => {
            Bson::Document(fields.iter().map(|(name, value)| (name.clone(), json_to_bson(value))).collect())
        }
    }
}

/// Stored values as JSON; what JSON does not have is shown as relaxed extended JSON.
pub fn bson_to_json(value: &Bson) -> Value {
    match value {
        Bson::Null | Bson::Undefined => Value::Null,
        Bson::Boolean(b) => Value::Bool(*b),
        Bson::Int32(n) => Value::from(*n),
        Bson::Int64(n) => Value::from(*n),
        Bson::Double(n) => Number::from_f64(*n).map_or(Value::Null, Value::Number),
        Bson::String(text) => Value::String(text.clone()),
        Bson::Array(items) => Value::Array(items.iter().map(bson_to_json).collect()),
        Bson::Document(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), bson_to_json(value))).collect::<Map<_, _>>())
        }
        other => other.clone().into_relaxed_extjson(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;
    use serde_json::json;

    #[test]
    fn json_comes_back_as_it_was_stored() {
        let value =
            json!({"a": [1, 2.5, "x", null, true], "$gt": {"$date": "not a date"}, "big": 9_007_199_254_740_993_i64});
        assert_eq!(bson_to_json(&json_to_bson(&value)), value);
    }

    #[test]
    fn a_damaged_field_is_named_with_its_document() {
        let document = doc! { "_id": 7, "version": "three" };
        let error = Fields::of("dynamic_jobs", &document).whole("version").unwrap_err().to_string();
        assert!(error.contains("dynamic_jobs 7") && error.contains("`version`"), "{error}");
    }

    #[test]
    fn a_whole_number_may_be_stored_in_any_numeric_type() {
        let document = doc! { "a": 3_i32, "b": 3_i64, "c": 3.0, "d": 3.5, "e": Bson::Null };
        let fields = Fields::of("x", &document);
        for field in ["a", "b", "c"] {
            assert_eq!(fields.whole(field).unwrap(), Some(3));
        }
        assert!(fields.whole("d").is_err());
        assert_eq!(fields.whole("e").unwrap(), None);
    }
}
