//! Asking the database, and reading what it answers.
//!
//! Sums are made where the data is; what comes here is small, but for what is read batch by batch. Between two
//! questions and two batches the run asks whether it should stop.

use sandglass_sdk::chrono::{DateTime, Utc};
use sandglass_sdk::documents::{Collection, Cursor};
use sandglass_sdk::{Error, ErrorKind, Failure, execution};
use serde_json::{Value, json};

use crate::time::Period;

/// Rows that one question may bring into the component.
const MOST_ROWS: usize = 20_000;

/// How far the report is. One step is one question to the database.
#[derive(Debug, Default)]
pub struct Steps {
    done: u64,
    total: u64,
}

impl Steps {
    /// So many steps are to come in all.
    pub fn of(total: u64) -> Self {
        Self { done: 0, total }
    }

    /// Begins a step.
    ///
    /// # Errors
    /// `interrupted` when the run should stop.
    pub fn begin(&mut self, what: &str) -> Result<(), Failure> {
        go_on()?;
        self.done += 1;
        self.total = self.total.max(self.done);
        execution::progress(self.done - 1, Some(self.total), what);
        Ok(())
    }
}

/// # Errors
/// `interrupted` when the run should stop.
pub fn go_on() -> Result<(), Failure> {
    if execution::should_stop() {
        return Err(Failure::interrupted("stopped before the report was complete; nothing was delivered"));
    }
    Ok(())
}

/// All rows of a pipeline.
///
/// # Errors
/// Those of the database; `permanent` for more rows than a report can hold.
pub fn rows(collection: &Collection, pipeline: &Value) -> Result<Vec<Value>, Failure> {
    let cursor = collection.aggregate(pipeline, &json!({})).map_err(explained)?;
    let (rows, is_complete) = take(&cursor, MOST_ROWS)?;
    if is_complete {
        return Ok(rows);
    }
    Err(Failure::permanent(format!(
        "the database gives more than {MOST_ROWS} rows: choose a shorter time or larger groups"
    )))
}

/// At most `most` rows, and whether they are all.
///
/// # Errors
/// Those of the database.
pub fn take(cursor: &Cursor, most: usize) -> Result<(Vec<Value>, bool), Failure> {
    let mut rows = Vec::new();
    loop {
        let batch = cursor.next_batch(1_000).map_err(explained)?;
        if batch.is_empty() {
            return Ok((rows, true));
        }
        let room = most - rows.len();
        if batch.len() > room {
            rows.extend(batch.into_iter().take(room));
            return Ok((rows, false));
        }
        rows.extend(batch);
        go_on()?;
    }
}

/// The only row of a pipeline; an empty object when there is none.
///
/// # Errors
/// As [`rows`].
pub fn row(collection: &Collection, pipeline: &Value) -> Result<Value, Failure> {
    Ok(rows(collection, pipeline)?.into_iter().next().unwrap_or_else(|| json!({})))
}

/// A failure of the database, with a way out where one is known.
pub fn explained(error: Error) -> Failure {
    let is_too_large = error.kind == ErrorKind::Limit;
    let mut failure = Failure::from(error).during("asking the database");
    if is_too_large {
        failure.message.push_str(" (choose a shorter time, larger groups or fewer documents)");
    }
    failure
}

/// An instant as Extended JSON.
pub fn date(at: DateTime<Utc>) -> Value {
    json!({ "$date": { "$numberLong": at.timestamp_millis().to_string() } })
}

/// The condition that a field holds a date within a period. Lists of dates are left out: they are no moment.
pub fn within(field: &str, period: &Period) -> Value {
    json!({ field: { "$gte": date(period.start), "$lt": date(period.end), "$not": { "$type": "array" } } })
}

/// A number of any type.
pub fn number(value: &Value) -> Option<f64> {
    if let Some(number) = value.as_f64() {
        return Some(number);
    }
    let (name, text) = only_member(value)?;
    match name {
        "$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal" => {
            text.as_str()?.parse().ok().filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}

/// The value at a dotted path through documents.
pub fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(document, |value, part| value.get(part))
}

/// A number in a field; nought when there is none.
pub fn count(row: &Value, field: &str) -> f64 {
    row.get(field).and_then(number).unwrap_or_default()
}

/// An instant.
pub fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let (name, inner) = only_member(value)?;
    if name != "$date" {
        return None;
    }
    match inner {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        other => {
            DateTime::from_timestamp_millis(other.as_i64().or_else(|| only_member(other)?.1.as_str()?.parse().ok())?)
        }
    }
}

/// Ids, dates, truth values and the like as text; none for documents and lists.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => return Some(text.clone()),
        Value::Bool(flag) => return Some(flag.to_string()),
        _ => {}
    }
    if let Some(at) = instant(value) {
        return Some(at.to_rfc3339_opts(sandglass_sdk::chrono::SecondsFormat::AutoSi, true));
    }
    let (name, inner) = only_member(value)?;
    match name {
        "$oid" | "$uuid" | "$numberDecimal" | "$numberDouble" | "$symbol" => inner.as_str().map(str::to_owned),
        _ => None,
    }
}

/// A value as a name for people.
pub fn label(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        other => match number(other) {
            Some(number) => crate::report::Cell::Number(number).to_json().to_string(),
            None => plain(other).unwrap_or_else(|| other.to_string()),
        },
    }
}

/// What is a single value in Extended JSON is an object with one member.
fn only_member(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, inner)| (name.as_str(), inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_every_form_that_they_may_have() {
        assert_eq!(number(&json!({"$numberLong": "7"})), Some(7.0));
        assert_eq!(number(&json!({"$numberDouble": "Infinity"})), None);
        assert_eq!(number(&json!("7")), None);
        for text in [r#"{"$date":"1970-01-01T00:00:01Z"}"#, r#"{"$date":{"$numberLong":"1000"}}"#, r#"{"$date":1000}"#]
        {
            assert_eq!(instant(&serde_json::from_str(text).unwrap()).unwrap().timestamp(), 1);
        }
        assert_eq!(label(&json!({"$oid": "ab"})), "ab");
        assert_eq!(label(&json!(null)), "(none)");
        assert_eq!(label(&json!(3.0)), "3");
        assert_eq!(label(&json!({"a": 1})), r#"{"a":1}"#);
    }
}
