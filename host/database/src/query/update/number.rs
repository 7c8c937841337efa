//! `$inc` and `$mul`: the wider of the two types, int32 grows to int64, int64 never wraps.
//!
//! Rule: manual, "$inc" and "$mul", "Multiply Type Results"
//! (<https://www.mongodb.com/docs/manual/reference/operator/update/mul/>).

use bson::Bson;

use crate::{Error, Result, query::number::Number};

pub(super) fn increment(old: &Bson, by: Number, path: &str) -> Result<Bson> {
    let old = operand(old, "$inc", path)?;
    if let (Some(a), Some(b)) = (integer(old), integer(by)) {
        return whole(old, by, a.checked_add(b), "$inc", path);
    }
    Ok(match (old, by) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            Bson::Decimal128(old.to_decimal().plus(by.to_decimal()).into())
        }
        _ => written(double(old) + double(by)),
    })
}

pub(super) fn multiply(old: &Bson, by: Number, path: &str) -> Result<Bson> {
    let old = operand(old, "$mul", path)?;
    if let (Some(a), Some(b)) = (integer(old), integer(by)) {
        return whole(old, by, a.checked_mul(b), "$mul", path);
    }
    Ok(match (old, by) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            Bson::Decimal128(old.to_decimal().times(by.to_decimal()).into())
        }
        _ => written(double(old) * double(by)),
    })
}

/// What `$mul` puts where there is no field.
pub(super) fn zero_like(number: Number) -> Bson {
    match number {
        Number::Int32(_) => Bson::Int32(0),
        Number::Int64(_) => Bson::Int64(0),
        Number::Double(_) => Bson::Double(0.0),
        Number::Decimal(_) => Bson::Decimal128(crate::query::decimal::Decimal::ZERO.into()),
    }
}

fn operand(value: &Bson, operator: &str, path: &str) -> Result<Number> {
    Number::from_bson(value).ok_or_else(|| Error::invalid(format!("{operator} needs a number at {path}, not {value}")))
}

fn integer(number: Number) -> Option<i64> {
    match number {
        Number::Int32(number) => Some(i64::from(number)),
        Number::Int64(number) => Some(number),
        Number::Double(_) | Number::Decimal(_) => None,
    }
}

fn whole(a: Number, b: Number, result: Option<i64>, operator: &str, path: &str) -> Result<Bson> {
    let result = result.ok_or_else(|| Error::invalid(format!("{operator} at {path} leaves the range of an int64")))?;
    let narrow = matches!((a, b), (Number::Int32(_), Number::Int32(_)));
    Ok(match i32::try_from(result) {
        Ok(small) if narrow => Bson::Int32(small),
        _ => Bson::Int64(result),
    })
}

/// Processors differ in the sign of a NaN; it is stored without one.
fn written(number: f64) -> Bson {
    Bson::Double(if number.is_nan() { f64::NAN } else { number })
}

fn double(number: Number) -> f64 {
    match number {
        Number::Int32(number) => f64::from(number),
        #[expect(clippy::cast_precision_loss, reason = "arithmetic with a double is arithmetic in doubles")]
        Number::Int64(number) => number as f64,
        Number::Double(number) => number,
        Number::Decimal(number) => crate::query::decimal::Decimal::from(number).to_double(),
    }
}
