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

#[cfg(test)]
mod tests {
    use sandglass_database::{extended_json, query};

    use super::*;

    #[test]
    fn what_templates_are_told_the_database_knows_is_what_it_knows() {
        use sandglass_database::query::allow;
        use sandglass_sdk::query as told;
        assert_eq!(told::FILTER_OPERATORS, allow::FILTER_OPERATORS);
        assert_eq!(told::FILTER_CLAUSES, allow::FILTER_CLAUSES);
        assert_eq!(told::STAGES, allow::STAGES);
    }

    /// Which of the values the database itself would take for old. The run is at 2027-01-15T08:00:00Z, so the limit
    /// is 2026-12-16T08:00:00Z.
    fn old(format: &str, values: &[Value]) -> Vec<Value> {
        let parameters = json!({"collection": "c", "days_old": 30, "date_field": "meta.at", "date_format": format});
        let parameters = serde_json::from_value(parameters).unwrap();
        let condition = Condition::new(&parameters, DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let filter = extended_json::to_document(condition.filter().clone()).unwrap();
        let filter = query::filter::Filter::compile(&filter).unwrap();
        let matches = |value: &&Value| {
            let document = json!({ "_id": 1, "meta": { "at": value } });
            filter.matches(&extended_json::to_document(document).unwrap()).unwrap()
        };
        values.iter().filter(matches).cloned().collect()
    }

    fn date(text: &str) -> Value {
        json!({ "$date": text })
    }

    #[test]
    fn the_database_agrees_on_dates() {
        let old_ones = [date("2026-12-16T07:59:59.999Z"), date("1960-01-01T00:00:00Z")];
        let young_ones = [
            date("2026-12-16T08:00:00Z"),
            json!([date("2020-01-01T00:00:00Z"), date("2027-01-01T00:00:00Z")]),
            json!(null),
            json!("2020-01-01"),
            json!(0),
            json!({ "$timestamp": { "t": 1, "i": 1 } }),
        ];
        assert_eq!(old("date", &[old_ones.as_slice(), &young_ones].concat()), old_ones);
    }

    #[test]
    fn the_database_agrees_on_texts() {
        let old_ones = ["2026-12-16T07:59:59Z", "2026-12-16T09:59:59+02:00", "2026-12-16", "1999-12-31T23:59:59.5"]
            .map(|text| json!(text));
        let young_ones = [
            json!("2026-12-16T08:00:00Z"),
            json!("2026-12-16T00:00:00-10:00"),
            json!("1999 was a good year"),
            json!(""),
            json!(["2020-01-01"]),
            json!(null),
            json!(0),
            date("2020-01-01T00:00:00Z"),
        ];
        assert_eq!(old("iso", &[old_ones.as_slice(), &young_ones].concat()), old_ones);
    }

    #[test]
    fn the_database_agrees_on_numbers() {
        let limit = 1_797_408_000_i64;
        let old_ones = [json!(limit - 1), json!(0), json!(limit as f64 - 0.5), json!({"$numberLong": "5"})];
        let young_ones = [json!(limit), json!({"$numberDouble": "NaN"}), json!("5"), json!(null)];
        let all = [old_ones.as_slice(), &young_ones].concat();
        assert_eq!(old("epoch_seconds", &all), old_ones);
        assert_eq!(
            old("epoch_milliseconds", &[json!(limit * 1000 - 1), json!(limit * 1000)]),
            [json!(limit * 1000 - 1)]
        );
    }
}
