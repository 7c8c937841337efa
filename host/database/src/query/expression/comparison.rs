//! `$cmp $eq $ne $gt $gte $lt $lte` and the order they rest on: that of sorting, with missing below null.

use std::cmp::Ordering;

use bson::Bson;

use super::call::{Call, Definition, Value, listed};
use crate::{Result, query::order};

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$cmp" => listed(2, 2, |call| {
            let order = ordering(call);
            Ok(Some(Bson::Int32(i32::from(order.is_gt()) - i32::from(order.is_lt()))))
        }),
        "$eq" => listed(2, 2, |call| boolean(ordering(call).is_eq())),
        "$ne" => listed(2, 2, |call| boolean(ordering(call).is_ne())),
        "$gt" => listed(2, 2, |call| boolean(ordering(call).is_gt())),
        "$gte" => listed(2, 2, |call| boolean(ordering(call).is_ge())),
        "$lt" => listed(2, 2, |call| boolean(ordering(call).is_lt())),
        "$lte" => listed(2, 2, |call| boolean(ordering(call).is_le())),
        "$not" => listed(1, 1, |call| boolean(!super::call::truthy(call.get(0)))),
        _ => None,
    }
}

pub(super) fn boolean(value: bool) -> Result<Value> {
    Ok(Some(Bson::Boolean(value)))
}

fn ordering(call: &Call<'_>) -> Ordering {
    compare(call.get(0), call.get(1))
}

/// The order of two values either of which may be missing. Missing stands where undefined does: above MinKey, below
/// null.
pub(crate) fn compare(a: Option<&Bson>, b: Option<&Bson>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order::compare(a, b),
        (None, None) => Ordering::Equal,
        (None, Some(b)) => missing_against(b),
        (Some(a), None) => missing_against(a).reverse(),
    }
}

fn missing_against(value: &Bson) -> Ordering {
    match value {
        Bson::MinKey => Ordering::Greater,
        Bson::Undefined => Ordering::Equal,
        _ => Ordering::Less,
    }
}

/// A value that can be a key of ordered maps.
#[derive(Debug, Clone)]
pub(crate) struct Ranked(pub Bson);

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        order::compare(&self.0, &other.0)
    }
}
