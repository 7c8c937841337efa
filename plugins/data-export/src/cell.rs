//! One value as the text of one cell.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::extended::{JsonStyle, Kind, Styled, kind};

/// The text of a value: what it is and not how it is stored. Documents and arrays become JSON. `None` for null.
pub fn text(value: &Value, style: JsonStyle) -> Option<Cow<'_, str>> {
    Some(match kind(value) {
        Kind::Null => return None,
        Kind::Bool(value) => (if value { "true" } else { "false" }).into(),
        Kind::Integer(number) => number.to_string().into(),
        Kind::Double(number) => double(number).into(),
        Kind::Text(text) | Kind::ObjectId(text) | Kind::Decimal(text) => text.into(),
        Kind::Date(date) => date.iso().into(),
        Kind::Binary(bytes, subtype) => binary(bytes, subtype),
        Kind::Regex(pattern, options) => format!("/{pattern}/{options}").into(),
        Kind::Rare | Kind::Document(_) | Kind::Array(_) => json(value, style).into(),
    })
}

/// A value as JSON.
pub fn json(value: &Value, style: JsonStyle) -> String {
    serde_json::to_string(&Styled(value, style)).unwrap_or_else(|_| value.to_string())
}

/// As JSON writes it, so that 7.0 keeps its point; what JSON cannot write, by its name.
fn double(number: f64) -> String {
    match serde_json::Number::from_f64(number) {
        Some(finite) => finite.to_string(),
        None if number.is_nan() => "NaN".to_owned(),
        None if number > 0.0 => "Infinity".to_owned(),
        None => "-Infinity".to_owned(),
    }
}

/// A UUID in its usual form, other bytes in base64.
fn binary<'a>(bytes: &'a str, subtype: &str) -> Cow<'a, str> {
    const UUID: &str = "04";
    let decoded = if subtype == UUID { STANDARD.decode(bytes).unwrap_or_default() } else { Vec::new() };
    let Ok(id) = <[u8; 16]>::try_from(decoded) else { return bytes.into() };
    let hex = |number: u128, digits: usize, shift: u32| {
        let mask = (1_u128 << (digits * 4)) - 1;
        format!("{:0digits$x}", (number >> shift) & mask)
    };
    let id = u128::from_be_bytes(id);
    [hex(id, 8, 96), hex(id, 4, 80), hex(id, 4, 64), hex(id, 4, 48), hex(id, 12, 0)].join("-").into()
}

/// The text with an apostrophe before it when a spreadsheet would take it for a formula.
///
/// A formula begins with `=`, `+`, `-` or `@`, also in their full-width forms, or with one of these behind a tab or
/// line break that is dropped on reading (<https://owasp.org/www-community/attacks/CSV_Injection>). A plain number
/// such as -5 is none.
pub fn harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(STARTS) && !is_number(&text) { format!("'{text}").into() } else { text }
}

/// Digits with a sign, a point or comma and an exponent, and nothing else.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && fraction.is_none_or(are_digits) && exponent.is_none_or(are_digits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_has_its_text() {
        for (value, expected) in [
            (json!(null), None),
            (json!({"$undefined": true}), None),
            (json!(true), Some("true")),
            (json!(-5), Some("-5")),
            (json!({"$numberLong": "9223372036854775807"}), Some("9223372036854775807")),
            (json!(7.0), Some("7.0")),
            (json!(1e300), Some("1e+300")),
            (json!({"$numberDouble": "NaN"}), Some("NaN")),
            (json!({"$numberDouble": "Infinity"}), Some("Infinity")),
            (json!({"$numberDouble": "-Infinity"}), Some("-Infinity")),
            (json!({"$numberDecimal": "1.50"}), Some("1.50")),
            (json!("a \"b\",\nc"), Some("a \"b\",\nc")),
            (json!(""), Some("")),
            (json!({"$oid": "65f000000000000000000001"}), Some("65f000000000000000000001")),
            (json!({"$date": "2026-11-24T08:00:00.5Z"}), Some("2026-11-24T08:00:00.5Z")),
            (json!({"$date": {"$numberLong": "-1000"}}), Some("1969-12-31T23:59:59Z")),
            (json!({"$date": {"$numberLong": "9223372036854775807"}}), Some("9223372036854775807")),
            (json!({"$binary": {"base64": "AQID", "subType": "00"}}), Some("AQID")),
            (
                json!({"$binary": {"base64": "ASNFZ4mrze8BI0VniavN7w==", "subType": "04"}}),
                Some("01234567-89ab-cdef-0123-456789abcdef"),
            ),
            (json!({"$regularExpression": {"pattern": "^a", "options": "i"}}), Some("/^a/i")),
            (json!({"$timestamp": {"t": 5, "i": 6}}), Some(r#"{"$timestamp":{"t":5,"i":6}}"#)),
            (json!({"a": {"$numberLong": "1"}}), Some(r#"{"a":1}"#)),
            (json!([1, "x", null]), Some(r#"[1,"x",null]"#)),
            (json!({}), Some("{}")),
        ] {
            assert_eq!(text(&value, JsonStyle::Relaxed).as_deref(), expected, "{value}");
        }
        assert_eq!(text(&json!([1]), JsonStyle::Canonical).as_deref(), Some(r#"[{"$numberInt":"1"}]"#));
    }

    #[test]
    fn formulas_lose_their_power_and_numbers_stay_numbers() {
        for formula in [
            "=1+1",
            "=cmd|'/C calc'!A0",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠A",
            "-",
            "+",
            "-.5",
            "-5.",
            "-1e",
            "-1e5x",
            "--1",
            "+49 30 123",
            "-Infinity",
        ] {
            assert_eq!(harmless(formula.into()), format!("'{formula}"), "{formula}");
        }
        for plain in ["-5", "+5", "-5.25", "-5,25", "-1e5", "-1.5E-7", "5", "", "a=1", "'=1", " =1", "2026-11-24"] {
            assert_eq!(harmless(plain.into()), plain, "{plain}");
        }
    }
}
