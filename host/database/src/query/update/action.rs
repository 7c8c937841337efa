//! What one operator does to one value.

use bson::{Bson, Timestamp};
use chrono::{DateTime, Utc};

use super::{bits, bits::BitStep, number, pull::Pull, push::Push};
use crate::{
    Error, Result,
    query::{number::Number, order},
};

#[derive(Debug, Clone)]
pub(super) enum Action {
    Set(Bson),
    SetOnInsert(Bson),
    Unset,
    Increment(Number),
    Multiply(Number),
    Min(Bson),
    Max(Bson),
    /// Moves the value here from this path.
    RenameFrom(super::path::Path),
    Push(Push),
    AddToSet(Vec<Bson>),
    Pull(Pull),
    PullAll(Vec<Bson>),
    Pop {
        first: bool,
    },
    CurrentDate {
        timestamp: bool,
    },
    Bits(Vec<BitStep>),
}

/// What becomes of the place.
pub(super) enum Effect {
    /// As it was.
    Nothing,
    /// Changed where it stands.
    Changed,
    Put(Bson),
    Remove,
}

/// `Put` unless the bytes are the same.
fn put(old: Option<&Bson>, new: Bson) -> Effect {
    match old {
        Some(old) if order::identical(old, &new) => Effect::Nothing,
        _ => Effect::Put(new),
    }
}

/// `$mul` leaves a number as it is if its type and value stay the same, so `-0.0` does not become `0.0`. `$inc` looks
/// at the bytes, and a double NaN counts as changed. The golden cases decide here; the manual is silent.
fn put_product(old: &Bson, new: Bson) -> Effect {
    if old.element_type() == new.element_type() && order::same(old, &new) { Effect::Nothing } else { Effect::Put(new) }
}

fn put_sum(old: &Bson, new: Bson) -> Effect {
    match new {
        Bson::Double(number) if number.is_nan() => Effect::Put(new),
        new => put(Some(old), new),
    }
}

impl Action {
    /// Whether it makes a field, and the documents on the way, where there is none.
    pub(super) fn creates(&self) -> bool {
        !matches!(self, Self::Unset | Self::Pull(_) | Self::PullAll(_) | Self::Pop { .. })
    }

    pub(super) fn act(&self, old: Option<&mut Bson>, now: DateTime<Utc>, path: &[String]) -> Result<Effect> {
        let place = || path.join(".");
        Ok(match self {
            Self::Set(value) | Self::SetOnInsert(value) => put(old.as_deref(), value.clone()),
            Self::Unset => {
                if old.is_some() {
                    Effect::Remove
                } else {
                    Effect::Nothing
                }
            }
            Self::Increment(by) => match old.as_deref() {
                None => Effect::Put(by.to_bson()),
                Some(value) => put_sum(value, number::increment(value, *by, &place())?),
            },
            Self::Multiply(by) => match old.as_deref() {
                None => Effect::Put(number::zero_like(*by)),
                Some(value) => put_product(value, number::multiply(value, *by, &place())?),
            },
            Self::Min(value) => match old.as_deref() {
                Some(old) if order::compare(value, old).is_ge() => Effect::Nothing,
                _ => Effect::Put(value.clone()),
            },
            Self::Max(value) => match old.as_deref() {
                Some(old) if order::compare(value, old).is_le() => Effect::Nothing,
                _ => Effect::Put(value.clone()),
            },
            Self::CurrentDate { timestamp: false } => put(old.as_deref(), Bson::DateTime(now.into())),
            Self::CurrentDate { timestamp: true } => put(old.as_deref(), Bson::Timestamp(stamp(now))),
            Self::Bits(steps) => {
                let new = bits::apply(old.as_deref(), steps, &place())?;
                put(old.as_deref(), new)
            }
            Self::Push(push) => match old {
                None => Effect::Put(Bson::Array(push.onto(Vec::new()))),
                Some(old) => {
                    let new = push.onto(array(old, "$push", &place())?.clone());
                    put(Some(old), Bson::Array(new))
                }
            },
            Self::AddToSet(values) => match old {
                None => Effect::Put(Bson::Array(added(Vec::new(), values))),
                Some(old) => {
                    let items = array(old, "$addToSet", &place())?;
                    let before = items.len();
                    *items = added(std::mem::take(items), values);
                    if items.len() == before { Effect::Nothing } else { Effect::Changed }
                }
            },
            Self::Pull(pull) => match old {
                None => Effect::Nothing,
                Some(old) => pull.from(array(old, "$pull", &place())?)?,
            },
            Self::PullAll(values) => match old {
                None => Effect::Nothing,
                Some(old) => {
                    let items = array(old, "$pullAll", &place())?;
                    let before = items.len();
                    items.retain(|item| !values.iter().any(|value| order::same(item, value)));
                    if items.len() == before { Effect::Nothing } else { Effect::Changed }
                }
            },
            Self::Pop { first } => match old {
                None => Effect::Nothing,
                Some(old) => {
                    let items = array(old, "$pop", &place())?;
                    if items.is_empty() {
                        Effect::Nothing
                    } else {
                        if *first {
                            items.remove(0);
                        } else {
                            items.pop();
                        }
                        Effect::Changed
                    }
                }
            },
            // The value was put in place as a `Set` before.
            Self::RenameFrom(_) => Effect::Nothing,
        })
    }
}

fn array<'v>(value: &'v mut Bson, operator: &str, path: &str) -> Result<&'v mut Vec<Bson>> {
    match value {
        Bson::Array(items) => Ok(items),
        other => Err(Error::invalid(format!("{operator} needs an array at {path}, not {other}"))),
    }
}

fn added(mut items: Vec<Bson>, values: &[Bson]) -> Vec<Bson> {
    for value in values {
        if !items.iter().any(|item| order::same(item, value)) {
            items.push(value.clone());
        }
    }
    items
}

/// Seconds and a counter; two in the same second differ by their milliseconds.
fn stamp(now: DateTime<Utc>) -> Timestamp {
    Timestamp { time: u32::try_from(now.timestamp()).unwrap_or_default(), increment: now.timestamp_subsec_millis() + 1 }
}
