//! `$sum $avg $min $max $stdDevPop $stdDevSamp` over lists, and the running values that `$group` shares with them.

use bson::Bson;

use super::{
    call::{ANY, Call, Definition, Value, is_nullish, listed},
    comparison::compare,
    number::{Width, integer, one_nan},
};
use crate::{
    Result,
    query::{decimal::Decimal, number::Number},
};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$sum" => listed(0, ANY, |call| Ok(Some(sum(call).total()))),
        "$avg" => listed(0, ANY, |call| Ok(Some(sum(call).average()))),
        "$min" => listed(0, ANY, |call| extreme(call, Extreme::smallest())),
        "$max" => listed(0, ANY, |call| extreme(call, Extreme::largest())),
        "$stdDevPop" => listed(0, ANY, |call| Ok(Some(spread(&numbers(call), false)))),
        "$stdDevSamp" => listed(0, ANY, |call| Ok(Some(spread(&numbers(call), true)))),
        _ => None,
    }
}

/// The values to run over: those of the array if the only operand is one, else the operands.
fn each<'c>(call: &'c Call<'_>, mut visit: impl FnMut(&'c Bson)) {
    match (call.operands.len(), call.get(0)) {
        (1, Some(Bson::Array(items))) => items.iter().for_each(visit),
        _ => call.values().flatten().for_each(&mut visit),
    }
}

fn sum(call: &Call<'_>) -> Sum {
    let mut sum = Sum::default();
    each(call, |value| sum.add(value));
    sum
}

fn extreme(call: &Call<'_>, mut extreme: Extreme) -> Result<Value> {
    each(call, |value| extreme.add(value));
    Ok(Some(extreme.value()))
}

fn numbers(call: &Call<'_>) -> Vec<f64> {
    let mut numbers = Vec::new();
    each(call, |value| numbers.extend(as_double(value)));
    numbers
}

/// The double nearest to a number of any type.
pub(crate) fn as_double(value: &Bson) -> Option<f64> {
    Number::from_bson(value).map(Number::to_double)
}

/// A sum over values of any type; what is not a number is passed over.
///
/// Integers are added exactly until the first double comes, doubles in the order in which they come.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    width: Width,
    count: u64,
    integers: i128,
    doubles: f64,
    decimals: Decimal,
}

impl Default for Sum {
    fn default() -> Self {
        Self { width: Width::Int, count: 0, integers: 0, doubles: 0.0, decimals: Decimal::ZERO }
    }
}

impl Sum {
    pub fn add(&mut self, value: &Bson) {
        let Some(number) = Number::from_bson(value) else { return };
        if self.width < Width::Double && number.width() == Width::Double {
            self.doubles = std::mem::take(&mut self.integers) as f64;
        }
        self.count += 1;
        self.width = self.width.max(number.width());
        match (number, number.integer()) {
            (Number::Decimal(value), _) => self.decimals = self.decimals.plus(value.into()),
            (_, Some(integer)) if self.width != Width::Double => self.integers += i128::from(integer),
            _ => self.doubles += number.to_double(),
        }
    }

    fn to_double(&self) -> f64 {
        if self.width == Width::Double { self.doubles } else { self.integers as f64 }
    }

    fn to_decimal(&self) -> Decimal {
        let integers = match i64::try_from(self.integers) {
            Ok(integers) => integers.into(),
            Err(_) => Decimal::from_double_exact(self.integers as f64),
        };
        let sum = self.decimals.plus(integers);
        if self.doubles == 0.0 { sum } else { sum.plus(Decimal::from_double(self.doubles)) }
    }

    /// 0 without any number.
    pub fn total(&self) -> Bson {
        match self.width {
            Width::Int | Width::Long => integer(self.integers, self.width).into(),
            Width::Double => Bson::Double(one_nan(self.to_double())),
            Width::Decimal => Bson::Decimal128(self.to_decimal().into()),
        }
    }

    /// Null without any number.
    pub fn average(&self) -> Bson {
        match self.width {
            _ if self.count == 0 => Bson::Null,
            Width::Decimal => {
                let count = i64::try_from(self.count).unwrap_or(i64::MAX);
                Bson::Decimal128(self.to_decimal().divided_by(count.into()).into())
            }
            _ => Bson::Double(one_nan(self.to_double() / self.count as f64)),
        }
    }
}

/// The smallest or largest value seen; null and missing do not count.
#[derive(Debug, Clone)]
pub(crate) struct Extreme {
    best: Option<Bson>,
    is_largest: bool,
}

impl Extreme {
    pub fn smallest() -> Self {
        Self { best: None, is_largest: false }
    }

    pub fn largest() -> Self {
        Self { best: None, is_largest: true }
    }

    pub fn add(&mut self, value: &Bson) {
        if is_nullish(Some(value)) {
            return;
        }
        let is_better = self.best.as_ref().is_none_or(|best| {
            let order = compare(Some(value), Some(best));
            if self.is_largest { order.is_gt() } else { order.is_lt() }
        });
        if is_better {
            self.best = Some(value.clone());
        }
    }

    /// Null if nothing was seen.
    pub fn value(self) -> Bson {
        self.best.unwrap_or(Bson::Null)
    }
}

/// The standard deviation, of the whole population or of a sample; null if there are too few numbers.
pub(crate) fn spread(numbers: &[f64], is_sample: bool) -> Bson {
    let divisor = numbers.len() as f64 - f64::from(is_sample);
    if divisor <= 0.0 {
        return Bson::Null;
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let squares = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    Bson::Double(one_nan((squares / divisor).sqrt()))
}
