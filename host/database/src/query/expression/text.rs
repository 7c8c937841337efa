//! How numbers and dates look as text.

use bson::{Bson, DateTime};

use super::date::iso_text;

/// Digits before the point from which a double is written with an exponent.
const PLAIN_DIGITS: i32 = 16;

/// A value as an error message shows it: documents, arrays and long texts only by their type or beginning.
pub(crate) fn shown(value: &Bson) -> String {
    match value {
        Bson::String(text) => format!("\"{}\"", clipped(text)),
        Bson::Document(_) => "a document".to_owned(),
        Bson::Array(_) => "an array".to_owned(),
        Bson::Binary(_) => "binary data".to_owned(),
        other => clipped(&other.to_string()),
    }
}

/// The beginning of a text that may be long.
pub(super) fn clipped(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A double with the fewest digits that bring it back, whole numbers without a point, very large and very small ones
/// with an exponent of at least two digits.
pub(super) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..PLAIN_DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    value.to_string()
}

/// The text of a number, date or string, where an operator takes any of them for a string; null and missing are the
/// empty text. `None` for other types.
pub(super) fn coerced(value: Option<&Bson>) -> Option<String> {
    Some(match value {
        None | Some(Bson::Null | Bson::Undefined) => String::new(),
        Some(Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text)) => text.clone(),
        Some(Bson::Int32(value)) => value.to_string(),
        Some(Bson::Int64(value)) => value.to_string(),
        Some(Bson::Double(value)) => double(*value),
        Some(Bson::Decimal128(value)) => value.to_string(),
        Some(Bson::DateTime(date)) => iso_text(*date)?,
        Some(Bson::Timestamp(time)) => iso_text(DateTime::from_millis(i64::from(time.time) * 1_000))?,
        Some(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn doubles_are_written_as_the_server_writes_them() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (123_456_789.0, "123456789"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (2.5e300, "2.5e+300"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), text);
        }
    }
}
