//! The accumulators of `$group` and `$bucket`.

use std::collections::BTreeSet;

use bson::{Bson, Document};

use super::{Context, memory::bytes_of, stage::integer};
use crate::{
    Error, Result,
    query::{
        allow,
        expression::{Expression, Extreme, Ranked, Sum, as_double, shown, spread},
    },
};

/// One field of a group: which values it takes from each document, and what it makes of them.
#[derive(Debug, Clone)]
pub(super) struct Accumulator {
    pub name: String,
    kind: Kind,
    operand: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sum,
    Average,
    Min,
    Max,
    First,
    Last,
    Push,
    AddToSet,
    Count,
    StdDevPop,
    StdDevSamp,
    MergeObjects,
}

/// What an accumulator has seen of one group.
#[derive(Debug, Clone)]
pub(super) enum State {
    Sum(Sum),
    Average(Sum),
    Extreme(Extreme),
    First(Option<Bson>),
    Last(Bson),
    Push(Vec<Bson>),
    AddToSet(BTreeSet<Ranked>, Vec<Bson>),
    Count(u64),
    Spread { numbers: Vec<f64>, is_sample: bool },
    Merged(Document),
}

impl Accumulator {
    /// Reads `{name: {$operator: operand}}`.
    pub fn compile(name: &str, written: &Bson, variables: &[String]) -> Result<Self> {
        if name.contains('.') || name.starts_with('$') {
            return Err(Error::invalid(format!("the field {name} of a group must not have dots or begin with $")));
        }
        let one = || Error::invalid(format!("the field {name} of a group must hold exactly one accumulator"));
        let Bson::Document(written) = written else { return Err(one()) };
        let mut entries = written.iter();
        let (Some((operator, operand)), None) = (entries.next(), entries.next()) else { return Err(one()) };
        if !operator.starts_with('$') {
            return Err(one());
        }
        allow::accumulator(operator)?;
        let kind = match operator.as_str() {
            "$sum" => Kind::Sum,
            "$avg" => Kind::Average,
            "$min" => Kind::Min,
            "$max" => Kind::Max,
            "$first" => Kind::First,
            "$last" => Kind::Last,
            "$push" => Kind::Push,
            "$addToSet" => Kind::AddToSet,
            "$stdDevPop" => Kind::StdDevPop,
            "$stdDevSamp" => Kind::StdDevSamp,
            "$mergeObjects" => Kind::MergeObjects,
            "$count" => match operand {
                Bson::Document(nothing) if nothing.is_empty() => Kind::Count,
                other => return Err(Error::invalid(format!("$count takes an empty document, found {other}"))),
            },
            other => return Err(allow::refusal("accumulator", other)),
        };
        Ok(Self { name: name.to_owned(), kind, operand: Expression::compile_with(operand, variables)? })
    }

    /// Counts documents, for stages that do so unasked.
    pub fn count(name: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::Count, operand: Expression::constant(Bson::Null) }
    }

    pub fn start(&self) -> State {
        match self.kind {
            Kind::Sum => State::Sum(Sum::default()),
            Kind::Average => State::Average(Sum::default()),
            Kind::Min => State::Extreme(Extreme::smallest()),
            Kind::Max => State::Extreme(Extreme::largest()),
            Kind::First => State::First(None),
            Kind::Last => State::Last(Bson::Null),
            Kind::Push => State::Push(Vec::new()),
            Kind::AddToSet => State::AddToSet(BTreeSet::new(), Vec::new()),
            Kind::Count => State::Count(0),
            Kind::StdDevPop => State::Spread { numbers: Vec::new(), is_sample: false },
            Kind::StdDevSamp => State::Spread { numbers: Vec::new(), is_sample: true },
            Kind::MergeObjects => State::Merged(Document::new()),
        }
    }

    /// The bytes that the state has grown by.
    pub fn add(&self, state: &mut State, document: &Document, context: Context<'_>) -> Result<usize> {
        if let State::Count(count) = state {
            *count += 1;
            return Ok(0);
        }
        // Only the first document counts, so the others need not be evaluated.
        if matches!(state, State::First(Some(_))) {
            return Ok(0);
        }
        state.add(&self.name, self.operand.evaluate(document, context.variables)?)
    }
}

impl State {
    fn add(&mut self, name: &str, value: Option<Bson>) -> Result<usize> {
        let bytes = value.as_ref().map_or(0, bytes_of);
        Ok(match (self, value) {
            (Self::First(first), value) => {
                *first = Some(value.unwrap_or(Bson::Null));
                bytes
            }
            (Self::Last(last), value) => {
                let before = bytes_of(last);
                *last = value.unwrap_or(Bson::Null);
                bytes.saturating_sub(before)
            }
            (_, None) => 0,
            (Self::Sum(sum) | Self::Average(sum), Some(value)) => {
                sum.add(&value);
                0
            }
            (Self::Extreme(extreme), Some(value)) => {
                extreme.add(&value);
                0
            }
            (Self::Push(all), Some(value)) => {
                all.push(value);
                bytes
            }
            (Self::AddToSet(seen, all), Some(value)) => {
                if !seen.insert(Ranked(value.clone())) {
                    return Ok(0);
                }
                all.push(value);
                2 * bytes
            }
            (Self::Spread { numbers, .. }, Some(value)) => {
                numbers.extend(as_double(&value));
                size_of::<f64>()
            }
            (Self::Merged(merged), Some(Bson::Document(document))) => {
                merged.extend(document);
                bytes
            }
            (Self::Merged(_), Some(Bson::Null | Bson::Undefined)) => 0,
            (Self::Merged(_), Some(other)) => {
                return Err(Error::invalid(format!("{name}: $mergeObjects takes documents, found {}", shown(&other))));
            }
            (Self::Count(count), Some(_)) => {
                *count += 1;
                0
            }
        })
    }

    pub fn finish(self) -> Bson {
        match self {
            Self::Sum(sum) => sum.total(),
            Self::Average(sum) => sum.average(),
            Self::Extreme(extreme) => extreme.value(),
            Self::First(first) => first.unwrap_or(Bson::Null),
            Self::Last(last) => last,
            Self::Push(all) | Self::AddToSet(_, all) => Bson::Array(all),
            Self::Count(count) => integer(count),
            Self::Spread { numbers, is_sample } => spread(&numbers, is_sample),
            Self::Merged(document) => document.into(),
        }
    }
}
