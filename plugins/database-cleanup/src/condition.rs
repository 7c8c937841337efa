//! Which documents should go.

use sandglass_sdk::chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::parameters::{DateFormat, Parameters};

/// Which documents should go, fixed for the whole run.
#[derive(Debug)]
pub struct Condition {
    filter: Value,
    cutoff: Option<DateTime<Utc>>,
    date_field: String,
    date_format: DateFormat,
}

impl Condition {
    /// Age is counted from the nominal instant of the execution, so that a late or repeated run deletes the same.
    pub fn new(parameters: &Parameters, scheduled_at: DateTime<Utc>) -> Self {
        let cutoff = parameters.days_old.map(|days| scheduled_at - TimeDelta::days(days.into()));
        let mut parts = Vec::new();
        if !parameters.conditions.is_empty() {
            parts.push(Value::Object(parameters.conditions.clone()));
        }
        if let Some(cutoff) = cutoff {
            parts.push(older_than(cutoff, &parameters.date_field, parameters.date_format));
        }
        Self {
            filter: all_of(parts),
            cutoff,
            date_field: parameters.date_field.clone(),
            date_format: parameters.date_format,
        }
    }

    /// The filter that a document matches when it should go.
    pub fn filter(&self) -> &Value {
        &self.filter
    }

    /// The filter together with one more.
    pub fn and(&self, other: Value) -> Value {
        all_of(vec![other, self.filter.clone()])
    }

    /// The filter without documents whose date field does not hold what the format says.
    pub fn dated(&self) -> Value {
        let name = match self.date_format {
            DateFormat::Date => "date",
            DateFormat::Iso => "string",
            DateFormat::EpochSeconds | DateFormat::EpochMilliseconds => "number",
        };
        if self.cutoff.is_some() {
            self.filter.clone()
        } else {
            self.and(json!({ (&self.date_field): { "$type": name } }))
        }
    }

    /// Only `_id` and the date.
    pub fn projection(&self) -> Value {
        json!({ "_id": 1, (&self.date_field): 1 })
    }

    /// Sorts by date, the oldest or the newest first.
    pub fn by_date(&self, direction: i8) -> Value {
        json!({ (&self.date_field): direction })
    }

    /// The date of a document, if it has one in the stated format.
    pub fn date_of(&self, document: &Value) -> Option<DateTime<Utc>> {
        let path = self.date_field.split('.');
        let value = path.into_iter().try_fold(document, |value, part| value.get(part))?;
        crate::dates::read(value, self.date_format)
    }

    /// Documents dated before this are old.
    pub fn cutoff_text(&self) -> Option<String> {
        self.cutoff.map(|cutoff| cutoff.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

fn all_of(mut parts: Vec<Value>) -> Value {
    if parts.len() == 1 { parts.pop().unwrap_or_default() } else { json!({ "$and": parts }) }
}

/// Comparisons keep to one type, so a date never compares with a text. Where the field holds several dates (an array),
/// the second half asks that none of them is younger: deleting is no place for doubt.
fn older_than(cutoff: DateTime<Utc>, field: &str, format: DateFormat) -> Value {
    let before = |bound: Value| json!({ field: { "$lt": bound, "$not": { "$gte": bound } } });
    match format {
        DateFormat::Date => before(crate::dates::extended(cutoff)),
        DateFormat::EpochSeconds => before(json!(cutoff.timestamp())),
        DateFormat::EpochMilliseconds => before(json!(cutoff.timestamp_millis())),
        DateFormat::Iso => older_text(cutoff, field),
    }
}

/// Texts cannot be compared as they stand: zones differ, and a text may be no date. The first part lets an index
/// narrow the search (no zone is further than a day away), the second decides; what cannot be read counts as young.
fn older_text(cutoff: DateTime<Utc>, field: &str) -> Value {
    let bound = (cutoff + TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let limit = crate::dates::extended(cutoff);
    let read = json!({ "$dateFromString": { "dateString": format!("${field}"), "onError": limit, "onNull": limit } });
    json!({ field: { "$type": "string", "$lt": bound }, "$expr": { "$lt": [read, limit] } })
}
