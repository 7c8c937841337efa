//! The four number types as one line: exact comparison across int32, int64, double and decimal128, and the exact
//! point of a number that keys are built from.
//!
//! Rule: numbers of different types compare by value, without rounding
//! (manual, "Comparison/Sort Order", <https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>).
//! All NaN are one value, below every other number; zeros of either sign are one value.

use std::cmp::Ordering;

use bson::{Bson, Decimal128};

use super::decimal::Decimal;

/// A number as it is stored.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    Int32(i32),
    Int64(i64),
    Double(f64),
    Decimal(Decimal128),
}

impl Number {
    /// The number in `value`, `None` for any other type.
    pub fn from_bson(value: &Bson) -> Option<Self> {
        match value {
            Bson::Int32(number) => Some(Self::Int32(*number)),
            Bson::Int64(number) => Some(Self::Int64(*number)),
            Bson::Double(number) => Some(Self::Double(*number)),
            Bson::Decimal128(number) => Some(Self::Decimal(*number)),
            _ => None,
        }
    }

    /// Back into a stored value.
    pub fn to_bson(self) -> Bson {
        match self {
            Self::Int32(number) => Bson::Int32(number),
            Self::Int64(number) => Bson::Int64(number),
            Self::Double(number) => Bson::Double(number),
            Self::Decimal(number) => Bson::Decimal128(number),
        }
    }

    pub fn is_nan(self) -> bool {
        match self {
            Self::Double(number) => number.is_nan(),
            Self::Decimal(number) => Decimal::from(number).is_nan(),
            Self::Int32(_) | Self::Int64(_) => false,
        }
    }

    /// The value if it is an integer that 64 bits hold, whatever the type.
    pub fn as_exact_i64(self) -> Option<i64> {
        match self {
            Self::Int32(number) => Some(i64::from(number)),
            Self::Int64(number) => Some(number),
            Self::Double(number) => exact_i64(number),
            Self::Decimal(_) => {
                let whole = self.truncated()?;
                (self.compare(Self::Int64(whole)) == Ordering::Equal).then_some(whole)
            }
        }
    }

    /// The integer part, rounded towards zero; `None` for NaN, infinity and what 64 bits do not hold.
    pub fn truncated(self) -> Option<i64> {
        match self {
            Self::Int32(number) => Some(i64::from(number)),
            Self::Int64(number) => Some(number),
            Self::Double(number) => exact_i64(number.trunc()),
            Self::Decimal(number) => Decimal::from(number).to_i64(),
        }
    }

    /// As a decimal, for arithmetic: a double is rounded to 15 digits first.
    pub fn to_decimal(self) -> Decimal {
        match self {
            Self::Int32(number) => Decimal::from(number),
            Self::Int64(number) => Decimal::from(number),
            Self::Double(number) => Decimal::from_double(number),
            Self::Decimal(number) => Decimal::from(number),
        }
    }

    /// Order by value.
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int32(a), Self::Int32(b)) => a.cmp(&b),
            (Self::Double(a), Self::Double(b)) => compare_doubles(a, b),
            (Self::Decimal(_), _) | (_, Self::Decimal(_)) => self.point().cmp(&other.point()),
            (Self::Double(a), Self::Int32(b)) => compare_doubles(a, f64::from(b)),
            (Self::Int32(a), Self::Double(b)) => compare_doubles(f64::from(a), b),
            (Self::Double(a), Self::Int64(b)) => compare_double_int(a, b),
            (Self::Int64(a), Self::Double(b)) => compare_double_int(b, a).reverse(),
            (Self::Int32(a), Self::Int64(b)) => i64::from(a).cmp(&b),
            (Self::Int64(a), Self::Int32(b)) => a.cmp(&i64::from(b)),
            (Self::Int64(a), Self::Int64(b)) => a.cmp(&b),
        }
    }

    /// Where the number stands on the line; equal numbers have equal points.
    pub(crate) fn point(self) -> Point {
        match self {
            Self::Int32(number) => Point::of_double(f64::from(number)),
            Self::Double(number) => Point::of_double(number),
            Self::Int64(number) => {
                #[expect(clippy::cast_precision_loss, reason = "what is lost is put back by the rest")]
                let near = number as f64;
                Point::near(near, compare_double_int(near, number), Rest::of(Decimal::from(number)))
            }
            Self::Decimal(number) => decimal_point(Decimal::from(number)),
        }
    }
}

/// The largest double that is not above the number, and what is missing from there: `None` if nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// Bits of the double, turned so that they sort as unsigned numbers.
    pub(crate) floor: u64,
    pub(crate) rest: Option<Rest>,
}

/// A number that no double hits, by its decimal digits. Only compared between numbers with the same floor, hence of
/// the same sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) negative: bool,
    /// Power of ten of the first digit.
    pub(crate) magnitude: i32,
    /// 38 digits, the first one not zero.
    pub(crate) digits: u128,
}

impl Rest {
    fn of(decimal: Decimal) -> Self {
        let Decimal::Finite { negative, coefficient, exponent } = decimal else {
            return Self { negative: false, magnitude: 0, digits: 0 };
        };
        let length = i32::try_from(coefficient.checked_ilog10().map_or(0, |power| power + 1)).unwrap_or_default();
        let digits = coefficient * 10_u128.pow(38_u32.saturating_sub(length.unsigned_abs()));
        Self { negative, magnitude: exponent + length, digits }
    }
}

impl PartialOrd for Rest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rest {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.magnitude, self.digits).cmp(&(other.magnitude, other.digits));
        other.negative.cmp(&self.negative).then(if self.negative { size.reverse() } else { size })
    }
}

impl Point {
    fn of_double(number: f64) -> Self {
        Self { floor: sortable(number), rest: None }
    }

    /// From a double next to the number and how the double compares with it.
    fn near(near: f64, order: Ordering, rest: Rest) -> Self {
        match order {
            Ordering::Equal => Self::of_double(near),
            Ordering::Less => Self { floor: sortable(near), rest: Some(rest) },
            Ordering::Greater => Self { floor: sortable(near.next_down()), rest: Some(rest) },
        }
    }
}

/// NaN is the smallest, the zeros are one.
fn sortable(number: f64) -> u64 {
    if number.is_nan() {
        return 0;
    }
    let bits = if number == 0.0 { 0 } else { number.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn decimal_point(decimal: Decimal) -> Point {
    match decimal {
        Decimal::Nan => Point::of_double(f64::NAN),
        Decimal::Infinite { negative } => Point::of_double(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        Decimal::Finite { coefficient: 0, .. } => Point::of_double(0.0),
        Decimal::Finite { negative, coefficient, exponent } => {
            let text = format!("{}{coefficient}e{exponent}", if negative { "-" } else { "" });
            // Digits and an exponent always parse, to infinity at worst.
            let near: f64 = text.parse().unwrap_or(f64::NAN);
            let rest = Rest::of(decimal);
            Point::near(near, exact_digits(near).cmp(&Some(rest)), rest)
        }
    }
}

/// The exact decimal expansion of a double, as far as 38 digits go; a double with more digits is moved off a decimal
/// that shares them by one unit of the last place, which no decimal128 uses.
fn exact_digits(number: f64) -> Option<Rest> {
    let negative = number.is_sign_negative();
    if number.is_infinite() {
        return Some(Rest { negative, magnitude: i32::MAX, digits: 0 });
    }
    if number == 0.0 {
        // Below every positive number and above every negative one: the caller's number decides the side.
        return Some(Rest { negative, magnitude: i32::MIN, digits: 0 });
    }
    // 767 significant digits hold every double exactly.
    let text = format!("{:.766e}", number.abs());
    let (mantissa, exponent) = text.split_once('e')?;
    let mut digits = mantissa.bytes().filter(u8::is_ascii_digit).map(|byte| u128::from(byte - b'0'));
    let head = digits.by_ref().take(38).fold(0_u128, |sum, digit| sum * 10 + digit);
    let more = digits.any(|digit| digit != 0);
    Some(Rest { negative, magnitude: exponent.parse::<i32>().ok()? + 1, digits: head + u128::from(more) })
}

/// The integer a double stands for, if it does and 64 bits hold it.
fn exact_i64(number: f64) -> Option<i64> {
    // 2^63 is the first double beyond i64.
    if number.fract() != 0.0 || !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "range and fraction were checked")]
    Some(number as i64)
}

fn compare_doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn compare_double_int(a: f64, b: i64) -> Ordering {
    if a.is_nan() || a < -9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if a >= 9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked, the fraction is compared after")]
    let whole = a.trunc() as i64;
    whole.cmp(&b).then_with(|| a.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal))
}
