//! Arrays: positions, slices, joining, searching, ranges, sorting.

use bson::{Bson, Document};

use super::{
    arithmetic::null,
    call::{ANY, Call, Definition, Value, fields, listed},
    comparison::{boolean, compare},
    text::shown,
};
use crate::{
    Result,
    query::{order, sort::Sort},
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$arrayElemAt" => listed(2, 2, element_at),
        "$first" => listed(1, 1, |call| end(call, <[Bson]>::first)),
        "$last" => listed(1, 1, |call| end(call, <[Bson]>::last)),
        "$concatArrays" => listed(0, ANY, concatenate),
        "$in" => listed(2, 2, contains),
        "$indexOfArray" => listed(2, 4, index_of),
        "$isArray" => listed(1, 1, |call| boolean(matches!(call.get(0), Some(Bson::Array(_))))),
        "$range" => listed(2, 3, range),
        "$reverseArray" => listed(1, 1, reverse),
        "$size" => listed(1, 1, size),
        "$slice" => listed(2, 3, slice),
        "$sortArray" => fields(&[("input", true), ("sortBy", true)], sort),
        "$zip" => fields(&[("inputs", true), ("useLongestLength", false), ("defaults", false)], zip),
        _ => None,
    }
}

pub(super) fn array(items: Vec<Bson>) -> Result<Value> {
    Ok(Some(Bson::Array(items)))
}

/// The place in a list of that length; negative numbers count from the end.
fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    usize::try_from(index).ok()
}

fn int(call: &Call<'_>, index: usize, what: &str) -> Result<i64> {
    match call.whole(index, what)? {
        value if i32::try_from(value).is_ok() => Ok(value),
        value => Err(call.error(format!("{what} must fit into an int32, found {value}"))),
    }
}

fn element_at(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) {
        return null();
    }
    let items = call.array(0, "the first operand")?;
    let index = int(call, 1, "the position")?;
    Ok(position(index, items.len()).and_then(|index| items.get(index)).cloned())
}

fn end(call: &Call<'_>, pick: fn(&[Bson]) -> Option<&Bson>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    Ok(pick(call.array(0, "the operand")?).cloned())
}

fn concatenate(call: &mut Call<'_>) -> Result<Value> {
    let mut all = Vec::new();
    for index in 0..call.operands.len() {
        if call.is_nullish(index) {
            return null();
        }
        all.append(&mut call.take_array(index, "an operand")?);
    }
    array(all)
}

fn contains(call: &mut Call<'_>) -> Result<Value> {
    let items = call.array(1, "the second operand")?;
    boolean(items.iter().any(|item| compare(Some(item), call.get(0)).is_eq()))
}

/// The bounds that `$indexOfArray` and the text searches take: from, to (exclusive).
pub(super) fn bounds(call: &Call<'_>, length: usize) -> Result<(usize, usize)> {
    let bound = |index: usize, what: &str, otherwise: usize| -> Result<usize> {
        if !call.is_given(index) {
            return Ok(otherwise);
        }
        usize::try_from(int(call, index, what)?).map_err(|_| call.error(format!("{what} must not be negative")))
    };
    let (from, to) = (bound(2, "the start", 0)?, bound(3, "the end", length)?);
    Ok((from, to.min(length)))
}

fn index_of(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let items = call.array(0, "the first operand")?;
    let (from, to) = bounds(call, items.len())?;
    let found = items
        .iter()
        .enumerate()
        .skip(from)
        .take(to.saturating_sub(from))
        .find(|(_, item)| compare(Some(item), call.get(1)).is_eq());
    Ok(Some(Bson::Int32(found.and_then(|(index, _)| i32::try_from(index).ok()).unwrap_or(-1))))
}

fn range(call: &mut Call<'_>) -> Result<Value> {
    let (from, to) = (int(call, 0, "the start")?, int(call, 1, "the end")?);
    let step = if call.is_given(2) { int(call, 2, "the step")? } else { 1 };
    if step == 0 {
        return Err(call.error("the step must not be 0"));
    }
    let distance = if step > 0 { to - from } else { from - to };
    let length = usize::try_from(distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs())).unwrap_or(usize::MAX);
    call.budget.spend(length)?;
    let items = (0..length as i64).map(|index| i32::try_from(from + index * step).map_or(Bson::Null, Bson::Int32));
    array(items.collect())
}

fn reverse(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let mut items = call.take_array(0, "the operand")?;
    items.reverse();
    array(items)
}

fn size(call: &mut Call<'_>) -> Result<Value> {
    let length = call.array(0, "the operand")?.len();
    Ok(Some(Bson::Int32(i32::try_from(length).unwrap_or(i32::MAX))))
}

fn slice(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) || call.is_given_nullish(2) {
        return null();
    }
    let items = call.array(0, "the first operand")?;
    let first = int(call, 1, "the second operand")?;
    let length = items.len();
    let clamp = |index: i64| position(index, length).unwrap_or(0).min(length);
    let (from, count) = if call.is_given(2) {
        let count = usize::try_from(int(call, 2, "the number of elements")?).unwrap_or(0);
        if count == 0 {
            return Err(call.error("the number of elements must be above 0"));
        }
        (clamp(first), count)
    } else if first < 0 {
        (clamp(first), length)
    } else {
        (0, usize::try_from(first).unwrap_or(length))
    };
    array(items.iter().skip(from).take(count).cloned().collect())
}

fn sort(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let mut items = call.take_array(0, "input")?;
    match call.take(1) {
        Some(Bson::Document(keys)) if !keys.is_empty() => {
            let (sort, empty) = (Sort::compile(&keys)?, Document::new());
            items.sort_by_cached_key(|item| sort.key(item.as_document().unwrap_or(&empty)));
        }
        Some(direction) if is_descending(call, &direction)? => items.sort_by(|a, b| order::compare(b, a)),
        Some(_) => items.sort_by(order::compare),
        None => return Err(call.wrong("sortBy", "1, -1 or a document of them", None)),
    }
    array(items)
}

fn is_descending(call: &Call<'_>, direction: &Bson) -> Result<bool> {
    match super::number::whole(direction) {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(call.error(format!("sortBy must be 1, -1 or a document of them, found {}", shown(direction)))),
    }
}

fn zip(call: &mut Call<'_>) -> Result<Value> {
    let longest = match call.get(1) {
        None | Some(Bson::Boolean(false)) => false,
        Some(Bson::Boolean(true)) => true,
        other => return Err(call.wrong("useLongestLength", "a boolean", other)),
    };
    if call.is_nullish(0) {
        return null();
    }
    let inputs = call.array(0, "inputs")?;
    if inputs.is_empty() {
        return Err(call.error("inputs must not be empty"));
    }
    if inputs.iter().any(|input| super::call::is_nullish(Some(input))) {
        return null();
    }
    let defaults = if call.is_nullish(2) { &[][..] } else { call.array(2, "defaults")? };
    if !defaults.is_empty() && (!longest || defaults.len() != inputs.len()) {
        return Err(call.error("defaults needs useLongestLength: true and one value for each input"));
    }
    let arrays = inputs
        .iter()
        .map(|input| match input {
            Bson::Array(items) => Ok(items),
            other => Err(call.wrong("an input", "an array", Some(other))),
        })
        .collect::<Result<Vec<_>>>()?;
    let lengths = arrays.iter().map(|items| items.len());
    let length = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    call.budget.spend(length.saturating_mul(arrays.len()))?;
    let row = |index: usize| {
        let cell = |(column, items): (usize, &&Vec<Bson>)| {
            items.get(index).or_else(|| defaults.get(column)).cloned().unwrap_or(Bson::Null)
        };
        Bson::Array(arrays.iter().enumerate().map(cell).collect())
    };
    array((0..length).map(row).collect())
}
