//! `$bucket`: groups by ranges between boundaries.

use std::collections::BTreeMap;

use bson::{Bson, Document};

use super::{
    Context, Documents,
    accumulator::{Accumulator, State},
    group::{add, finish, start},
    memory::Memory,
};
use crate::{
    Error, Result,
    query::{
        expression::{Expression, Ranked, Variables, shown},
        number::Number,
        order,
    },
};

#[derive(Debug, Clone)]
pub(super) struct Bucket {
    key: Expression,
    /// Ascending; a bucket begins with its boundary and ends before the next one.
    boundaries: Vec<Bson>,
    /// Where values outside of the boundaries go.
    default: Option<Bson>,
    accumulators: Vec<Accumulator>,
}

impl Bucket {
    pub fn compile(written: &Document, variables: &[String]) -> Result<Self> {
        if let Some(strange) =
            written.keys().find(|key| !matches!(key.as_str(), "groupBy" | "boundaries" | "default" | "output"))
        {
            return Err(Error::invalid(format!("$bucket has no field {strange}")));
        }
        let key = match written.get("groupBy") {
            Some(key @ (Bson::String(_) | Bson::Document(_))) if !is_plain_text(key) => key,
            _ => return Err(Error::invalid("$bucket needs groupBy: a path that begins with $, or an expression")),
        };
        let Some(Bson::Array(boundaries)) = written.get("boundaries") else {
            return Err(Error::invalid("$bucket needs boundaries: a list of ascending values"));
        };
        let boundaries = boundaries.iter().map(constant).collect::<Result<Vec<_>>>()?;
        let is_ascending = |pair: &[Bson]| matches!(pair, [a, b] if is_same_kind(a, b) && order::compare(a, b).is_lt());
        if boundaries.len() < 2 || !boundaries.windows(2).all(is_ascending) {
            return Err(Error::invalid("the boundaries of $bucket must be at least 2 ascending values of one type"));
        }
        let default = written.get("default").map(constant).transpose()?;
        if let (Some(default), Some(first), Some(last)) = (&default, boundaries.first(), boundaries.last())
            && order::compare(default, first).is_ge()
            && order::compare(default, last).is_lt()
        {
            return Err(Error::invalid("the default of $bucket must lie outside of its boundaries"));
        }
        let accumulators = match written.get("output") {
            None => vec![Accumulator::count("count")],
            Some(Bson::Document(output)) => output
                .iter()
                .map(|(name, accumulator)| Accumulator::compile(name, accumulator, variables))
                .collect::<Result<_>>()?,
            Some(other) => return Err(Error::invalid(format!("output of $bucket must be a document, found {other}"))),
        };
        Ok(Self { key: Expression::compile_with(key, variables)?, boundaries, default, accumulators })
    }

    pub fn run(&self, documents: Documents<'_>, context: Context<'_>) -> Result<Vec<Document>> {
        let mut buckets: BTreeMap<Ranked, Vec<State>> = BTreeMap::new();
        let mut memory = Memory::of("$bucket");
        for document in documents {
            let document = document?;
            let key = self.key.evaluate(&document, context.variables)?.unwrap_or(Bson::Null);
            let Some(bucket) = self.bucket_of(&key).or(self.default.as_ref()) else {
                return Err(Error::invalid(format!(
                    "$bucket: {} lies outside of the boundaries and there is no default",
                    shown(&key)
                )));
            };
            let states = buckets.entry(Ranked(bucket.clone())).or_insert_with(|| start(&self.accumulators));
            memory.take(add(&self.accumulators, states, &document, context)?)?;
        }
        Ok(buckets.into_iter().map(|(key, states)| finish(key.0, &self.accumulators, states)).collect())
    }

    fn bucket_of(&self, key: &Bson) -> Option<&Bson> {
        let begun = self.boundaries.partition_point(|boundary| order::compare(boundary, key).is_le());
        if begun == self.boundaries.len() {
            return None;
        }
        self.boundaries.get(begun.checked_sub(1)?)
    }
}

fn is_plain_text(key: &Bson) -> bool {
    matches!(key, Bson::String(text) if !text.starts_with('$'))
}

/// A value that does not depend on a document.
fn constant(written: &Bson) -> Result<Bson> {
    let value = Expression::compile(written)?.evaluate(&Document::new(), &Variables::default())?;
    value.ok_or_else(|| Error::invalid(format!("$bucket: {written} must be a constant")))
}

fn is_same_kind(a: &Bson, b: &Bson) -> bool {
    a.element_type() == b.element_type() || (Number::from_bson(a).is_some() && Number::from_bson(b).is_some())
}
