//! Dates inside documents, in the formats that a job may name.

use sandglass_sdk::chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::parameters::DateFormat;

/// A date of the database in Extended JSON.
pub fn extended(time: DateTime<Utc>) -> Value {
    json!({ "$date": time.to_rfc3339_opts(SecondsFormat::Millis, true) })
}

/// Reads the value of a date field. `None` when it is not what the format says.
pub fn read(value: &Value, format: DateFormat) -> Option<DateTime<Utc>> {
    match format {
        DateFormat::Date => match value.get("$date")? {
            Value::String(text) => iso(text),
            wrapped => DateTime::from_timestamp_millis(integer(wrapped)?),
        },
        DateFormat::Iso => iso(value.as_str()?),
        DateFormat::EpochSeconds => DateTime::from_timestamp(integer(value)?, 0),
        DateFormat::EpochMilliseconds => DateTime::from_timestamp_millis(integer(value)?),
    }
}

/// With a zone, without one (UTC), or a bare day.
fn iso(text: &str) -> Option<DateTime<Utc>> {
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let local = || text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc());
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    zoned().or_else(local).or_else(day)
}

/// A number in any of Extended JSON's ways; the fraction goes.
fn integer(value: &Value) -> Option<i64> {
    let wrapped = ["$numberLong", "$numberInt", "$numberDouble"].into_iter().find_map(|key| value.get(key));
    let text = wrapped.and_then(Value::as_str);
    value.as_i64().or_else(|| text?.parse().ok()).or_else(|| {
        let number = value.as_f64().or_else(|| text?.parse().ok())?;
        // Beyond this a double no longer counts in ones, and no date is that far.
        (number.abs() < 9e15).then_some(number as i64)
    })
}

/// The oldest and the newest of some dates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
}

impl Span {
    /// Takes one more date into account.
    pub fn include(&mut self, date: Option<DateTime<Utc>>) {
        self.oldest = self.oldest.into_iter().chain(date).min();
        self.newest = self.newest.into_iter().chain(date).max();
    }

    /// The oldest date for people and programs.
    pub fn oldest_text(&self) -> Option<String> {
        self.oldest.map(|date| date.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    /// The newest date for people and programs.
    pub fn newest_text(&self) -> Option<String> {
        self.newest.map(|date| date.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reads_its_own_and_nothing_else() {
        let expected = "2026-11-23T08:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let seconds = expected.timestamp();
        for (value, format) in [
            (json!({"$date": "2026-11-23T08:00:00Z"}), DateFormat::Date),
            (json!({"$date": {"$numberLong": (seconds * 1000).to_string()}}), DateFormat::Date),
            (json!("2026-11-23T10:00:00+02:00"), DateFormat::Iso),
            (json!("2026-11-23T08:00:00"), DateFormat::Iso),
            (json!(seconds), DateFormat::EpochSeconds),
            (json!(seconds as f64 + 0.5), DateFormat::EpochSeconds),
            (json!({"$numberLong": (seconds * 1000).to_string()}), DateFormat::EpochMilliseconds),
        ] {
            assert_eq!(read(&value, format), Some(expected), "{value}");
        }
        for (value, format) in [
            (json!("2026-11-23"), DateFormat::Date),
            (json!("once upon a time"), DateFormat::Iso),
            (json!({"$date": "2026-11-23T08:00:00Z"}), DateFormat::EpochSeconds),
            (json!("5"), DateFormat::EpochMilliseconds),
        ] {
            assert_eq!(read(&value, format), None, "{value}");
        }
    }
}
