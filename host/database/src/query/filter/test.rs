//! Tests of a single value. Null and missing, brackets of types, NaN: the rules live here.

use std::{cmp::Ordering, collections::HashSet};

use bson::Bson;

use super::node::{Comparison, Node};
use crate::query::{
    key,
    number::Number,
    order::{compare_views, rank},
    path::Entering,
    regex::Pattern,
    view::{Shape, Tree, View},
};

#[derive(Debug, Clone)]
pub(super) enum Test {
    Compare {
        side: Comparison,
        value: Bson,
    },
    /// `$in`: the literals by their keys, the patterns one after the other.
    OneOf {
        keys: HashSet<Vec<u8>>,
        values: Vec<Bson>,
        patterns: Vec<Pattern>,
        or_missing: bool,
    },
    Exists,
    /// BSON type numbers; `$type` and its names.
    Type(Vec<i32>),
    Modulo {
        divisor: i64,
        remainder: i64,
    },
    Matches(Pattern),
    Size(usize),
    /// `$elemMatch` with a filter: some element is a document that matches.
    ElementDocument(Box<Node>),
    /// `$elemMatch` with operators: some element passes.
    ElementValue(Box<Node>),
    Bits {
        mask: Bits,
        all: bool,
        set: bool,
    },
}

/// Which bits `$bitsAllSet` and its like look at: positions, each below 2^32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(pub(super) Vec<u64>);

impl Test {
    /// Whether the elements of an array at the end of the path are tested one by one, and then the array.
    pub(super) fn entering(&self) -> Entering {
        match self {
            Self::Size(_) | Self::ElementDocument(_) | Self::ElementValue(_) | Self::Exists => Entering::Named,
            _ => Entering::Elements,
        }
    }

    /// Tests that need no other document. `$elemMatch` is the evaluator's.
    pub(super) fn passes<'a, V: View<'a>>(&self, value: Option<V>) -> bool {
        match self {
            Self::Compare { side, value: against } => compares(*side, value, against),
            Self::OneOf { keys, patterns, or_missing, .. } => {
                let Some(value) = value else { return *or_missing };
                let mut key = Vec::with_capacity(16);
                key::encode_view(value, false, &mut key);
                keys.contains(&key) || patterns.iter().any(|pattern| pattern.matches(value))
            }
            Self::Exists => value.is_some(),
            Self::Type(numbers) => value.is_some_and(|value| numbers.contains(&value.type_number())),
            Self::Modulo { divisor, remainder } => value.is_some_and(|value| match value.shape() {
                // The least integer by -1 has no quotient, but its remainder is 0.
                Shape::Number(number) => {
                    number.truncated().is_some_and(|number| number.wrapping_rem(*divisor) == *remainder)
                }
                _ => false,
            }),
            Self::Matches(pattern) => value.is_some_and(|value| pattern.matches(value)),
            Self::Size(size) => value
                .is_some_and(|value| value.is_array() && value.items().take(size.saturating_add(1)).count() == *size),
            Self::Bits { mask, all, set } => value.is_some_and(|value| mask.look(value, *all, *set)),
            Self::ElementDocument(_) | Self::ElementValue(_) => false,
        }
    }
}

/// Manual, "Comparison Query Operators": only values of the same type are compared, but null equals a missing field,
/// and MinKey and MaxKey are compared with everything.
fn compares<'a, V: View<'a>>(side: Comparison, value: Option<V>, against: &Bson) -> bool {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let Some(value) = value else {
        return match against {
            Bson::Null => matches!(side, Equal | LessOrEqual | GreaterOrEqual),
            Bson::MaxKey => matches!(side, Less | LessOrEqual),
            Bson::MinKey => matches!(side, Greater | GreaterOrEqual),
            _ => false,
        };
    };
    let (left, right) = (value.shape(), Tree::Value(against).shape());
    let order = match (&left, &right) {
        (Shape::Number(a), Shape::Number(b)) => {
            if a.is_nan() || b.is_nan() {
                // NaN is neither above nor below anything, only equal to itself.
                return a.is_nan() && b.is_nan() && matches!(side, Equal | LessOrEqual | GreaterOrEqual);
            }
            a.compare(*b)
        }
        (_, Shape::MinKey | Shape::MaxKey) => rank(&left).cmp(&rank(&right)),
        _ if rank(&left) != rank(&right) => return false,
        _ => compare_views(value, Tree::Value(against)),
    };
    match side {
        Equal => order == Ordering::Equal,
        Less => order == Ordering::Less,
        LessOrEqual => order != Ordering::Greater,
        Greater => order == Ordering::Greater,
        GreaterOrEqual => order != Ordering::Less,
    }
}

impl Bits {
    /// Manual, "Bitwise Query Operators": integers (and doubles and decimals that are whole) by two's complement,
    /// binary data byte by byte from the lowest.
    fn look<'a, V: View<'a>>(&self, value: V, all: bool, set: bool) -> bool {
        let bit: Box<dyn Fn(u64) -> bool + 'a> = match value.shape() {
            Shape::Number(number) => {
                let Some(whole) = number.as_exact_i64() else { return false };
                Box::new(move |place| (whole >> place.min(63)) & 1 == 1)
            }
            Shape::Binary { bytes, .. } => Box::new(move |place| {
                let byte = usize::try_from(place / 8).ok().and_then(|at| bytes.get(at)).copied().unwrap_or(0);
                (byte >> (place % 8)) & 1 == 1
            }),
            _ => return false,
        };
        if all { self.0.iter().all(|place| bit(*place) == set) } else { self.0.iter().any(|place| bit(*place) == set) }
    }
}

/// The whole number in an operand that may be of any number type.
pub(super) fn whole(value: &Bson) -> Option<i64> {
    Number::from_bson(value).and_then(Number::as_exact_i64)
}
