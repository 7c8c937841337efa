//! `$pow $sqrt $exp $ln $log $log10`: doubles, or decimals when one takes part.

use super::{
    arithmetic::{null, number, pair, single},
    call::{Call, Definition, Value, listed},
    number::{Width, integer},
};
use crate::{
    Result,
    query::{decimal::Decimal, number::Number},
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$pow" => listed(2, 2, power),
        "$sqrt" => listed(1, 1, |call| {
            real(call, |value| value >= 0.0 || value.is_nan(), "at least 0", f64::sqrt, Decimal::square_root)
        }),
        "$exp" => listed(1, 1, |call| real(call, |_| true, "a number", f64::exp, Decimal::exponential)),
        "$ln" => listed(1, 1, |call| real(call, is_positive, "above 0", f64::ln, Decimal::natural_logarithm)),
        "$log10" => listed(1, 1, |call| real(call, is_positive, "above 0", f64::log10, Decimal::decimal_logarithm)),
        "$log" => listed(2, 2, logarithm),
        _ => None,
    }
}

fn is_positive(value: f64) -> bool {
    value > 0.0 || value.is_nan()
}

/// As a double for the check of the domain only; a decimal too small for a double must not become a zero here.
fn rough(value: Number) -> f64 {
    match value {
        Number::Decimal(_) if value.to_decimal().is_finite() && !value.to_decimal().is_zero() => {
            if value.to_decimal().is_negative() { -1.0 } else { 1.0 }
        }
        value => value.to_double(),
    }
}

fn real(
    call: &Call<'_>,
    is_allowed: fn(f64) -> bool,
    domain: &str,
    double: fn(f64) -> f64,
    decimal: fn(Decimal) -> Decimal,
) -> Result<Value> {
    let Some(value) = single(call)? else { return null() };
    if !is_allowed(rough(value)) {
        return Err(call.error(format!("the operand must be {domain}")));
    }
    number(match value {
        Number::Decimal(value) => decimal(value.into()).into(),
        value => Number::Double(double(value.to_double())),
    })
}

fn logarithm(call: &mut Call<'_>) -> Result<Value> {
    let Some((value, base)) = pair(call)? else { return null() };
    if !is_positive(rough(value)) {
        return Err(call.error("the first operand must be above 0"));
    }
    let is_one = match base {
        Number::Decimal(base) => Decimal::from(base).compare(Decimal::from(1_i64)).is_eq(),
        base => base.to_double() == 1.0,
    };
    if !is_positive(rough(base)) || is_one {
        return Err(call.error("the base must be above 0 and not 1"));
    }
    number(match value.width().max(base.width()) {
        Width::Decimal => {
            value.to_decimal().natural_logarithm().divided_by(base.to_decimal().natural_logarithm()).into()
        }
        _ => Number::Double(value.to_double().ln() / base.to_double().ln()),
    })
}

fn power(call: &mut Call<'_>) -> Result<Value> {
    let Some((base, exponent)) = pair(call)? else { return null() };
    let width = base.width().max(exponent.width());
    let is_zero = match base {
        Number::Decimal(base) => Decimal::from(base).is_zero(),
        base => base.to_double() == 0.0,
    };
    if is_zero && rough(exponent) < 0.0 {
        return Err(call.error("zero has no negative power"));
    }
    number(match (base.integer(), exponent.integer(), width) {
        (_, _, Width::Decimal) => base.to_decimal().power(exponent.to_decimal()).into(),
        (Some(base), Some(exponent), width) => integer_power(base, exponent, width),
        _ => Number::Double(base.to_double().powf(exponent.to_double())),
    })
}

/// An integer while it fits into int64, else the double.
fn integer_power(base: i64, exponent: i64, width: Width) -> Number {
    let exact = match (base, u32::try_from(exponent)) {
        (1, _) => Some(1),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (0, _) => Some(i64::from(exponent == 0)),
        (base, Ok(exponent)) => base.checked_pow(exponent),
        (_, Err(_)) => None,
    };
    match exact {
        Some(value) => integer(value.into(), width),
        None => Number::Double((base as f64).powf(exponent as f64)),
    }
}
