//! One value as a cell of a sheet, with its type where Excel has one for it.

use std::borrow::Cow;

use serde_json::Value;

use super::put;
use crate::cell::text;
use crate::extended::{JsonStyle, Kind, kind};

/// Excel's bound of a text.
const MOST_CHARACTERS: usize = 32_767;
/// Excel shows 15 digits of a number and turns further ones into zeros; longer numbers are kept as texts.
const MOST_DIGITS: usize = 15;
/// From 1899-12-30, the zero of Excel's calendar, to 1970-01-01.
const MILLISECONDS_BEFORE_1970: i64 = 25_569 * 86_400_000;
/// 1900-03-01: before it Excel's calendar has a day that never was.
const FIRST_DATE: i64 = 61 * 86_400_000;
/// 10000-01-01.
const END_OF_DATES: i64 = 2_958_466 * 86_400_000;

/// One cell.
#[derive(Debug, PartialEq)]
pub enum Cell<'a> {
    Empty,
    /// Digits as they stand in the file.
    Number(String),
    Bool(bool),
    /// Days since the zero of Excel's calendar.
    Date(f64),
    Text(Cow<'a, str>),
    /// The beginning of a text that was too long.
    CutText(String),
    Title(&'a str),
}

impl<'a> Cell<'a> {
    pub fn title(title: &'a str) -> Self {
        Self::Title(title)
    }

    pub fn of(value: Option<&'a Value>, null_text: &'a str, style: JsonStyle) -> Self {
        let Some(value) = value else { return Self::nothing(null_text) };
        match kind(value) {
            Kind::Null => return Self::nothing(null_text),
            Kind::Bool(value) => return Self::Bool(value),
            Kind::Integer(number) if number.unsigned_abs().to_string().len() <= MOST_DIGITS => {
                return Self::Number(number.to_string());
            }
            Kind::Double(number) if number.is_finite() => return Self::Number(format!("{number:?}")),
            Kind::Decimal(text) if is_exact(text) => return Self::Number(text.to_owned()),
            Kind::Date(date) => {
                let since_zero = date.milliseconds().and_then(|number| number.checked_add(MILLISECONDS_BEFORE_1970));
                if let Some(number) = since_zero.filter(|number| (FIRST_DATE..END_OF_DATES).contains(number)) {
                    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                    return Self::Date(number as f64 / 86_400_000.0);
                }
            }
            _ => {}
        }
        let text = text(value, style).unwrap_or_default();
        match text.char_indices().nth(MOST_CHARACTERS) {
            None => Self::Text(text),
            Some((end, _)) => Self::CutText(text.get(..end).unwrap_or_default().to_owned()),
        }
    }

    fn nothing(null_text: &'a str) -> Self {
        if null_text.is_empty() { Self::Empty } else { Self::Text(null_text.into()) }
    }

    /// Whether a part of the value is missing.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::CutText(_))
    }

    /// Adds the cell to a row. The styles are those of the skeleton: 1 for titles, 2 for dates.
    pub fn write(&self, out: &mut String, letters: &str, row: u32) {
        let mut text = |style: &str, text: &str| {
            put(out, format_args!(r#"<c r="{letters}{row}"{style} t="inlineStr"><is><t xml:space="preserve">"#));
            escape(out, text);
            out.push_str("</t></is></c>");
        };
        match self {
            Self::Empty => {}
            Self::Title(title) => text(r#" s="1""#, title),
            Self::Text(content) => text("", content),
            Self::CutText(content) => text("", content),
            Self::Number(digits) => put(out, format_args!(r#"<c r="{letters}{row}"><v>{digits}</v></c>"#)),
            Self::Bool(value) => {
                put(out, format_args!(r#"<c r="{letters}{row}" t="b"><v>{}</v></c>"#, u8::from(*value)));
            }
            Self::Date(days) => put(out, format_args!(r#"<c r="{letters}{row}" s="2"><v>{days}</v></c>"#)),
        }
    }
}

/// Whether a decimal number survives as one of Excel's.
fn is_exact(text: &str) -> bool {
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let mantissa = text.split(['E', 'e']).next().unwrap_or_default();
    digits(mantissa) <= MOST_DIGITS && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Text inside of XML. Characters that XML cannot hold are written as `_x0001_`, and what looks like that already with
/// its underscore written so (ECMA-376 part 1, 22.9.2.19 ST_Xstring).
fn escape(out: &mut String, text: &str) {
    // Most texts need nothing. Bytes of 0xEF begin, among others, the two characters that XML lacks.
    if text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'_' | 0xef)) {
        out.push_str(text);
        return;
    }
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if is_escape(rest) => out.push_str("_x005F_"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => out.push(letter),
            // A carriage return would be read as a line feed; the others are not allowed.
            _ => put(out, format_args!("_x{:04X}_", u32::from(letter))),
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
}

fn is_escape(text: &str) -> bool {
    text.strip_prefix("_x")
        .and_then(|rest| rest.split_at_checked(4))
        .is_some_and(|(digits, rest)| digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_has_its_cell() {
        let number = |digits: &str| Cell::Number(digits.to_owned());
        for (value, expected) in [
            (json!(null), Cell::Empty),
            (json!(false), Cell::Bool(false)),
            (json!(-5), number("-5")),
            (json!({"$numberLong": "999999999999999"}), number("999999999999999")),
            (json!({"$numberLong": "1000000000000000"}), Cell::Text("1000000000000000".into())),
            (json!({"$numberLong": "-9223372036854775808"}), Cell::Text("-9223372036854775808".into())),
            (json!(0.1), number("0.1")),
            (json!(7.0), number("7.0")),
            (json!(1e300), number("1e300")),
            (json!({"$numberDouble": "NaN"}), Cell::Text("NaN".into())),
            (json!({"$numberDecimal": "12345678901234.5"}), number("12345678901234.5")),
            (json!({"$numberDecimal": "1.50E+2"}), number("1.50E+2")),
            (json!({"$numberDecimal": "1234567890123456"}), Cell::Text("1234567890123456".into())),
            (json!({"$numberDecimal": "Infinity"}), Cell::Text("Infinity".into())),
            (json!({"$date": "2026-11-24T12:00:00Z"}), Cell::Date(46_350.5)),
            (json!({"$date": "1900-03-01T00:00:00Z"}), Cell::Date(61.0)),
            (json!({"$date": "1900-02-28T00:00:00Z"}), Cell::Text("1900-02-28T00:00:00Z".into())),
            (json!({"$date": {"$numberLong": "253402300800000"}}), Cell::Text("+10000-01-01T00:00:00Z".into())),
            (json!({"$date": {"$numberLong": "9223372036854775807"}}), Cell::Text("9223372036854775807".into())),
            (json!({"$oid": "65f000000000000000000001"}), Cell::Text("65f000000000000000000001".into())),
            (json!("=1+1"), Cell::Text("=1+1".into())),
            (json!(""), Cell::Text("".into())),
            (json!([1]), Cell::Text("[1]".into())),
        ] {
            assert_eq!(Cell::of(Some(&value), "", JsonStyle::Relaxed), expected, "{value}");
        }
        assert_eq!(Cell::of(None, "none", JsonStyle::Relaxed), Cell::Text("none".into()));
    }

    #[test]
    fn a_text_is_cut_where_excel_ends() {
        let of = |length: usize| {
            let value = json!("ä".repeat(length));
            let cell = Cell::of(Some(&value), "", JsonStyle::Relaxed);
            (cell.is_cut(), matches!(cell, Cell::CutText(text) if text.chars().count() == MOST_CHARACTERS))
        };
        assert_eq!(of(MOST_CHARACTERS), (false, false));
        assert_eq!(of(MOST_CHARACTERS + 1), (true, true));
    }

    #[test]
    fn no_text_breaks_the_xml() {
        for (text, expected) in [
            ("a & b < c > d \"e\"", "a &amp; b &lt; c &gt; d \"e\""),
            ("line\n\ttab\r", "line\n\ttab_x000D_"),
            ("\u{0}\u{1f}\u{fffe}", "_x0000__x001F__xFFFE_"),
            ("_x0041_ _x41_ _xzzzz_", "_x005F_x0041_ _x41_ _xzzzz_"),
            ("ünï 🎉", "ünï 🎉"),
        ] {
            let mut out = String::new();
            escape(&mut out, text);
            assert_eq!(out, expected);
        }
    }
}
