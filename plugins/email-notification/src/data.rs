//! What a message is filled in with.

use minijinja::Value as Filling;
use minijinja::value::Serde;
use sandglass_sdk::chrono::{DateTime, SecondsFormat, Utc};
use sandglass_sdk::documents::{Collection, FindOptions};
use sandglass_sdk::{Failure, clock, execution};
use serde_json::{Map, Value, json};

use crate::parameters::Query;

/// Documents of a query.
#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<Value>,
    /// Whether there were more than was asked for.
    pub has_more: bool,
}

/// Reads the rows.
///
/// # Errors
/// The collection cannot be read.
pub fn read(query: &Query) -> Result<Rows, Failure> {
    let name = query.full_name();
    let during = |error| Failure::from(error).during(&format!("reading {name}"));
    let limit = u64::from(query.limit);
    let sort = (!query.sort.is_empty()).then(|| Value::Object(query.sort.clone()));
    // One more than wanted, to know whether there are more.
    let options = FindOptions { sort, limit: Some(limit + 1), ..FindOptions::default() };
    let collection = Collection::open(&name).map_err(during)?;
    let cursor = collection.find(&Value::Object(query.filter.clone()), &options).map_err(during)?;
    let mut found = Rows::default();
    loop {
        let batch = cursor.next_batch(0).map_err(during)?;
        if batch.is_empty() {
            return Ok(found);
        }
        for document in batch {
            if found.rows.len() as u64 == limit {
                found.has_more = true;
                return Ok(found);
            }
            found.rows.push(plain(document));
        }
        if execution::should_stop() {
            return Err(Failure::interrupted("stopped while reading rows, as the host asked"));
        }
    }
}

/// What templates may name.
pub fn context(rows: &Rows) -> Filling {
    let job = execution::job();
    Filling::from(Serde(json!({
        "job": { "id": job.id, "name": job.name, "tags": job.tags },
        "execution": { "id": execution::id(), "attempt": execution::attempt() },
        "scheduled_at": text(execution::scheduled_at()),
        "now": text(clock::now()),
        "rows": rows.rows,
        "more_rows": rows.has_more,
    })))
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Extended JSON as people write it: `{"$oid": "…"}` becomes its digits, a date its text, a long number a number.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => match extended(&fields) {
            Some(value) => value,
            None => Value::Object(fields.into_iter().map(|(name, value)| (name, plain(value))).collect()),
        },
        other => other,
    }
}

fn extended(fields: &Map<String, Value>) -> Option<Value> {
    let (name, value) = fields.iter().next().filter(|_| fields.len() == 1)?;
    let number = |text: &str| text.parse::<i64>().ok().map(Value::from);
    match (name.as_str(), value) {
        ("$oid" | "$numberDecimal" | "$symbol", Value::String(_)) => Some(value.clone()),
        ("$numberInt" | "$numberLong", Value::String(digits)) => number(digits),
        ("$numberDouble", Value::String(digits)) => {
            Some(digits.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map_or(value.clone(), Value::Number))
        }
        ("$date", Value::String(_)) => Some(value.clone()),
        ("$date", Value::Object(inner)) => {
            let milliseconds = inner.get("$numberLong")?.as_str()?.parse().ok()?;
            DateTime::from_timestamp_millis(milliseconds).map(|at| Value::String(text(at)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_database_become_what_people_write() {
        let document = json!({
            "_id": {"$oid": "0123456789abcdef01234567"}, "at": {"$date": "2026-11-24T08:00:00Z"},
            "old": {"$date": {"$numberLong": "-1000"}}, "n": {"$numberLong": "5"}, "d": {"$numberDecimal": "1.50"},
            "list": [{"$numberInt": "1"}, {"a": {"$numberDouble": "0.5"}}], "x": {"$regex": "a", "$options": ""},
        });
        assert_eq!(
            plain(document),
            json!({
                "_id": "0123456789abcdef01234567", "at": "2026-11-24T08:00:00Z", "old": "1969-12-31T23:59:59Z",
                "n": 5, "d": "1.50", "list": [1, {"a": 0.5}], "x": {"$regex": "a", "$options": ""},
            })
        );
    }
}
