//! The four number types and the way they meet: int32 widens to int64, integers to double, everything to decimal.

use bson::Bson;

use crate::query::{decimal::Decimal, number::Number};

/// The wider of two number types decides how they are worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Width {
    Int,
    Long,
    Double,
    Decimal,
}

impl Number {
    pub(crate) fn width(self) -> Width {
        match self {
            Self::Int32(_) => Width::Int,
            Self::Int64(_) => Width::Long,
            Self::Double(_) => Width::Double,
            Self::Decimal(_) => Width::Decimal,
        }
    }

    /// The double nearest to the number.
    pub(crate) fn to_double(self) -> f64 {
        match self {
            Self::Int32(value) => f64::from(value),
            Self::Int64(value) => value as f64,
            Self::Double(value) => value,
            Self::Decimal(value) => Decimal::from(value).to_double(),
        }
    }

    /// The integer, of an integer type only.
    pub(crate) fn integer(self) -> Option<i64> {
        match self {
            Self::Int32(value) => Some(value.into()),
            Self::Int64(value) => Some(value),
            Self::Double(_) | Self::Decimal(_) => None,
        }
    }
}

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value.into())
    }
}

/// A result as it is given back.
impl From<Number> for Bson {
    fn from(number: Number) -> Self {
        match number {
            Number::Double(value) => Self::Double(one_nan(value)),
            other => other.to_bson(),
        }
    }
}

/// Processors make NaN with either sign; a result has always the same one.
pub(super) fn one_nan(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}

/// An integer result: int32 if both operands were and it fits, else int64, beyond that a double.
pub(super) fn integer(value: i128, width: Width) -> Number {
    match (i32::try_from(value), i64::try_from(value)) {
        (Ok(small), _) if width == Width::Int => Number::Int32(small),
        (_, Ok(long)) => Number::Int64(long),
        _ => Number::Double(value as f64),
    }
}

/// The whole number that a value of any number type stands for; `None` with a fraction or beyond int64.
pub(crate) fn whole(value: &Bson) -> Option<i64> {
    Number::from_bson(value)?.as_exact_i64()
}

/// The int64 that the double is exactly.
pub(super) fn whole_double(value: f64) -> Option<i64> {
    truncated(value).filter(|_| value.fract() == 0.0)
}

/// The int64 that is left without the fraction.
pub(super) fn truncated(value: f64) -> Option<i64> {
    // -2^63 is a double; 2^63 is the first one too large.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value).then_some(value as i64)
}
