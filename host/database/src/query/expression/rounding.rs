//! `$round $trunc $ceil $floor`: to a whole number or to a decimal place, keeping the number's type.

use super::{
    arithmetic::{null, number},
    call::{Call, Definition, Value, listed},
    number::integer,
};
use crate::{
    Result,
    query::{
        decimal::{Decimal, Rounding},
        number::Number,
    },
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$round" => listed(1, 2, |call| to_place(call, Rounding::HalfEven, f64::round_ties_even)),
        "$trunc" => listed(1, 2, |call| to_place(call, Rounding::TowardsZero, f64::trunc)),
        "$ceil" => listed(1, 1, |call| to_place(call, Rounding::Up, f64::ceil)),
        "$floor" => listed(1, 1, |call| to_place(call, Rounding::Down, f64::floor)),
        _ => None,
    }
}

fn to_place(call: &mut Call<'_>, rounding: Rounding, to_whole: fn(f64) -> f64) -> Result<Value> {
    if call.is_nullish(0) || call.is_given_nullish(1) {
        return null();
    }
    let Some(value) = call.get(0).and_then(Number::from_bson) else {
        return Err(call.wrong("the operand", "a number", call.get(0)));
    };
    let place = if call.is_given(1) { call.whole(1, "the place")? } else { 0 };
    let place = match i32::try_from(place) {
        Ok(place) if (-20..=100).contains(&place) => place,
        _ => return Err(call.error(format!("the place must be from -20 to 100, found {place}"))),
    };
    number(match value {
        Number::Int32(_) | Number::Int64(_) if place >= 0 => value,
        Number::Int32(_) | Number::Int64(_) => {
            let rounded = Decimal::to_i64(value.to_decimal().quantized(place, rounding).unwrap_or(Decimal::ZERO));
            match rounded {
                Some(rounded) => integer(rounded.into(), value.width()),
                None => return Err(call.error("the rounded value does not fit into an int64")),
            }
        }
        Number::Double(value) if place == 0 => Number::Double(to_whole(value)),
        Number::Double(value) => Number::Double(double_to_place(value, place, rounding)),
        Number::Decimal(value) if place == 0 => Decimal::from(value).to_whole(rounding).into(),
        Number::Decimal(value) => value_to_place(value.into(), place, rounding).into(),
    })
}

/// Digits that do not fit into a decimal128 would have to be zeros, so such a value stays as it is.
fn value_to_place(value: Decimal, place: i32, rounding: Rounding) -> Decimal {
    value.quantized(place, rounding).unwrap_or(value)
}

/// By way of the decimal with 15 digits that a double stands for elsewhere too, so that 2.675 is a tie.
fn double_to_place(value: f64, place: i32, rounding: Rounding) -> f64 {
    let exact = Decimal::from_double(value);
    exact.quantized(place, rounding).map_or(value, Decimal::to_double)
}
