//! `$group`, and `$sortByCount` that rests on it. Groups come in the order in which they were met.

use std::collections::{BTreeMap, btree_map::Entry};

use bson::{Bson, Document};

use super::{
    Context, Documents,
    accumulator::{Accumulator, State},
    memory::{Memory, bytes_of},
};
use crate::{
    Error, Result,
    query::expression::{Expression, Ranked},
};

#[derive(Debug, Clone)]
pub(super) struct Group {
    key: Expression,
    accumulators: Vec<Accumulator>,
}

impl Group {
    pub fn compile(written: &Document, variables: &[String]) -> Result<Self> {
        let Some(key) = written.get("_id") else {
            return Err(Error::invalid("$group needs the field _id: what to group by, or null for one group"));
        };
        let accumulators = written
            .iter()
            .filter(|(name, _)| *name != "_id")
            .map(|(name, accumulator)| Accumulator::compile(name, accumulator, variables))
            .collect::<Result<_>>()?;
        Ok(Self { key: Expression::compile_with(key, variables)?, accumulators })
    }

    /// Groups by an expression and counts.
    pub fn counting(key: Expression) -> Self {
        Self { key, accumulators: vec![Accumulator::count("count")] }
    }

    pub fn run(&self, documents: Documents<'_>, context: Context<'_>) -> Result<Vec<Document>> {
        let mut places: BTreeMap<Ranked, usize> = BTreeMap::new();
        let mut groups: Vec<(Bson, Vec<State>)> = Vec::new();
        let mut memory = Memory::of("$group");
        for document in documents {
            let document = document?;
            // A missing key and null are one group.
            let key = self.key.evaluate(&document, context.variables)?.unwrap_or(Bson::Null);
            let place = match places.entry(Ranked(key.clone())) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    memory.take(2 * bytes_of(&key) + self.accumulators.len() * size_of::<State>())?;
                    groups.push((key, start(&self.accumulators)));
                    *new.insert(groups.len() - 1)
                }
            };
            if let Some((_, states)) = groups.get_mut(place) {
                memory.take(add(&self.accumulators, states, &document, context)?)?;
            }
        }
        Ok(groups.into_iter().map(|(key, states)| finish(key, &self.accumulators, states)).collect())
    }
}

pub(super) fn start(accumulators: &[Accumulator]) -> Vec<State> {
    accumulators.iter().map(Accumulator::start).collect()
}

/// The bytes that the states have grown by.
pub(super) fn add(
    accumulators: &[Accumulator],
    states: &mut [State],
    document: &Document,
    context: Context<'_>,
) -> Result<usize> {
    accumulators
        .iter()
        .zip(states)
        .try_fold(0, |bytes, (accumulator, state)| Ok(bytes + accumulator.add(state, document, context)?))
}

pub(super) fn finish(key: Bson, accumulators: &[Accumulator], states: Vec<State>) -> Document {
    let mut output = Document::new();
    output.insert("_id", key);
    for (accumulator, state) in accumulators.iter().zip(states) {
        output.insert(&accumulator.name, state.finish());
    }
    output
}
