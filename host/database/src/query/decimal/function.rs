//! Logarithms, exponential and powers of decimals.
//!
//! Worked out with 81 decimal places, so that the 34 digits of the answer are right but for ties nobody meets.

use std::sync::OnceLock;

use super::{Decimal, Natural, PRECISION, rounding::rounded};

/// Nine limbs: multiplication by the scale is a move, not a computation.
const PLACES: u32 = 81;

/// Exact powers may have up to this many digits before they are rounded.
const EXACT_POWER_DIGITS: u64 = 4_000;

/// A number with [`PLACES`] digits after the point.
#[derive(Debug, Clone)]
struct Fixed {
    negative: bool,
    value: Natural,
}

impl Fixed {
    fn whole(value: i64) -> Self {
        Self { negative: value < 0, value: Natural::from(u128::from(value.unsigned_abs())).times_power_of_ten(PLACES) }
    }

    fn plus(&self, other: &Self) -> Self {
        if self.negative == other.negative {
            return Self { negative: self.negative, value: self.value.plus(&other.value) };
        }
        let negative = if self.value >= other.value { self.negative } else { other.negative };
        Self { negative, value: self.value.distance(&other.value) }
    }

    fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { negative: !other.negative, value: other.value.clone() })
    }

    fn times(&self, other: &Self) -> Self {
        let (value, _) = self.value.times(&other.value).divided_by_power_of_ten(PLACES);
        Self { negative: self.negative != other.negative, value }
    }

    fn divided_by(&self, other: &Self) -> Self {
        let (value, _) = self.value.times_power_of_ten(PLACES).divided_by(&other.value);
        Self { negative: self.negative != other.negative, value }
    }

    fn divided_by_small(&self, divisor: u32) -> Self {
        Self { negative: self.negative, value: self.value.divided_by_small(divisor).0 }
    }

    fn to_decimal(&self, exponent: i32) -> Decimal {
        rounded(self.negative, self.value.clone(), exponent - PLACES as i32)
    }

    /// The decimal, cut to the places there are; `None` if it is not below a million.
    fn from_decimal(decimal: Decimal) -> Option<Self> {
        let Decimal::Finite { negative, coefficient, exponent } = decimal else { return None };
        let value = Natural::from(coefficient);
        if !value.is_zero() && value.digits() as i32 + exponent > 6 {
            return None;
        }
        let shift = exponent + PLACES as i32;
        let value = if value.is_zero() {
            value
        } else if shift >= 0 {
            value.times_power_of_ten(shift.unsigned_abs())
        } else {
            value.divided_by_power_of_ten(shift.unsigned_abs()).0
        };
        Some(Self { negative, value })
    }
}

/// `2 * artanh(z)` for `z = (x - 1) / (x + 1)`, which is the natural logarithm of `x`.
fn logarithm_near_one(x: &Fixed) -> Fixed {
    let one = Fixed::whole(1);
    let z = x.minus(&one).divided_by(&x.plus(&one));
    let square = z.times(&z);
    let mut power = z.clone();
    let mut sum = z;
    let mut divisor = 1;
    while !power.value.is_zero() {
        power = power.times(&square);
        divisor += 2;
        sum = sum.plus(&power.divided_by_small(divisor));
    }
    sum.plus(&sum)
}

fn logarithm_of_ten() -> &'static Fixed {
    static TEN: OnceLock<Fixed> = OnceLock::new();
    TEN.get_or_init(|| logarithm_near_one(&Fixed::whole(10)))
}

/// Of a positive, finite decimal.
fn logarithm(coefficient: u128, exponent: i32) -> Fixed {
    let value = Natural::from(coefficient);
    let height = value.digits() as i32 - 1;
    let mantissa = Fixed { negative: false, value: value.times_power_of_ten(PLACES - height.unsigned_abs()) };
    let tens = Fixed::whole(i64::from(height + exponent)).times(logarithm_of_ten());
    logarithm_near_one(&mantissa).plus(&tens)
}

fn exponential(x: &Fixed) -> Decimal {
    // e^x = 10^k * e^(x - k ln 10), with a rest below ln 10.
    let (tens, _) = x.divided_by(logarithm_of_ten()).value.divided_by_power_of_ten(PLACES);
    let tens = tens.to_u128().and_then(|tens| i32::try_from(tens).ok()).unwrap_or(1_000_000);
    let tens = if x.negative { -tens } else { tens };
    let rest = x.minus(&Fixed::whole(i64::from(tens)).times(logarithm_of_ten()));
    let mut term = Fixed::whole(1);
    let mut sum = term.clone();
    let mut divisor = 0;
    while !term.value.is_zero() {
        divisor += 1;
        term = term.times(&rest).divided_by_small(divisor);
        sum = sum.plus(&term);
    }
    sum.to_decimal(tens)
}

impl Decimal {
    /// NaN below zero, -infinity at zero.
    #[must_use]
    pub fn natural_logarithm(self) -> Self {
        match self {
            Self::Finite { coefficient: 0, .. } => Self::Infinite { negative: true },
            Self::Finite { negative: false, coefficient: 1, exponent: 0 } => Self::ZERO,
            Self::Finite { negative: false, coefficient, exponent } => logarithm(coefficient, exponent).to_decimal(0),
            Self::Infinite { negative: false } => self,
            _ => Self::Nan,
        }
    }

    /// Exact for powers of ten.
    #[must_use]
    pub fn decimal_logarithm(self) -> Self {
        match self {
            Self::Finite { negative: false, coefficient, exponent } if coefficient != 0 => {
                let height = coefficient.ilog10();
                if coefficient == 10_u128.pow(height) {
                    return Self::from(i64::from(height) + i64::from(exponent));
                }
                logarithm(coefficient, exponent).divided_by(logarithm_of_ten()).to_decimal(0)
            }
            _ => self.natural_logarithm(),
        }
    }

    #[must_use]
    pub fn exponential(self) -> Self {
        match self {
            Self::Nan => Self::Nan,
            Self::Infinite { negative: true } => Self::ZERO,
            Self::Infinite { negative: false } => self,
            Self::Finite { coefficient: 0, .. } => Self::from(1_i64),
            Self::Finite { negative, .. } => match Fixed::from_decimal(self) {
                Some(x) => exponential(&x),
                None if negative => Self::ZERO,
                None => Self::Infinite { negative: false },
            },
        }
    }

    /// Exact as far as 34 digits go when the exponent is a whole number of modest size.
    #[must_use]
    pub fn power(self, exponent: Self) -> Self {
        let one = Self::from(1_i64);
        let whole = exponent.to_i64().filter(|whole| Self::from(*whole).compare(exponent).is_eq());
        if exponent.is_zero() || self == one {
            return one;
        }
        match (self, exponent) {
            (Self::Nan, _) | (_, Self::Nan) => Self::Nan,
            (Self::Finite { coefficient: 0, negative, .. }, _) | (Self::Infinite { negative }, _) => {
                let odd = whole.is_some_and(|whole| whole % 2 != 0);
                let grows = self.is_finite() == exponent.is_negative();
                if grows { Self::Infinite { negative: negative && odd } } else { Self::finite(negative && odd, 0, 0) }
            }
            (_, Self::Infinite { negative }) => match self.absolute().compare(one) {
                std::cmp::Ordering::Equal => one,
                order if order.is_gt() != negative => Self::Infinite { negative: false },
                _ => Self::ZERO,
            },
            (Self::Finite { negative, coefficient, exponent: ten }, _) => match whole {
                Some(whole) if whole.unsigned_abs().saturating_mul(u64::from(PRECISION)) <= EXACT_POWER_DIGITS => {
                    exact_power(negative, coefficient, ten, whole)
                }
                None if negative => Self::Nan,
                _ => {
                    let odd = whole.is_some_and(|whole| whole % 2 != 0);
                    let size = power_by_logarithm(coefficient, ten, exponent);
                    if negative && odd { size.negated() } else { size }
                }
            },
        }
    }
}

fn exact_power(negative: bool, coefficient: u128, ten: i32, exponent: i64) -> Decimal {
    let times = exponent.unsigned_abs() as u32;
    let base = Natural::from(coefficient);
    let product = (0..times).fold(Natural::one(), |product, _| product.times(&base));
    let negative = negative && times % 2 == 1;
    if exponent > 0 {
        return rounded(negative, product, ten.saturating_mul(times as i32));
    }
    let one = Natural::power_of_ten(product.digits() + PRECISION + 2);
    let shift = one.digits() as i32 - 1;
    let (quotient, rest) = one.divided_by(&product);
    let scale = -ten.saturating_mul(times as i32) - shift;
    if rest.is_zero() {
        return rounded(negative, quotient, scale).simplified();
    }
    rounded(negative, quotient.times_small(10).plus(&Natural::one()), scale - 1)
}

fn power_by_logarithm(coefficient: u128, ten: i32, exponent: Decimal) -> Decimal {
    let log = logarithm(coefficient, ten);
    // The product decides whether the answer is in range at all, so a rough one comes first.
    let rough = log.to_decimal(0).times(exponent);
    match (Fixed::from_decimal(exponent), Fixed::from_decimal(rough)) {
        (Some(exponent), Some(_)) => exponential(&log.times(&exponent)),
        (None, Some(rough)) => exponential(&rough),
        _ if rough.is_negative() => Decimal::ZERO,
        _ => Decimal::Infinite { negative: false },
    }
}

#[cfg(test)]
mod tests {
    use crate::query::decimal::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn logarithms_have_thirty_four_right_digits() {
        assert_eq!(decimal("0.1").natural_logarithm().to_string(), "-2.302585092994045684017991454684364");
        assert_eq!(decimal("2").natural_logarithm().to_string(), "0.6931471805599453094172321214581766");
        assert_eq!(decimal("1").natural_logarithm().to_string(), "0");
        assert_eq!(decimal("0.1").decimal_logarithm().to_string(), "-1");
        assert_eq!(decimal("2").decimal_logarithm().to_string(), "0.3010299956639811952137388947244930");
    }

    #[test]
    fn exponential_and_powers() {
        assert_eq!(decimal("1").exponential().to_string(), "2.718281828459045235360287471352662");
        assert_eq!(decimal("-1").exponential().to_string(), "0.3678794411714423215955237701614609");
        assert_eq!(decimal("1E+9").exponential().to_string(), "Infinity");
        assert_eq!(decimal("2").power(decimal("3")).to_string(), "8");
        assert_eq!(decimal("2").power(decimal("-1")).to_string(), "0.5");
        assert_eq!(decimal("2").power(decimal("0.5")).to_string(), "1.414213562373095048801688724209698");
        assert_eq!(decimal("-2").power(decimal("0.5")).to_string(), "NaN");
        assert_eq!(decimal("10").power(decimal("7000")).to_string(), "Infinity");
    }
}
