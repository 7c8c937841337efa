//! The four operations, the remainder and the square root, each rounded once.
//!
//! The exponent of an exact result follows IEEE 754: the smaller one for a sum, the sum of both for a product, their
//! difference for a quotient as far as the digits allow.

use super::{Decimal, Natural, PRECISION, rounding::rounded};

/// Beyond this distance the smaller operand of a sum only decides which way to round.
const FAR: u32 = 3 * PRECISION;

impl Decimal {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (a, b) = match (self, other) {
            (Self::Nan, _) | (_, Self::Nan) => return Self::Nan,
            (Self::Infinite { negative: a }, Self::Infinite { negative: b }) => {
                return if a == b { self } else { Self::Nan };
            }
            (Self::Infinite { .. }, _) => return self,
            (_, Self::Infinite { .. }) => return other,
            (Self::Finite { .. }, Self::Finite { .. }) => {
                if self.exponent() >= other.exponent() {
                    (self, other)
                } else {
                    (other, self)
                }
            }
        };
        let (
            Self::Finite { negative: a_negative, coefficient: a, exponent: high },
            Self::Finite { negative: b_negative, coefficient: b, exponent: low },
        ) = (a, b)
        else {
            return Self::Nan;
        };
        let gap = high.saturating_sub(low).unsigned_abs();
        let (a, b, exponent) = if a == 0 {
            (Natural::default(), Natural::from(b), low)
        } else if gap > FAR {
            // A tiny remainder of the right sign rounds like the true one.
            let b = if b == 0 { Natural::default() } else { Natural::one() };
            (Natural::from(a).times_power_of_ten(FAR), b, high - FAR as i32)
        } else {
            (Natural::from(a).times_power_of_ten(gap), Natural::from(b), low)
        };
        if a_negative == b_negative {
            return rounded(a_negative, a.plus(&b), exponent);
        }
        let negative = match a.cmp(&b) {
            std::cmp::Ordering::Greater => a_negative,
            std::cmp::Ordering::Less => b_negative,
            std::cmp::Ordering::Equal => false,
        };
        rounded(negative, a.distance(&b), exponent)
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Self::Nan, _) | (_, Self::Nan) => Self::Nan,
            (Self::Infinite { .. }, factor) | (factor, Self::Infinite { .. }) => {
                if factor.is_zero() {
                    Self::Nan
                } else {
                    Self::Infinite { negative }
                }
            }
            (Self::Finite { coefficient: a, exponent: m, .. }, Self::Finite { coefficient: b, exponent: n, .. }) => {
                rounded(negative, Natural::from(a).times(&Natural::from(b)), m + n)
            }
        }
    }

    /// A zero divisor gives an infinity, zero by zero NaN.
    #[must_use]
    pub fn divided_by(self, divisor: Self) -> Self {
        let negative = self.is_negative() != divisor.is_negative();
        match (self, divisor) {
            (Self::Nan, _) | (_, Self::Nan) | (Self::Infinite { .. }, Self::Infinite { .. }) => Self::Nan,
            (Self::Infinite { .. }, _) => Self::Infinite { negative },
            (_, Self::Infinite { .. }) => Self::finite(negative, 0, super::EXPONENT_MIN),
            (Self::Finite { coefficient: a, exponent: m, .. }, Self::Finite { coefficient: b, exponent: n, .. }) => {
                match (a, b) {
                    (0, 0) => Self::Nan,
                    (_, 0) => Self::Infinite { negative },
                    (0, _) => rounded(negative, Natural::default(), m - n),
                    _ => quotient(negative, a, b, m - n),
                }
            }
        }
    }

    /// What is left after division by a whole number of divisors, with the sign of the dividend. NaN for a zero
    /// divisor.
    #[must_use]
    pub fn remainder(self, divisor: Self) -> Self {
        match (self, divisor) {
            (Self::Finite { .. }, Self::Infinite { .. }) => self,
            (
                Self::Finite { negative, coefficient: a, exponent: m },
                Self::Finite { coefficient: b, exponent: n, .. },
            ) if b != 0 => {
                let exponent = m.min(n);
                let dividend = Natural::from(a);
                // A divisor far above the dividend leaves all of it; a long scale would only cost time.
                if dividend.digits() as i32 + m < Natural::from(b).digits() as i32 + n {
                    return self;
                }
                let dividend = dividend.times_power_of_ten((m - exponent).unsigned_abs());
                let divisor = Natural::from(b).times_power_of_ten((n - exponent).unsigned_abs());
                rounded(negative, dividend.divided_by(&divisor).1, exponent)
            }
            _ => Self::Nan,
        }
    }

    /// NaN for a negative number.
    #[must_use]
    pub fn square_root(self) -> Self {
        match self {
            Self::Finite { coefficient: 0, negative, exponent } => Self::finite(negative, 0, exponent.div_euclid(2)),
            Self::Finite { negative: false, coefficient, exponent } => {
                let value = Natural::from(coefficient);
                // An even exponent, and digits enough for one more than the result can hold.
                let mut shift = (2 * (PRECISION + 2)).saturating_sub(value.digits());
                if (exponent - shift as i32).rem_euclid(2) == 1 {
                    shift += 1;
                }
                let scaled = value.times_power_of_ten(shift);
                let root = scaled.square_root();
                let half = (exponent - shift as i32).div_euclid(2);
                if root.times(&root) == scaled {
                    return toward(false, root, half, exponent.div_euclid(2));
                }
                rounded(false, root.times_small(10).plus(&Natural::one()), half - 1)
            }
            Self::Infinite { negative: false } => self,
            _ => Self::Nan,
        }
    }

    fn exponent(self) -> i32 {
        match self {
            Self::Finite { exponent, .. } => exponent,
            _ => 0,
        }
    }
}

fn quotient(negative: bool, dividend: u128, divisor: u128, preferred: i32) -> Decimal {
    let dividend = Natural::from(dividend);
    let divisor = Natural::from(divisor);
    let shift = (PRECISION + 2 + divisor.digits()).saturating_sub(dividend.digits());
    let (quotient, rest) = dividend.times_power_of_ten(shift).divided_by(&divisor);
    let exponent = preferred - shift as i32;
    if rest.is_zero() {
        return toward(negative, quotient, exponent, preferred);
    }
    // One more digit that is neither 0 nor 5 stands for the endless rest.
    rounded(negative, quotient.times_small(10).plus(&Natural::one()), exponent - 1)
}

/// An exact result: zeros at its end fall away until the exponent is the preferred one.
fn toward(negative: bool, mut value: Natural, mut exponent: i32, preferred: i32) -> Decimal {
    while exponent < preferred {
        let (shorter, rest) = value.divided_by_small(10);
        if rest != 0 || value.is_zero() {
            break;
        }
        (value, exponent) = (shorter, exponent + 1);
    }
    rounded(negative, value, exponent)
}

#[cfg(test)]
mod tests {
    use crate::query::decimal::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn sums_and_products_keep_the_exponent_of_the_standard() {
        for (a, b, sum, product) in [
            ("0.1", "2.5", "2.6", "0.25"),
            ("1", "1E-40", "1.000000000000000000000000000000000", "1E-40"),
            ("-7", "7", "0", "-49"),
            (
                "9999999999999999999999999999999999",
                "1",
                "1.000000000000000000000000000000000E+34",
                "9999999999999999999999999999999999",
            ),
            ("1E+6000", "1E-6000", "1.000000000000000000000000000000000E+6000", "1"),
            ("Infinity", "-1", "Infinity", "-Infinity"),
        ] {
            assert_eq!(decimal(a).plus(decimal(b)).to_string(), sum, "{a} + {b}");
            assert_eq!(decimal(a).times(decimal(b)).to_string(), product, "{a} * {b}");
        }
    }

    #[test]
    fn quotients_are_exact_where_they_can_be() {
        for (a, b, quotient) in [
            ("1", "3", "0.3333333333333333333333333333333333"),
            ("2", "3", "0.6666666666666666666666666666666667"),
            ("6", "3", "2"),
            ("1", "8", "0.125"),
            ("1", "0", "Infinity"),
            ("0", "0", "NaN"),
            ("100", "1E+1", "10.0"),
        ] {
            assert_eq!(decimal(a).divided_by(decimal(b)).to_string(), quotient, "{a} / {b}");
        }
    }

    #[test]
    fn remainders_and_roots() {
        assert_eq!(decimal("3").remainder(decimal("-7")).to_string(), "3");
        assert_eq!(decimal("-7.5").remainder(decimal("2")).to_string(), "-1.5");
        assert_eq!(decimal("1").remainder(decimal("0")).to_string(), "NaN");
        assert_eq!(decimal("0").square_root().to_string(), "0");
        assert_eq!(decimal("16").square_root().to_string(), "4");
        assert_eq!(decimal("2").square_root().to_string(), "1.414213562373095048801688724209698");
        assert_eq!(decimal("0.25").square_root().to_string(), "0.5");
    }
}
