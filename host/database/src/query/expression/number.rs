//! The four number types and the way they meet: int32 widens to int64, integers to double, everything to decimal.

use bson::Bson;

use crate::query::decimal::Decimal;

#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Int(i32),
    Long(i64),
    Double(f64),
    Decimal(Decimal),
}

/// The wider of two number types decides how they are worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    Int,
    Long,
    Double,
    Decimal,
}

impl Number {
    pub fn read(value: &Bson) -> Option<Self> {
        match value {
            Bson::Int32(value) => Some(Self::Int(*value)),
            Bson::Int64(value) => Some(Self::Long(*value)),
            Bson::Double(value) => Some(Self::Double(*value)),
            Bson::Decimal128(value) => Some(Self::Decimal((*value).into())),
            _ => None,
        }
    }

    pub fn width(self) -> Width {
        match self {
            Self::Int(_) => Width::Int,
            Self::Long(_) => Width::Long,
            Self::Double(_) => Width::Double,
            Self::Decimal(_) => Width::Decimal,
        }
    }

    pub fn to_double(self) -> f64 {
        match self {
            Self::Int(value) => f64::from(value),
            Self::Long(value) => value as f64,
            Self::Double(value) => value,
            Self::Decimal(value) => value.to_double(),
        }
    }

    pub fn to_decimal(self) -> Decimal {
        match self {
            Self::Int(value) => value.into(),
            Self::Long(value) => value.into(),
            Self::Double(value) => Decimal::from_double(value),
            Self::Decimal(value) => value,
        }
    }

    /// The integer, of an integer type only.
    pub fn integer(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Long(value) => Some(value),
            Self::Double(_) | Self::Decimal(_) => None,
        }
    }
}

impl From<Number> for Bson {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int32(value),
            Number::Long(value) => Self::Int64(value),
            Number::Double(value) => Self::Double(one_nan(value)),
            Number::Decimal(value) => Self::Decimal128(value.into()),
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
        (Ok(small), _) if width == Width::Int => Number::Int(small),
        (_, Ok(long)) => Number::Long(long),
        _ => Number::Double(value as f64),
    }
}

/// The whole number that a value of any number type stands for; `None` with a fraction or beyond int64.
pub(crate) fn whole(value: &Bson) -> Option<i64> {
    match Number::read(value)? {
        Number::Int(value) => Some(value.into()),
        Number::Long(value) => Some(value),
        Number::Double(value) => whole_double(value),
        Number::Decimal(value) => value.to_i64().filter(|whole| Decimal::from(*whole).compare(value).is_eq()),
    }
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
