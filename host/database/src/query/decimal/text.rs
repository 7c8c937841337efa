//! Decimals from and to text, as the BSON specification of decimal128 writes them.

use std::{fmt, str::FromStr};

use bson::Decimal128;

use super::{Decimal, Natural, rounding::rounded};

/// A text that is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct NotADecimal;

/// Digits beyond this many cannot change the rounded value by anything but a tie, and no sane text has them.
const TEXT_DIGITS: usize = 8_000;

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let (negative, magnitude) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let lower = magnitude.to_ascii_lowercase();
        match lower.as_str() {
            "nan" => return Ok(Self::Nan),
            "inf" | "infinity" => return Ok(Self::Infinite { negative }),
            _ => {}
        }
        let (digits, exponent) = match lower.split_once('e') {
            Some((digits, exponent)) => {
                let plain = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NotADecimal);
                }
                // An exponent that no integer holds is infinite or zero all the same.
                let limit = if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 };
                (digits, exponent.parse::<i64>().unwrap_or(limit).clamp(-1_000_000, 1_000_000))
            }
            None => (lower.as_str(), 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let count = whole.len() + fraction.len();
        if count == 0 || count > TEXT_DIGITS || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return Err(NotADecimal);
        }
        let value = whole.bytes().chain(fraction.bytes()).fold(Natural::default(), |value, digit| {
            value.times_small(10).plus(&Natural::from(u128::from(digit - b'0')))
        });
        let exponent = i32::try_from(exponent - fraction.len() as i64).map_err(|_| NotADecimal)?;
        Ok(rounded(negative, value, exponent))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal128::from(*self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_to_thirty_four_digits() {
        for (text, shown) in [
            ("5.50", "5.50"),
            ("1E3", "1E+3"),
            ("12345678901234567890123456789012345", "1.234567890123456789012345678901234E+34"),
            ("1E+7000", "Infinity"),
            ("1E-7000", "0E-6176"),
            ("-inf", "-Infinity"),
            ("5.", "5"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), shown);
        }
        for text in ["", " 5", "5 ", "1e", "1e+", "abc", ".", "0x1", "1_0", "--1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }
}
