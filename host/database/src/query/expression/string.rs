//! Texts: joining, case, length, pieces, places. Letter case is that of ASCII, positions are code points or bytes.

use bson::Bson;

use super::{
    arithmetic::null,
    array::bounds,
    call::{ANY, Call, Definition, Value, fields, listed},
    text::coerced,
};
use crate::Result;

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$concat" => listed(0, ANY, concatenate),
        "$toLower" => listed(1, 1, |call| changed(call, str::to_ascii_lowercase)),
        "$toUpper" => listed(1, 1, |call| changed(call, str::to_ascii_uppercase)),
        "$strcasecmp" => listed(2, 2, compare_without_case),
        "$strLenBytes" => listed(1, 1, |call| int(call.text(0, "the operand")?.len())),
        "$strLenCP" => listed(1, 1, |call| int(call.text(0, "the operand")?.chars().count())),
        "$substrBytes" | "$substr" => listed(3, 3, piece_of_bytes),
        "$substrCP" => listed(3, 3, piece_of_code_points),
        "$indexOfBytes" => listed(2, 4, index_of_bytes),
        "$indexOfCP" => listed(2, 4, index_of_code_points),
        "$split" => listed(2, 2, split),
        "$replaceOne" => fields(REPLACE, |call| replace(call, 1)),
        "$replaceAll" => fields(REPLACE, |call| replace(call, usize::MAX)),
        _ => None,
    }
}

const REPLACE: &[(&str, bool)] = &[("input", true), ("find", true), ("replacement", true)];

pub(super) fn string(text: impl Into<String>) -> Result<Value> {
    Ok(Some(Bson::String(text.into())))
}

/// A length or position, which never reaches the end of int32 for a text that BSON can hold.
pub(super) fn int(value: usize) -> Result<Value> {
    Ok(Some(Bson::Int32(i32::try_from(value).unwrap_or(i32::MAX))))
}

fn concatenate(call: &mut Call<'_>) -> Result<Value> {
    let mut joined = String::new();
    for index in 0..call.operands.len() {
        if call.is_nullish(index) {
            return null();
        }
        let text = call.text(index, "an operand")?;
        call.budget.spend_text(text.len())?;
        joined.push_str(text);
    }
    string(joined)
}

fn coerced_operand(call: &Call<'_>, index: usize) -> Result<String> {
    coerced(call.get(index)).ok_or_else(|| call.wrong("an operand", "a string, number or date", call.get(index)))
}

fn changed(call: &Call<'_>, change: fn(&str) -> String) -> Result<Value> {
    string(change(&coerced_operand(call, 0)?))
}

fn compare_without_case(call: &mut Call<'_>) -> Result<Value> {
    let (a, b) = (coerced_operand(call, 0)?.to_ascii_uppercase(), coerced_operand(call, 1)?.to_ascii_uppercase());
    let order = a.cmp(&b);
    Ok(Some(Bson::Int32(i32::from(order.is_gt()) - i32::from(order.is_lt()))))
}

fn start_and_length(call: &Call<'_>) -> Result<(usize, i64)> {
    let (start, length) = (call.whole(1, "the start")?, call.whole(2, "the length")?);
    match usize::try_from(start) {
        Ok(start) => Ok((start, length)),
        Err(_) => Err(call.error(format!("the start must not be negative, found {start}"))),
    }
}

/// A negative length means the rest of the text.
fn piece_of_bytes(call: &mut Call<'_>) -> Result<Value> {
    let text = coerced_operand(call, 0)?;
    let (start, length) = start_and_length(call)?;
    let end = usize::try_from(length).map_or(text.len(), |length| start.saturating_add(length).min(text.len()));
    if start >= text.len() {
        return string("");
    }
    match text.get(start..end) {
        Some(piece) => string(piece),
        None => Err(call.error("the piece begins or ends inside of a character")),
    }
}

fn piece_of_code_points(call: &mut Call<'_>) -> Result<Value> {
    let text = coerced_operand(call, 0)?;
    let (start, length) = start_and_length(call)?;
    let Ok(length) = usize::try_from(length) else {
        return Err(call.error(format!("the length must not be negative, found {length}")));
    };
    string(text.chars().skip(start).take(length).collect::<String>())
}

fn index_of_bytes(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let (text, token) = (call.text(0, "the first operand")?, call.text(1, "the second operand")?);
    let (from, to) = bounds(call, text.len())?;
    match (from <= to)
        .then(|| text.as_bytes().get(from..to))
        .flatten()
        .and_then(|range| position(range, token.as_bytes()))
    {
        Some(index) => int(from + index),
        None => Ok(Some(Bson::Int32(-1))),
    }
}

fn position(text: &[u8], token: &[u8]) -> Option<usize> {
    if token.is_empty() { Some(0) } else { text.windows(token.len()).position(|window| window == token) }
}

fn index_of_code_points(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let (text, token) = (call.text(0, "the first operand")?, call.text(1, "the second operand")?);
    let length = text.chars().count();
    let (from, to) = bounds(call, length)?;
    if from > to {
        return Ok(Some(Bson::Int32(-1)));
    }
    let byte = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte);
    let range = text.get(byte(from)..byte(to)).unwrap_or_default();
    match range.find(token) {
        Some(found) => int(from + range.get(..found).unwrap_or_default().chars().count()),
        None => Ok(Some(Bson::Int32(-1))),
    }
}

fn split(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) {
        return null();
    }
    let (text, separator) = (call.text(0, "the first operand")?, call.text(1, "the separator")?);
    if separator.is_empty() {
        return Err(call.error("the separator must not be empty"));
    }
    call.budget.spend(text.len() / separator.len())?;
    Ok(Some(Bson::Array(text.split(separator).map(Bson::from).collect())))
}

fn replace(call: &mut Call<'_>, count: usize) -> Result<Value> {
    for (index, what) in ["input", "find", "replacement"].into_iter().enumerate() {
        if !call.is_nullish(index) {
            call.text(index, what)?;
        }
    }
    if (0..3).any(|index| call.is_nullish(index)) {
        return null();
    }
    let (text, find, replacement) = (call.text(0, "input")?, call.text(1, "find")?, call.text(2, "replacement")?);
    let found = if find.is_empty() { text.len() + 1 } else { text.len() / find.len() };
    call.budget.spend_text(text.len() + found.min(count).saturating_mul(replacement.len()))?;
    string(text.replacen(find, replacement, count))
}
