//! `$dateFromString` and `$toDate`: dates from texts, by a format or as ISO 8601.

use bson::{Bson, DateTime};
use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{
    calendar::{iso_week_day, month_day},
    format::{MONTHS, Piece, pieces},
    zone::{Fold, Zone, offset_seconds},
};
use crate::{
    Error, Result,
    query::expression::{
        call::{Value, is_nullish},
        convert::type_name,
        text::clipped,
    },
};

const NAME: &str = "$dateFromString";

/// What became of `$dateFromString`. Only a text that is no date can be answered by `onError`.
#[derive(Debug)]
pub(in crate::query::expression) enum Read {
    Value(Bson),
    Null,
    Failed(Error),
}

/// The operands in order: dateString, format, timezone.
///
/// # Errors
/// [`Error::Invalid`] for a format or zone that is wrong whatever the text.
pub(in crate::query::expression) fn from_string(operands: Vec<Option<Value>>) -> Result<Read> {
    let mut operands = operands.into_iter();
    let mut next = || operands.next().flatten();
    let (text, format, zone) = (next().flatten(), next(), next());
    let format = match format {
        None => None,
        Some(Some(Bson::String(format))) => Some(pieces(NAME, &format)?),
        Some(value) if is_nullish(value.as_ref()) => return Ok(Read::Value(Bson::Null)),
        Some(value) => return Err(wrong("format", value.as_ref())),
    };
    let zone = match zone {
        None => None,
        Some(Some(Bson::String(zone))) => Some(Zone::parse(&zone)?),
        Some(value) if is_nullish(value.as_ref()) => return Ok(Read::Value(Bson::Null)),
        Some(value) => return Err(wrong("timezone", value.as_ref())),
    };
    let text = match text {
        Some(Bson::String(text)) => text,
        value if is_nullish(value.as_ref()) => return Ok(Read::Null),
        value => return Ok(Read::Failed(wrong("dateString", value.as_ref()))),
    };
    let fields = match &format {
        Some(format) => by_format(&text, format),
        None => iso(&text),
    };
    Ok(match fields.and_then(|fields| fields.instant(zone)) {
        Some(millis) => Read::Value(Bson::DateTime(DateTime::from_millis(millis))),
        None => Read::Failed(not_a_date(&text)),
    })
}

fn wrong(what: &str, value: Option<&Bson>) -> Error {
    Error::invalid(format!("{NAME}: {what} must be a string, found {}", value.map_or("missing", type_name)))
}

fn not_a_date(text: &str) -> Error {
    Error::invalid(format!("\"{}\" is not a date, or not one of the format given", clipped(text)))
}

/// A text without a format: ISO 8601, in UTC unless it names an offset.
///
/// # Errors
/// [`Error::Invalid`] if it is no date.
pub(in crate::query::expression) fn from_text(text: &str) -> Result<DateTime> {
    let millis = iso(text).and_then(|fields| fields.instant(None));
    millis.map(DateTime::from_millis).ok_or_else(|| not_a_date(text))
}

/// What a text says of a date.
#[derive(Debug, Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    millisecond: i64,
    offset: Option<i32>,
}

impl Fields {
    /// An offset in the text and a zone beside it contradict each other.
    fn instant(&self, zone: Option<Zone>) -> Option<i64> {
        let zone = match (self.offset, zone) {
            (Some(_), Some(_)) => return None,
            (Some(offset), None) => Zone::Offset(offset),
            (None, zone) => zone.unwrap_or(Zone::UTC),
        };
        let time = NaiveTime::from_hms_milli_opt(
            u32::try_from(self.hour).ok()?,
            u32::try_from(self.minute).ok()?,
            u32::try_from(self.second).ok()?,
            u32::try_from(self.millisecond).ok()?,
        )?;
        zone.instant(self.date()?.and_time(time), Fold::Later)
    }

    fn date(&self) -> Option<NaiveDate> {
        if let Some(year) = self.iso_year {
            return iso_week_day(year, self.iso_week.unwrap_or(1), self.iso_day.unwrap_or(1));
        }
        let year = i32::try_from(self.year?).ok()?;
        if let Some(day) = self.day_of_year {
            // The server's parser counts these from 0, unlike what `$dateToString` writes.
            return month_day(year.into(), 1, day + 1);
        }
        let (month, day) = (u32::try_from(self.month?).ok()?, u32::try_from(self.day?).ok()?);
        // Up to 31 days are taken for any month, and the last ones run over.
        (1..=12).contains(&month).then_some(())?;
        (1..=31).contains(&day).then_some(())?;
        month_day(year.into(), month.into(), day.into())
    }
}

/// A text that is taken off piece by piece from the left.
#[derive(Debug, Clone, Copy)]
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn takes(&mut self, expected: char) -> bool {
        match self.0.strip_prefix(expected) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn digits(&mut self, most: usize) -> Option<&'t str> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(count).filter(|_| count > 0)?;
        self.0 = rest;
        Some(digits)
    }

    fn number(&mut self, most: usize) -> Option<i64> {
        self.digits(most)?.parse().ok()
    }

    fn exactly(&mut self, count: usize) -> Option<i64> {
        self.digits(count).filter(|digits| digits.len() == count)?.parse().ok()
    }

    /// The digits after a point, as milliseconds; what is finer falls away.
    fn fraction(&mut self, most: usize) -> Option<i64> {
        let digits = self.digits(most)?;
        let millis: String = digits.chars().chain("00".chars()).take(3).collect();
        millis.parse().ok()
    }

    fn offset(&mut self) -> Option<i32> {
        if self.takes('Z') || self.takes('z') {
            return Some(0);
        }
        let count = self.0.bytes().take(6).take_while(|byte| b"+-:0123456789".contains(byte)).count();
        let (offset, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        offset_seconds(offset)
    }

    fn month_name(&mut self, is_short: bool) -> Option<i64> {
        let found = MONTHS.iter().enumerate().find_map(|(index, name)| {
            let name = if is_short { name.get(..3)? } else { name };
            let head = self.0.get(..name.len())?;
            head.eq_ignore_ascii_case(name).then_some((index, name.len()))
        });
        let (index, length) = found?;
        self.0 = self.0.get(length..)?;
        i64::try_from(index + 1).ok()
    }
}

/// `YYYY-MM-DD`, with a time after `T` or a space, fractions of a second and an offset as far as they are there.
fn iso(text: &str) -> Option<Fields> {
    let mut rest = Rest(text);
    let mut fields = Fields { year: Some(rest.exactly(4)?), ..Fields::default() };
    rest.takes('-').then_some(())?;
    fields.month = Some(rest.number(2)?);
    rest.takes('-').then_some(())?;
    fields.day = Some(rest.number(2)?);
    if rest.takes('T') || rest.takes('t') || rest.takes(' ') {
        fields.hour = rest.number(2)?;
        rest.takes(':').then_some(())?;
        fields.minute = rest.number(2)?;
        if rest.takes(':') {
            fields.second = rest.number(2)?;
            if rest.takes('.') || rest.takes(',') {
                fields.millisecond = rest.fraction(9)?;
            }
        }
        rest.takes(' ');
        if !rest.0.is_empty() {
            fields.offset = Some(zone_at_end(&mut rest)?);
        }
    }
    rest.0.is_empty().then_some(fields)
}

fn zone_at_end(rest: &mut Rest<'_>) -> Option<i32> {
    if matches!(rest.0, "UTC" | "GMT") {
        rest.0 = "";
        return Some(0);
    }
    rest.offset()
}

fn by_format(text: &str, format: &[Piece]) -> Option<Fields> {
    let mut rest = Rest(text);
    let mut fields = Fields::default();
    for piece in format {
        match piece {
            Piece::Text(letter) => rest.takes(*letter).then_some(())?,
            Piece::Letter('Y') => fields.year = Some(rest.exactly(4)?),
            Piece::Letter('G') => fields.iso_year = Some(rest.exactly(4)?),
            Piece::Letter('m') => fields.month = Some(rest.number(2)?),
            Piece::Letter('b') => fields.month = Some(rest.month_name(true)?),
            Piece::Letter('B') => fields.month = Some(rest.month_name(false)?),
            Piece::Letter('d') => fields.day = Some(rest.number(2)?),
            Piece::Letter('j') => fields.day_of_year = Some(rest.number(3)?),
            Piece::Letter('V') => fields.iso_week = Some(rest.number(2)?),
            Piece::Letter('u') => fields.iso_day = Some(rest.number(1)?),
            Piece::Letter('H') => fields.hour = rest.number(2)?,
            Piece::Letter('M') => fields.minute = rest.number(2)?,
            Piece::Letter('S') => fields.second = rest.number(2)?,
            Piece::Letter('L') => fields.millisecond = rest.fraction(3)?,
            Piece::Letter('z') => fields.offset = Some(rest.offset()?),
            Piece::Letter('Z') => {
                let is_negative = rest.takes('-');
                if !is_negative {
                    rest.takes('+');
                }
                let minutes = TimeDelta::minutes(rest.number(4)?).num_seconds();
                fields.offset = Some(i32::try_from(if is_negative { -minutes } else { minutes }).ok()?);
            }
            // A week number by Sundays or a weekday that the rest of the date decides anyway.
            Piece::Letter(_) => {
                rest.number(2)?;
            }
        }
    }
    rest.0.is_empty().then_some(fields)
}
