//! `$sum $avg $min $max $stdDevPop $stdDevSamp` over lists, and the running values that `$group` shares with them.

use bson::Bson;

use super::{
    call::{ANY, Call, Definition, Value, is_nullish, listed},
    comparison::compare,
    number::{Number, Width, integer},
};
use crate::{Result, query::decimal::Decimal};

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
    each(call, |value| numbers.extend(Number::read(value).map(Number::to_double)));
    numbers
}

/// A sum over values of any type; what is not a number is passed over.
///
/// Integers are added exactly, doubles with the error of each step kept, so that the order hardly matters.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    width: Width,
    count: u64,
    integers: i128,
    double: f64,
    error: f64,
    decimal: Decimal,
}

impl Default for Sum {
    fn default() -> Self {
        Self { width: Width::Int, count: 0, integers: 0, double: 0.0, error: 0.0, decimal: Decimal::ZERO }
    }
}

impl Sum {
    pub fn add(&mut self, value: &Bson) {
        let Some(number) = Number::read(value) else { return };
        self.count += 1;
        self.width = self.width.max(number.width());
        match number {
            Number::Int(value) => self.integers += i128::from(value),
            Number::Long(value) => self.integers += i128::from(value),
            Number::Double(value) => self.add_double(value),
            Number::Decimal(value) => self.decimal = self.decimal.plus(value),
        }
    }

    /// The error-free transformation of a sum (Knuth, "The Art of Computer Programming", 4.2.2).
    fn add_double(&mut self, value: f64) {
        let sum = self.double + value;
        let back = sum - self.double;
        let error = (self.double - (sum - back)) + (value - back);
        self.double = sum;
        self.error += error;
    }

    fn to_double(&self) -> f64 {
        if !self.double.is_finite() {
            return self.double;
        }
        // An integer beyond 2^53 is added in two halves, so that nothing of it is lost before the end.
        let mut whole = self.clone();
        let high = self.integers as f64;
        whole.add_double(high);
        whole.add_double((self.integers - high as i128) as f64);
        whole.double + whole.error
    }

    fn to_decimal(&self) -> Decimal {
        let integers = match i64::try_from(self.integers) {
            Ok(integers) => integers.into(),
            Err(_) => Decimal::from_double_exact(self.integers as f64),
        };
        let without_doubles = self.decimal.plus(integers);
        if self.double == 0.0 && self.error == 0.0 {
            return without_doubles;
        }
        without_doubles.plus(Decimal::from_double(self.double + self.error))
    }

    /// 0 without any number.
    pub fn total(&self) -> Bson {
        match self.width {
            Width::Int | Width::Long => integer(self.integers, self.width).into(),
            Width::Double => Bson::Double(self.to_double()),
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
            _ => Bson::Double(self.to_double() / self.count as f64),
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
    Bson::Double((squares / divisor).sqrt())
}
