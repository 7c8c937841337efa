//! Parts of an array that only a `find` can ask for: `$slice`, `$elemMatch`, the positional `$`.

use bson::{Bson, Document};

use crate::{
    Error, Result,
    query::{filter::Filter, number::Number},
};

/// `$slice`: so many elements after a start, which counts from the end if it is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    start: i64,
    count: usize,
}

impl Slice {
    /// `n`, `-n` or `[start, n]`.
    pub fn read(operand: &Bson) -> Result<Self> {
        let whole = |value: &Bson| match Number::from_bson(value).and_then(Number::truncated) {
            Some(number) => Ok(number.clamp(i64::from(i32::MIN), i64::from(i32::MAX))),
            None => Err(Error::invalid(format!("$slice takes a number or [start, number], found {operand}"))),
        };
        match operand {
            Bson::Array(operands) => match operands.as_slice() {
                [start, count] => {
                    let (start, count) = (whole(start)?, whole(count)?);
                    match usize::try_from(count) {
                        Ok(count) if count > 0 => Ok(Self { start, count }),
                        _ => Err(Error::invalid(format!(
                            "the number of elements of $slice must be above 0, found {count}"
                        ))),
                    }
                }
                _ => Err(Error::invalid(format!("$slice takes a number or [start, number], found {operand}"))),
            },
            single => match whole(single)? {
                count @ ..0 => Ok(Self { start: count, count: usize::MAX }),
                count => Ok(Self { start: 0, count: usize::try_from(count).unwrap_or(usize::MAX) }),
            },
        }
    }

    /// What is not an array stays as it is.
    pub fn apply(self, value: &Bson) -> Bson {
        let Bson::Array(items) = value else { return value.clone() };
        let start = if self.start < 0 {
            items.len().saturating_sub(usize::try_from(self.start.unsigned_abs()).unwrap_or(usize::MAX))
        } else {
            usize::try_from(self.start).unwrap_or(usize::MAX)
        };
        Bson::Array(items.iter().skip(start).take(self.count).cloned().collect())
    }
}

/// The condition of an `$elemMatch`: operators on the element itself, or a filter on its fields.
pub(super) fn condition(operand: &Bson) -> Result<Filter> {
    let Bson::Document(condition) = operand else {
        return Err(Error::invalid(format!("$elemMatch takes a document, found {operand}")));
    };
    let is_on_value = |condition: &Document| {
        condition
            .keys()
            .next()
            .is_some_and(|key| key.starts_with('$') && !matches!(key.as_str(), "$and" | "$or" | "$nor"))
    };
    if is_on_value(condition) { Filter::compile_value(condition) } else { Filter::compile(condition) }
}

/// The first element that meets the condition, in an array of its own.
pub(super) fn first_match(value: &Bson, filter: &Filter) -> Result<Option<Bson>> {
    let Bson::Array(items) = value else { return Ok(None) };
    for item in items {
        if filter.matches_value(item)? {
            return Ok(Some(Bson::Array(vec![item.clone()])));
        }
    }
    Ok(None)
}

pub(super) fn at_position(name: &str, value: &Bson, position: Option<usize>) -> Result<Bson> {
    let Bson::Array(items) = value else { return Ok(value.clone()) };
    match position.and_then(|position| items.get(position)) {
        Some(item) => Ok(Bson::Array(vec![item.clone()])),
        None => Err(Error::invalid(format!("{name}.$ needs a filter that matches an element of the array {name}"))),
    }
}
