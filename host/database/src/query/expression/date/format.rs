//! `$dateToString`, and the letters that its formats and those of `$dateFromString` share.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::{calendar_of, date_operand, out_of_range, part, zone_operand};
use crate::{
    Error, Result,
    query::expression::{
        arithmetic::null,
        call::{Call, Value},
        string::string,
    },
};

/// A format taken apart: texts and letters after `%`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(char),
    Letter(char),
}

const LETTERS: &str = "YmdHMSLjuwUVGzZbB";

const LOCAL: [Piece; 13] = {
    use Piece::{Letter, Text};
    [
        Letter('Y'),
        Text('-'),
        Letter('m'),
        Text('-'),
        Letter('d'),
        Text('T'),
        Letter('H'),
        Text(':'),
        Letter('M'),
        Text(':'),
        Letter('S'),
        Text('.'),
        Letter('L'),
    ]
};

pub(super) const ISO_UTC: [Piece; 14] = {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m] = LOCAL;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, Piece::Text('Z')]
};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// # Errors
/// [`Error::Invalid`] for a letter that has no meaning, or a `%` at the end.
pub(super) fn pieces(name: &str, format: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            pieces.push(Piece::Text(letter));
            continue;
        }
        match letters.next() {
            Some('%') => pieces.push(Piece::Text('%')),
            Some(letter) if LETTERS.contains(letter) => pieces.push(Piece::Letter(letter)),
            Some(letter) => {
                return Err(Error::invalid(format!("{name}: %{letter} has no meaning in a format; use {LETTERS}")));
            }
            None => return Err(Error::invalid(format!("{name}: the format ends with a single %"))),
        }
    }
    Ok(pieces)
}

pub(super) fn to_string(call: &mut Call<'_>) -> Result<Value> {
    if call.is_given_nullish(1) || call.is_given_nullish(2) {
        return null();
    }
    let format = if call.is_given(1) { Some(pieces(call.name, call.text(1, "format")?)?) } else { None };
    if call.is_nullish(0) {
        return if call.is_given(3) { Ok(call.take(3)) } else { null() };
    }
    let zone = zone_operand(call, 2)?;
    let date = date_operand(call, 0, "date")?;
    let (Some(instant), Some(local)) = (calendar_of(date), zone.local(date)) else {
        return Err(out_of_range(call.name));
    };
    let format = match &format {
        Some(format) => format.as_slice(),
        None if zone.is_utc() => &ISO_UTC,
        None => &LOCAL,
    };
    call.budget.spend(format.len())?;
    string(write(format, &local, zone.offset_at(instant))?)
}

/// # Errors
/// [`Error::Invalid`] for a year that four digits cannot write.
pub(super) fn write(format: &[Piece], local: &NaiveDateTime, offset_seconds: i32) -> Result<String> {
    let mut text = String::new();
    for piece in format {
        let letter = match piece {
            Piece::Text(letter) => {
                text.push(*letter);
                continue;
            }
            Piece::Letter(letter) => letter,
        };
        let written = match letter {
            'Y' => format!("{:04}", year(local.year())?),
            'G' => format!("{:04}", year(local.iso_week().year())?),
            'm' => format!("{:02}", local.month()),
            'b' => month_name(local).chars().take(3).collect(),
            'B' => month_name(local).to_owned(),
            'd' => format!("{:02}", local.day()),
            'H' => format!("{:02}", local.hour()),
            'M' => format!("{:02}", local.minute()),
            'S' => format!("{:02}", local.second()),
            'L' => format!("{:03}", part::millisecond(local)),
            'j' => format!("{:03}", local.ordinal()),
            'u' => local.weekday().number_from_monday().to_string(),
            'w' => local.weekday().number_from_sunday().to_string(),
            'U' => format!("{:02}", part::week(local)),
            'V' => format!("{:02}", local.iso_week().week()),
            'z' => {
                let minutes = offset_seconds.abs() / 60;
                let sign = if offset_seconds < 0 { '-' } else { '+' };
                format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
            }
            _ => (offset_seconds / 60).to_string(),
        };
        text.push_str(&written);
    }
    Ok(text)
}

fn month_name(local: &NaiveDateTime) -> &'static str {
    MONTHS.get(local.month0() as usize).copied().unwrap_or_default()
}

fn year(year: i32) -> Result<i32> {
    if (0..=9_999).contains(&year) {
        return Ok(year);
    }
    Err(Error::invalid(format!("a date is written with a year from 0 to 9999, found {year}")))
}
