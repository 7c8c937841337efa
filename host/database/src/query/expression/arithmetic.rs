//! `$add $subtract $multiply $divide $mod $abs`: numbers of mixed types, and dates where a sum allows them.

use bson::{Bson, DateTime};

use super::{
    call::{ANY, Call, Definition, Value, is_nullish, listed},
    number::{Width, integer},
};
use crate::{
    Error, Result,
    query::{
        decimal::{Decimal, Rounding},
        number::Number,
    },
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$add" => listed(0, ANY, add),
        "$subtract" => listed(2, 2, subtract),
        "$multiply" => listed(0, ANY, multiply),
        "$divide" => listed(2, 2, divide),
        "$mod" => listed(2, 2, modulo),
        "$abs" => listed(1, 1, absolute),
        _ => None,
    }
}

/// Both operands as numbers, or `None` if one of them is null or missing.
pub(super) fn pair(call: &Call<'_>) -> Result<Option<(Number, Number)>> {
    let read = |index| call.get(index).map(Number::from_bson);
    match (read(0), read(1)) {
        (Some(Some(a)), Some(Some(b))) => Ok(Some((a, b))),
        (_, Some(None)) if !call.is_nullish(1) => Err(call.wrong("an operand", "a number", call.get(1))),
        (Some(None), _) if !call.is_nullish(0) => Err(call.wrong("an operand", "a number", call.get(0))),
        _ => Ok(None),
    }
}

/// The only operand as a number, or `None` if it is null or missing.
pub(super) fn single(call: &Call<'_>) -> Result<Option<Number>> {
    match call.get(0) {
        value if is_nullish(value) => Ok(None),
        value => match value.and_then(Number::from_bson) {
            Some(number) => Ok(Some(number)),
            None => Err(call.wrong("the operand", "a number", value)),
        },
    }
}

pub(super) fn null() -> Result<Value> {
    Ok(Some(Bson::Null))
}

pub(super) fn number(value: Number) -> Result<Value> {
    Ok(Some(value.into()))
}

fn plus(a: Number, b: Number) -> Number {
    match (a.integer(), b.integer(), a.width().max(b.width())) {
        (_, _, Width::Decimal) => a.to_decimal().plus(b.to_decimal()).into(),
        (Some(a), Some(b), width) => integer(i128::from(a) + i128::from(b), width),
        _ => Number::Double(a.to_double() + b.to_double()),
    }
}

fn add(call: &mut Call<'_>) -> Result<Value> {
    let mut sum = Number::Int32(0);
    let mut has_date = false;
    for value in call.values() {
        if is_nullish(value) {
            return null();
        }
        let term = match value {
            Some(Bson::DateTime(_)) if has_date => return Err(call.error("only one operand may be a date")),
            Some(Bson::DateTime(date)) => {
                has_date = true;
                Number::Int64(date.timestamp_millis())
            }
            value => match value.and_then(Number::from_bson) {
                Some(term) => term,
                None => return Err(call.wrong("an operand", "a number or a date", value)),
            },
        };
        sum = plus(sum, term);
    }
    if has_date { date(call, sum) } else { number(sum) }
}

/// Milliseconds since 1970 as a date, rounded.
fn date(call: &Call<'_>, millis: Number) -> Result<Value> {
    let millis = match millis {
        Number::Int32(millis) => Some(millis.into()),
        Number::Int64(millis) => Some(millis),
        Number::Double(millis) => super::number::truncated(millis.round()),
        Number::Decimal(millis) => Decimal::from(millis).to_whole(Rounding::HalfEven).to_i64(),
    };
    match millis {
        Some(millis) => Ok(Some(DateTime::from_millis(millis).into())),
        None => Err(call.error("the date is out of range")),
    }
}

fn negated(value: Number) -> Number {
    match value {
        Number::Int32(_) | Number::Int64(_) => integer(-i128::from(value.integer().unwrap_or_default()), value.width()),
        Number::Double(value) => Number::Double(-value),
        Number::Decimal(value) => Decimal::from(value).negated().into(),
    }
}

fn subtract(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) {
        return null();
    }
    if let (Some(Bson::DateTime(a)), b) = (call.get(0), call.get(1)) {
        let a = a.timestamp_millis();
        return match (b, b.and_then(Number::from_bson)) {
            (Some(Bson::DateTime(b)), _) => match a.checked_sub(b.timestamp_millis()) {
                Some(millis) => number(Number::Int64(millis)),
                None => Err(call.error("the difference of the dates is out of range")),
            },
            (_, Some(b)) => date(call, plus(Number::Int64(a), negated(b))),
            _ => Err(call.wrong("the second operand", "a number or a date", b)),
        };
    }
    let Some((a, b)) = pair(call)? else { return null() };
    match (a.integer(), b.integer()) {
        (Some(x), Some(y)) => number(integer(i128::from(x) - i128::from(y), a.width().max(b.width()))),
        _ => number(match a.width().max(b.width()) {
            Width::Decimal => a.to_decimal().minus(b.to_decimal()).into(),
            _ => Number::Double(a.to_double() - b.to_double()),
        }),
    }
}

fn multiply(call: &mut Call<'_>) -> Result<Value> {
    let mut product = Number::Int32(1);
    for value in call.values() {
        if is_nullish(value) {
            return null();
        }
        let Some(factor) = value.and_then(Number::from_bson) else {
            return Err(call.wrong("an operand", "a number", value));
        };
        let width = product.width().max(factor.width());
        product = match (product.integer(), factor.integer(), width) {
            (_, _, Width::Decimal) => product.to_decimal().times(factor.to_decimal()).into(),
            (Some(a), Some(b), width) => integer(i128::from(a) * i128::from(b), width),
            _ => Number::Double(product.to_double() * factor.to_double()),
        };
    }
    number(product)
}

fn divide(call: &mut Call<'_>) -> Result<Value> {
    let Some((a, b)) = pair(call)? else { return null() };
    if is_zero(b) {
        return Err(call.error("division by zero"));
    }
    number(match a.width().max(b.width()) {
        Width::Decimal => a.to_decimal().divided_by(b.to_decimal()).into(),
        _ => Number::Double(a.to_double() / b.to_double()),
    })
}

/// An integer as long as the divisor is one by value and the dividend by type; else a double or a decimal.
fn modulo(call: &mut Call<'_>) -> Result<Value> {
    let Some((a, b)) = pair(call)? else { return null() };
    if is_zero(b) {
        return Err(call.error("the divisor is zero"));
    }
    let divisor = match b {
        Number::Double(b) => super::number::whole_double(b).filter(|b| i32::try_from(*b).is_ok()),
        b => b.integer(),
    };
    number(match (a.integer(), divisor) {
        (Some(x), Some(y)) => {
            let width = if a.width() == Width::Long || b.width() == Width::Long { Width::Long } else { Width::Int };
            integer(i128::from(x) % i128::from(y), width)
        }
        _ if a.width().max(b.width()) == Width::Decimal => a.to_decimal().remainder(b.to_decimal()).into(),
        _ => Number::Double(a.to_double() % b.to_double()),
    })
}

fn is_zero(value: Number) -> bool {
    match value {
        Number::Int32(value) => value == 0,
        Number::Int64(value) => value == 0,
        Number::Double(value) => value == 0.0,
        Number::Decimal(value) => Decimal::from(value).is_zero(),
    }
}

fn absolute(call: &mut Call<'_>) -> Result<Value> {
    let Some(value) = single(call)? else { return null() };
    number(match value {
        Number::Int32(value) => integer(i128::from(value).abs(), Width::Int),
        Number::Int64(value) => Number::Int64(
            value.checked_abs().ok_or_else(|| Error::invalid("$abs: the smallest int64 has no absolute value"))?,
        ),
        Number::Double(value) => Number::Double(value.abs()),
        Number::Decimal(value) => Decimal::from(value).absolute().into(),
    })
}
