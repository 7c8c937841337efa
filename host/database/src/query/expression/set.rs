//! Arrays as sets: order and repetition do not count, numbers of equal value are one element.

use std::collections::BTreeSet;

use bson::Bson;

use super::{
    arithmetic::null,
    array::array,
    call::{ANY, Call, Definition, Value, listed, truthy},
    comparison::{Ranked, boolean},
};
use crate::Result;

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$setUnion" => listed(0, ANY, union),
        "$setIntersection" => listed(0, ANY, intersection),
        "$setDifference" => listed(2, 2, difference),
        "$setEquals" => listed(2, ANY, equal),
        "$setIsSubset" => listed(2, 2, subset),
        "$allElementsTrue" => {
            listed(1, 1, |call| boolean(call.array(0, "the operand")?.iter().all(|item| truthy(Some(item)))))
        }
        "$anyElementTrue" => {
            listed(1, 1, |call| boolean(call.array(0, "the operand")?.iter().any(|item| truthy(Some(item)))))
        }
        _ => None,
    }
}

fn set(items: &[Bson]) -> BTreeSet<Ranked> {
    items.iter().cloned().map(Ranked).collect()
}

/// The elements that are let through, each once, where it stands first.
fn distinct(items: Vec<Bson>, seen: &mut BTreeSet<Ranked>, mut is_wanted: impl FnMut(&Ranked) -> bool) -> Vec<Bson> {
    let wanted = items.into_iter().map(Ranked).filter(|item| is_wanted(item) && seen.insert(item.clone()));
    wanted.map(|item| item.0).collect()
}

fn union(call: &mut Call<'_>) -> Result<Value> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for index in 0..call.operands.len() {
        if call.is_nullish(index) {
            return null();
        }
        all.extend(distinct(call.take_array(index, "an operand")?, &mut seen, |_| true));
    }
    array(all)
}

fn intersection(call: &mut Call<'_>) -> Result<Value> {
    if call.operands.is_empty() {
        return array(Vec::new());
    }
    for index in 0..call.operands.len() {
        if call.is_nullish(index) {
            return null();
        }
    }
    let others =
        (1..call.operands.len()).map(|index| Ok(set(call.array(index, "an operand")?))).collect::<Result<Vec<_>>>()?;
    let first = call.take_array(0, "an operand")?;
    array(distinct(first, &mut BTreeSet::new(), |item| others.iter().all(|other| other.contains(item))))
}

fn difference(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) || call.is_nullish(1) {
        return null();
    }
    let without = set(call.array(1, "an operand")?);
    let first = call.take_array(0, "an operand")?;
    array(distinct(first, &mut BTreeSet::new(), |item| !without.contains(item)))
}

fn equal(call: &mut Call<'_>) -> Result<Value> {
    let sets =
        (0..call.operands.len()).map(|index| Ok(set(call.array(index, "an operand")?))).collect::<Result<Vec<_>>>()?;
    boolean(sets.windows(2).all(|pair| matches!(pair, [a, b] if a == b)))
}

fn subset(call: &mut Call<'_>) -> Result<Value> {
    let whole = set(call.array(1, "an operand")?);
    boolean(set(call.array(0, "an operand")?).is_subset(&whole))
}
