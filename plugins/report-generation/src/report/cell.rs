//! One value and how people read it.

use serde_json::Value;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// A mean of things, with a fraction.
    Mean,
    Bytes,
    Seconds,
    /// 0 to 1, shown in per cent.
    Share,
    /// A moment, as a text with its offset.
    Instant,
    /// No number.
    Text,
}

impl Unit {
    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Mean => "mean",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Share => "share",
            Self::Instant => "instant",
            Self::Text => "text",
        }
    }
}

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Nothing,
    Text(String),
    Number(f64),
    /// A value of the database that is neither, in Extended JSON.
    Json(Value),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Nothing, Self::Number)
    }

    /// A value of the database.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::String(text) => Self::Text(text.clone()),
            other => crate::query::number(other)
                .map(Self::Number)
                .or_else(|| crate::query::plain(other).map(Self::Text))
                .unwrap_or_else(|| Self::Json(other.clone())),
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => number_to_json(*number),
            Self::Json(value) => value.clone(),
        }
    }

    /// As people read it.
    pub fn show(&self, unit: Unit) -> String {
        match self {
            Self::Nothing => "–".to_owned(),
            Self::Text(text) if unit == Unit::Instant => to_the_minute(text),
            Self::Text(text) => text.clone(),
            Self::Number(number) => show(*number, unit),
            Self::Json(value) => value.to_string(),
        }
    }
}

/// A whole number without its point.
pub fn number_to_json(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
    if number.fract() == 0.0 && number.abs() < EXACT { Value::from(number as i64) } else { Value::from(number) }
}

/// A number as people read it.
pub fn show(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Count | Unit::Text | Unit::Instant if number.fract() == 0.0 => grouped(number, 0),
        Unit::Count | Unit::Text | Unit::Instant | Unit::Mean => grouped(number, 2),
        Unit::Share => format!("{:.1} %", number * 100.0),
        Unit::Bytes => bytes(number),
        Unit::Seconds => seconds(number),
    }
}

/// `2026-11-24T08:00:00.123+01:00` without what people need not see: the zone stands above the report.
pub fn to_the_minute(text: &str) -> String {
    text.get(..16).unwrap_or(text).replacen('T', " ", 1)
}

/// Groups of three digits; noughts at the end of a fraction are left out.
fn grouped(number: f64, places: usize) -> String {
    let text = format!("{:.places$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let mut shown = if number < 0.0 { "−".to_owned() } else { String::new() };
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

fn bytes(number: f64) -> String {
    let mut number = number;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if number.abs() < 1024.0 {
            return format!("{} {unit}", grouped(number, usize::from(unit != "B")));
        }
        number /= 1024.0;
    }
    format!("{} TiB", grouped(number, 1))
}

fn seconds(number: f64) -> String {
    let whole = number.round();
    match number.abs() {
        size if size < 1.0 => format!("{} ms", grouped(number * 1000.0, usize::from(size < 0.1))),
        size if size < 60.0 => format!("{} s", grouped(number, 1)),
        size if size < 3600.0 => format!("{} min {:02} s", grouped((whole / 60.0).trunc(), 0), (whole % 60.0).abs()),
        _ => format!("{} h {:02} min", grouped((whole / 3600.0).trunc(), 0), ((whole % 3600.0) / 60.0).trunc().abs()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, unit, shown) in [
            (0.0, Unit::Count, "0"),
            (1_234_567.0, Unit::Count, "1,234,567"),
            (-1_000.0, Unit::Count, "−1,000"),
            (999.0, Unit::Count, "999"),
            (12.0, Unit::Mean, "12"),
            (1_234.567, Unit::Mean, "1,234.57"),
            (0.123_4, Unit::Share, "12.3 %"),
            (512.0, Unit::Bytes, "512 B"),
            (1_536.0, Unit::Bytes, "1.5 KiB"),
            (5.0 * 1024.0 * 1024.0, Unit::Bytes, "5 MiB"),
            (0.0123, Unit::Seconds, "12.3 ms"),
            (0.5, Unit::Seconds, "500 ms"),
            (12.34, Unit::Seconds, "12.3 s"),
            (61.0, Unit::Seconds, "1 min 01 s"),
            (7_260.0, Unit::Seconds, "2 h 01 min"),
        ] {
            assert_eq!(show(number, unit), shown);
        }
    }

    #[test]
    fn values_of_the_database_become_what_they_are() {
        assert_eq!(Cell::of(&json!({"$numberLong": "5"})), Cell::Number(5.0));
        assert_eq!(Cell::of(&json!({"$oid": "0123"})), Cell::text("0123"));
        assert_eq!(Cell::of(&json!({"$date": "2026-11-24T08:00:00Z"})), Cell::text("2026-11-24T08:00:00Z"));
        assert_eq!(Cell::of(&json!([1])), Cell::Json(json!([1])));
        assert_eq!(Cell::of(&json!(null)), Cell::Nothing);
        assert_eq!(Cell::Number(3.0).to_json().to_string(), "3");
        assert_eq!(Cell::Number(3.5).to_json().to_string(), "3.5");
    }
}
