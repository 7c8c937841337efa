//! Exact decimals: order, arithmetic and rounding of decimal128, which the `bson` crate only stores.
//!
//! Follows IEEE 754-2008 decimal128 with 34 digits and rounding half to even, and MongoDB where it adds a rule of its
//! own (a double that meets a decimal is taken with 15 digits). Pure: knows no documents and no operators.

mod arithmetic;
mod function;
mod natural;
mod rounding;
mod text;

use std::cmp::Ordering;

use bson::Decimal128;

use natural::Natural;

pub use rounding::Rounding;
pub use text::NotADecimal;

/// Digits of a coefficient.
pub const PRECISION: u32 = 34;
const COEFFICIENT_LIMIT: u128 = 10_u128.pow(PRECISION);
const EXPONENT_MIN: i32 = -6176;
const EXPONENT_MAX: i32 = 6111;
const EXPONENT_BIAS: i32 = 6176;

/// A decimal128 taken apart: `±coefficient × 10^exponent`, or one of the special values.
///
/// `==` compares the representation (`1.0` is not `1.00`, `0` is not `-0`); [`compare`](Self::compare) the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    Nan,
    Infinite { negative: bool },
    Finite { negative: bool, coefficient: u128, exponent: i32 },
}

impl Decimal {
    pub const ZERO: Self = Self::Finite { negative: false, coefficient: 0, exponent: 0 };

    /// The digits and the sign given, times a power of ten.
    ///
    /// The caller keeps to 34 digits and to the exponents of decimal128.
    fn finite(negative: bool, coefficient: u128, exponent: i32) -> Self {
        Self::Finite { negative, coefficient, exponent }
    }

    pub fn is_nan(self) -> bool {
        matches!(self, Self::Nan)
    }

    pub fn is_zero(self) -> bool {
        matches!(self, Self::Finite { coefficient: 0, .. })
    }

    pub fn is_finite(self) -> bool {
        matches!(self, Self::Finite { .. })
    }

    /// Whether the sign bit is set, which is so for `-0` too.
    pub fn is_negative(self) -> bool {
        match self {
            Self::Nan => false,
            Self::Infinite { negative } | Self::Finite { negative, .. } => negative,
        }
    }

    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Nan => Self::Nan,
            Self::Infinite { negative } => Self::Infinite { negative: !negative },
            Self::Finite { negative, coefficient, exponent } => Self::finite(!negative, coefficient, exponent),
        }
    }

    #[must_use]
    pub fn absolute(self) -> Self {
        if self.is_negative() { self.negated() } else { self }
    }

    /// A double as MongoDB takes it when it meets a decimal: 15 significant digits.
    ///
    /// Source: "Convert to Decimal" of the manual's page on `$toDecimal`.
    pub fn from_double(value: f64) -> Self {
        Self::from_double_exact(value).with_digits(15)
    }

    /// The 34 digits nearest to the double.
    pub fn from_double_exact(value: f64) -> Self {
        let Some((negative, mantissa, power)) = parts(value) else {
            return if value.is_nan() { Self::Nan } else { Self::Infinite { negative: value < 0.0 } };
        };
        let mantissa = Natural::from(u128::from(mantissa));
        if mantissa.is_zero() {
            return Self::finite(negative, 0, 0);
        }
        if power >= 0 {
            return rounding::rounded(negative, mantissa.times_power_of_two(power.unsigned_abs()), 0);
        }
        // m / 2^k = m * 5^k / 10^k
        let fives = power.unsigned_abs();
        let scaled = mantissa.times_power_of_ten(fives).divided_by(&Natural::one().times_power_of_two(fives)).0;
        rounding::rounded(negative, scaled, power).simplified()
    }

    /// The double nearest to the value.
    pub fn to_double(self) -> f64 {
        match self {
            Self::Nan => f64::NAN,
            Self::Infinite { negative: false } => f64::INFINITY,
            Self::Infinite { negative: true } => f64::NEG_INFINITY,
            Self::Finite { negative, coefficient, exponent } => {
                let magnitude: f64 = format!("{coefficient}e{exponent}").parse().unwrap_or(f64::NAN);
                if negative { -magnitude } else { magnitude }
            }
        }
    }

    /// The whole part, cut towards zero; `None` for what an int64 cannot hold.
    pub fn to_i64(self) -> Option<i64> {
        let Self::Finite { negative, coefficient, exponent } = self else { return None };
        if coefficient == 0 {
            return Some(0);
        }
        let magnitude = if exponent >= 0 {
            coefficient.checked_mul(10_u128.checked_pow(exponent.unsigned_abs())?)?
        } else {
            10_u128.checked_pow(exponent.unsigned_abs()).map_or(0, |divisor| coefficient / divisor)
        };
        let magnitude = i128::try_from(magnitude).ok()?;
        i64::try_from(if negative { -magnitude } else { magnitude }).ok()
    }

    /// The order of the values, exact: `1.0` equals `1.00`, `-0` equals `0`, NaN is below everything and equals itself.
    pub fn compare(self, other: Self) -> Ordering {
        match (self.class(), other.class()) {
            (mine, theirs) if mine != theirs => mine.cmp(&theirs),
            (2 | 4, _) => {
                let order = self.compare_magnitude(other);
                if self.is_negative() { order.reverse() } else { order }
            }
            _ => Ordering::Equal,
        }
    }

    /// The order against a double, by the double's exact value: the decimal 0.1 is below the double 0.1.
    pub fn compare_double(self, other: f64) -> Ordering {
        if other.is_nan() {
            return if self.is_nan() { Ordering::Equal } else { Ordering::Greater };
        }
        if self.is_nan() {
            return Ordering::Less;
        }
        // Rounding keeps the order, so only a double that is the nearest one needs the long way.
        match self.to_double().partial_cmp(&other) {
            Some(Ordering::Equal) => self.compare_exactly(other),
            Some(order) => order,
            None => Ordering::Equal,
        }
    }

    fn compare_exactly(self, other: f64) -> Ordering {
        let (Self::Finite { coefficient, exponent, negative }, Some((_, mantissa, power))) = (self, parts(other))
        else {
            // A decimal beyond the doubles rounds to infinity but is still below it.
            return match self {
                Self::Finite { negative: false, .. } => Ordering::Less,
                Self::Finite { negative: true, .. } => Ordering::Greater,
                _ => Ordering::Equal,
            };
        };
        if coefficient == 0 || mantissa == 0 {
            let order = (coefficient != 0).cmp(&(mantissa != 0));
            return if negative { order.reverse() } else { order };
        }
        let scale = |value: Natural, ten: i32, two: i32| {
            value.times_power_of_ten(ten.max(0).unsigned_abs()).times_power_of_two(two.max(0).unsigned_abs())
        };
        let mine = scale(coefficient.into(), exponent, -power);
        let theirs = scale(u128::from(mantissa).into(), -exponent, power);
        if negative { theirs.cmp(&mine) } else { mine.cmp(&theirs) }
    }

    /// NaN, -infinity, negative, zero, positive, infinity.
    fn class(self) -> u8 {
        match self {
            Self::Nan => 0,
            Self::Infinite { negative: true } => 1,
            Self::Finite { coefficient: 0, .. } => 3,
            Self::Finite { negative: true, .. } => 2,
            Self::Finite { negative: false, .. } => 4,
            Self::Infinite { negative: false } => 5,
        }
    }

    fn compare_magnitude(self, other: Self) -> Ordering {
        let (Self::Finite { coefficient: a, exponent: m, .. }, Self::Finite { coefficient: b, exponent: n, .. }) =
            (self, other)
        else {
            return Ordering::Equal;
        };
        let length = |coefficient: u128| coefficient.checked_ilog10().map_or(0, |log| log as i32 + 1);
        (length(a) + m).cmp(&(length(b) + n)).then_with(|| {
            // Equal in height, so the longer one has at most 34 digits after scaling too.
            let scaled = |coefficient: u128, by: i32| coefficient * 10_u128.pow(by.max(0).unsigned_abs());
            scaled(a, m - n).cmp(&scaled(b, n - m))
        })
    }
}

/// Sign, mantissa and power of two of a finite double.
fn parts(value: f64) -> Option<(bool, u64, i32)> {
    if !value.is_finite() {
        return None;
    }
    let bits = value.to_bits();
    let raw_exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power) =
        if raw_exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), raw_exponent - 1075) };
    Some((value.is_sign_negative(), mantissa, power))
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self::finite(value < 0, u128::from(value.unsigned_abs()), 0)
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

/// Coefficients beyond 34 digits are not canonical and count as zero, as the standard says.
impl From<Decimal128> for Decimal {
    fn from(value: Decimal128) -> Self {
        let bits = u128::from_le_bytes(value.bytes());
        let negative = bits >> 127 == 1;
        if (bits >> 123) & 0b1111 == 0b1111 {
            return if (bits >> 122) & 1 == 1 { Self::Nan } else { Self::Infinite { negative } };
        }
        // With both top bits set the coefficient starts at 2^113, which is more than 34 digits.
        let large = (bits >> 125) & 0b11 == 0b11;
        let raw_exponent = if large { (bits >> 111) & 0x3fff } else { (bits >> 113) & 0x3fff };
        let coefficient = bits & ((1 << 113) - 1);
        let coefficient = if large || coefficient >= COEFFICIENT_LIMIT { 0 } else { coefficient };
        Self::finite(negative, coefficient, raw_exponent as i32 - EXPONENT_BIAS)
    }
}

impl From<Decimal> for Decimal128 {
    fn from(value: Decimal) -> Self {
        let sign = u128::from(value.is_negative()) << 127;
        let bits = match value {
            Decimal::Nan => 0b11111 << 122,
            Decimal::Infinite { .. } => sign | (0b11110 << 122),
            Decimal::Finite { coefficient, exponent, .. } => {
                let raw_exponent = (exponent + EXPONENT_BIAS).clamp(0, EXPONENT_MAX + EXPONENT_BIAS).unsigned_abs();
                sign | (u128::from(raw_exponent) << 113) | coefficient
            }
        };
        Self::from_bytes(bits.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_decimal_tenth_is_below_the_double_tenth() {
        assert_eq!(decimal("0.1").compare_double(0.1), Ordering::Less);
        assert_eq!(decimal("0.5").compare_double(0.5), Ordering::Equal);
        assert_eq!(decimal("-0.1").compare_double(-0.1), Ordering::Greater);
        assert_eq!(decimal("1E+400").compare_double(f64::INFINITY), Ordering::Less);
        assert_eq!(decimal("1E-6000").compare_double(0.0), Ordering::Greater);
        assert_eq!(decimal("-1E-6000").compare_double(-0.0), Ordering::Less);
        assert_eq!(decimal("NaN").compare_double(f64::NAN), Ordering::Equal);
    }

    #[test]
    fn doubles_become_decimals_with_fifteen_digits() {
        for (double, text) in [
            (0.1, "0.100000000000000"),
            (1.5, "1.50000000000000"),
            (1e300, "1.00000000000000E+300"),
            (0.0, "0"),
            (-0.0, "-0"),
            (9.999_999_999_999_999, "10.0000000000000"),
        ] {
            assert_eq!(Decimal128::from(Decimal::from_double(double)).to_string(), text);
        }
        assert_eq!(Decimal::from_double_exact(2.5).to_string(), "2.5");
    }

    proptest! {
        #[test]
        fn bytes_and_back_is_the_same_number(bytes: [u8; 16]) {
            let stored = Decimal128::from_bytes(bytes);
            let back = Decimal128::from(Decimal::from(stored));
            prop_assert_eq!(back.to_string(), stored.to_string());
        }

        #[test]
        fn a_double_compares_with_itself_as_equal_when_its_digits_fit(value in -1_000_000_000_i64..1_000_000_000) {
            let double = value as f64 / 1024.0;
            prop_assert_eq!(Decimal::from_double_exact(double).compare_double(double), Ordering::Equal);
        }

        #[test]
        fn order_agrees_with_the_integers(a: i64, b: i64) {
            prop_assert_eq!(Decimal::from(a).compare(Decimal::from(b)), a.cmp(&b));
        }
    }
}
