//! Fitting exact results into 34 digits, half to even, and moving a decimal to another number of places.

use super::{COEFFICIENT_LIMIT, Decimal, EXPONENT_MAX, EXPONENT_MIN, Natural, PRECISION};

/// What happens to the digits that are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    HalfEven,
    TowardsZero,
    Down,
    Up,
}

/// The number without its lowest `places` digits, rounded by the digits that fall away.
pub(super) fn cut(value: &Natural, places: u32, rounding: Rounding, negative: bool) -> Natural {
    let (kept, rest) = value.divided_by_power_of_ten(places);
    let up = match rounding {
        Rounding::TowardsZero => false,
        Rounding::Down => negative && !rest.is_zero(),
        Rounding::Up => !negative && !rest.is_zero(),
        Rounding::HalfEven => match rest.times_small(2).cmp(&Natural::power_of_ten(places)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => kept.is_odd(),
            std::cmp::Ordering::Greater => true,
        },
    };
    if up { kept.plus(&Natural::one()) } else { kept }
}

/// The nearest decimal128; beyond the largest exponent infinity, below the smallest fewer digits.
pub(super) fn rounded(negative: bool, value: Natural, exponent: i32) -> Decimal {
    let excess = value.digits().saturating_sub(PRECISION);
    let below = EXPONENT_MIN.saturating_sub(exponent).max(0).unsigned_abs();
    let places = excess.max(below);
    let (mut value, mut exponent) = if places == 0 {
        (value, exponent)
    } else {
        let places = places.min(value.digits() + 1);
        let kept = cut(&value, places, Rounding::HalfEven, negative);
        (kept, exponent.saturating_add(places as i32).max(EXPONENT_MIN))
    };
    if value.digits() > PRECISION {
        // Rounding carried into one more digit, and that digit is a zero.
        (value, exponent) = (cut(&value, 1, Rounding::HalfEven, negative), exponent + 1);
    }
    if value.is_zero() {
        return Decimal::finite(negative, 0, exponent.clamp(EXPONENT_MIN, EXPONENT_MAX));
    }
    if exponent > EXPONENT_MAX {
        let padding = (exponent - EXPONENT_MAX).unsigned_abs();
        if value.digits() + padding > PRECISION {
            return Decimal::Infinite { negative };
        }
        (value, exponent) = (value.times_power_of_ten(padding), EXPONENT_MAX);
    }
    match value.to_u128() {
        Some(coefficient) => Decimal::finite(negative, coefficient, exponent),
        None => Decimal::Infinite { negative },
    }
}

impl Decimal {
    /// The value with that many digits after the point (before it, for a negative number). `None` if they do not fit
    /// into 34 digits. NaN and infinities stay what they are.
    pub fn quantized(self, places: i32, rounding: Rounding) -> Option<Self> {
        let Self::Finite { negative, coefficient, exponent } = self else { return Some(self) };
        let target = -places;
        let value = Natural::from(coefficient);
        let value = if target >= exponent {
            let cut_digits = (target - exponent).unsigned_abs().min(value.digits() + 1);
            cut(&value, cut_digits, rounding, negative)
        } else if coefficient == 0 {
            value
        } else if (exponent - target).unsigned_abs() > PRECISION {
            return None;
        } else {
            value.times_power_of_ten((exponent - target).unsigned_abs())
        };
        let coefficient = value.to_u128().filter(|coefficient| *coefficient < COEFFICIENT_LIMIT)?;
        Some(Self::finite(negative, coefficient, target))
    }

    /// The whole number next to the value in the direction given. A value without a fraction is left alone.
    #[must_use]
    pub fn to_whole(self, rounding: Rounding) -> Self {
        match self {
            Self::Finite { exponent, .. } if exponent < 0 => self.quantized(0, rounding).unwrap_or(self),
            _ => self,
        }
    }

    /// Exactly that many significant digits, zeros added where need be.
    pub(super) fn with_digits(self, digits: u32) -> Self {
        let Self::Finite { negative, coefficient, exponent } = self else { return self };
        let value = Natural::from(coefficient);
        let present = value.digits();
        if present == 0 {
            return self;
        }
        if present < digits {
            let missing = digits - present;
            return rounded(negative, value.times_power_of_ten(missing), exponent - missing as i32);
        }
        let excess = present - digits;
        let kept = cut(&value, excess, Rounding::HalfEven, negative);
        let carried = u32::from(kept.digits() > digits);
        let kept = cut(&kept, carried, Rounding::HalfEven, negative);
        rounded(negative, kept, exponent + (excess + carried) as i32)
    }

    /// Without the zeros at the end of a fraction.
    #[must_use]
    pub fn simplified(self) -> Self {
        let Self::Finite { negative, mut coefficient, mut exponent } = self else { return self };
        while exponent < 0 && coefficient % 10 == 0 && coefficient != 0 {
            coefficient /= 10;
            exponent += 1;
        }
        Self::finite(negative, coefficient, exponent)
    }
}
