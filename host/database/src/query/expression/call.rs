//! What an operator is given: its name, its operands as values, and the ways to ask for them.

use bson::Bson;

use super::{budget::Budget, convert::type_name};
use crate::{Error, Result};

/// A value, or missing.
pub(super) type Value = Option<Bson>;

/// The work of an operator whose operands are all evaluated first.
pub(super) type Apply = fn(&mut Call<'_>) -> Result<Value>;

/// The rules by which an operator's operands are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition {
    /// A list of at least and at most so many operands; a single one may stand without its list.
    Listed { least: usize, most: usize, apply: Apply },
    /// A document with these fields; `true` marks those that must be there.
    Fields { fields: &'static [(&'static str, bool)], apply: Apply },
    /// `{date, timezone}`, or the date alone.
    DatePart { apply: Apply },
}

pub(super) const ANY: usize = usize::MAX;

pub(super) fn listed(least: usize, most: usize, apply: Apply) -> Option<Definition> {
    Some(Definition::Listed { least, most, apply })
}

pub(super) fn fields(fields: &'static [(&'static str, bool)], apply: Apply) -> Option<Definition> {
    Some(Definition::Fields { fields, apply })
}

/// One application of an operator. An operand that was not written at all is `None`; one that is missing is
/// `Some(None)`.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub name: &'a str,
    pub operands: Vec<Option<Value>>,
    pub budget: &'a Budget,
}

impl Call<'_> {
    /// The operand, if it has a value.
    pub fn get(&self, index: usize) -> Option<&Bson> {
        self.operands.get(index).and_then(Option::as_ref).and_then(Option::as_ref)
    }

    /// Moves the operand out.
    pub fn take(&mut self, index: usize) -> Value {
        self.operands.get_mut(index).and_then(Option::take).flatten()
    }

    /// Whether the operand was written.
    pub fn is_given(&self, index: usize) -> bool {
        self.operands.get(index).is_some_and(Option::is_some)
    }

    /// Whether the operand is null or missing (or was not written).
    pub fn is_nullish(&self, index: usize) -> bool {
        is_nullish(self.get(index))
    }

    /// Whether the operand was written and is null or missing.
    pub fn is_given_nullish(&self, index: usize) -> bool {
        self.is_given(index) && self.is_nullish(index)
    }

    /// All operands, in order.
    pub fn values(&self) -> impl Iterator<Item = Option<&Bson>> {
        self.operands.iter().flatten().map(Option::as_ref)
    }

    pub fn text(&self, index: usize, what: &str) -> Result<&str> {
        match self.get(index) {
            Some(Bson::String(text) | Bson::Symbol(text)) => Ok(text),
            other => Err(self.wrong(what, "a string", other)),
        }
    }

    pub fn array(&self, index: usize, what: &str) -> Result<&[Bson]> {
        match self.get(index) {
            Some(Bson::Array(items)) => Ok(items),
            other => Err(self.wrong(what, "an array", other)),
        }
    }

    pub fn take_array(&mut self, index: usize, what: &str) -> Result<Vec<Bson>> {
        match self.take(index) {
            Some(Bson::Array(items)) => Ok(items),
            other => Err(self.wrong(what, "an array", other.as_ref())),
        }
    }

    /// The operand as a whole number; a double or decimal counts if it has no fraction.
    pub fn whole(&self, index: usize, what: &str) -> Result<i64> {
        let value = self.get(index);
        value.and_then(super::number::whole).ok_or_else(|| self.wrong(what, "a whole number", value))
    }

    pub fn wrong(&self, what: &str, expected: &str, found: Option<&Bson>) -> Error {
        self.error(format!("{what} must be {expected}, found {}", found.map_or("missing", type_name)))
    }

    pub fn error(&self, message: impl std::fmt::Display) -> Error {
        Error::invalid(format!("{}: {message}", self.name))
    }
}

/// Null, undefined and missing, which most operators answer with null.
pub(super) fn is_nullish(value: Option<&Bson>) -> bool {
    matches!(value, None | Some(Bson::Null | Bson::Undefined))
}

/// What counts as true: everything but false, null, missing and zeros.
pub(crate) fn truthy(value: Option<&Bson>) -> bool {
    match value {
        None | Some(Bson::Null | Bson::Undefined) => false,
        Some(Bson::Boolean(value)) => *value,
        Some(Bson::Int32(value)) => *value != 0,
        Some(Bson::Int64(value)) => *value != 0,
        Some(Bson::Double(value)) => *value != 0.0,
        Some(Bson::Decimal128(value)) => !crate::query::decimal::Decimal::from(*value).is_zero(),
        Some(_) => true,
    }
}
