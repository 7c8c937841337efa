//! Groups of writes: one phase after the other, each as one unordered command where the server takes such, and an
//! outcome for every write.
//!
//! Nothing holds the phases together. If one of them is not known to be stored, the whole bulk is answered with that
//! error and the phases behind it are not sent: what the caller has to know is what it can rely on.

use std::{collections::HashMap, error::Error as _};

use bson::{Bson, Document};
use mongodb::{
    error::{BulkWriteError, Error as DriverError, ErrorKind, PartialBulkWriteResult},
    results::VerboseBulkWriteResult,
};

use super::{Mongo, duplicate, fault, model, server::write_concern};
use crate::{Error, Outcome, Result, UpdateReport, Write, query::key::Layout};

/// What became of the writes of a phase, each at its place.
pub(super) type Outcomes = Vec<Result<Outcome>>;

impl Mongo {
    pub(super) async fn phase(&self, writes: Vec<Write>) -> Result<Outcomes> {
        let mut outcomes: Vec<Option<Result<Outcome>>> = Vec::with_capacity(writes.len());
        let (mut places, mut direct, mut bounded) = (Vec::new(), Vec::new(), Vec::new());
        for (place, mut write) in writes.into_iter().enumerate() {
            if let Err(error) = model::prepare(&mut write) {
                outcomes.push(Some(Err(error)));
                continue;
            }
            outcomes.push(None);
            if model::is_bounded(&write) {
                bounded.push((place, write));
            } else {
                places.push(place);
                direct.push(write);
            }
        }
        let sent = if self.server.takes_bulks { self.together(direct).await? } else { self.apart(direct).await? };
        let mut done: Vec<(usize, Result<Outcome>)> = places.into_iter().zip(sent).collect();
        for (place, write) in bounded {
            done.push((place, known(self.one(write).await)?));
        }
        for (place, outcome) in done {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(unanswered()))).collect())
    }

    /// As one command, of a server from 8.0.
    async fn together(&self, writes: Vec<Write>) -> Result<Outcomes> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let collections: Vec<String> = writes.iter().map(|write| model::collection(write).to_owned()).collect();
        // The driver keeps back what the server says of a key that is there already.
        let inserts: Vec<Option<Document>> = writes.iter().map(inserted).collect();
        let models: Vec<_> = writes.into_iter().map(|write| model::of(self.name(), write)).collect();
        let call = async {
            let concern = write_concern(&self.options);
            let bulk = self.client.bulk_write(models).ordered(false).write_concern(concern);
            Ok(bulk.verbose_results().await)
        };
        let (results, refused) = match self.soon("", call).await? {
            Ok(results) => (results, HashMap::new()),
            Err(error) => {
                let (results, mut refused) = refusals(&collections, &error)?;
                for (place, error) in &mut refused {
                    self.tell_key(error, inserts.get(*place).and_then(Option::as_ref)).await?;
                }
                (results, refused)
            }
        };
        Ok((0..collections.len())
            .map(|place| match refused.get(&place) {
                Some(error) => Err(error.clone()),
                None => outcome(&results, place).ok_or_else(unanswered),
            })
            .collect())
    }

    /// Puts the values of an insert into the refusal of its key, in the order of the index.
    async fn tell_key(&self, refused: &mut Error, document: Option<&Document>) -> Result<()> {
        let (Error::DuplicateKey { collection, index, key }, Some(document)) = (refused, document) else {
            return Ok(());
        };
        if index == "_id_" {
            *key = Bson::Array(document.get("_id").into_iter().cloned().collect());
            return Ok(());
        }
        let indexes = self.list_indexes(collection).await?;
        if let Some(definition) = indexes.iter().find(|known| known.name == *index) {
            *key = Layout::compile(&definition.keys)?.values(document);
        }
        Ok(())
    }

    /// A write by itself.
    pub(super) async fn one(&self, write: Write) -> Result<Outcome> {
        match write {
            Write::Update { collection, update } => self.change(&collection, update).await.map(Outcome::Updated),
            Write::Delete { collection, delete } => self.remove(&collection, delete).await.map(Outcome::Deleted),
            Write::Insert { collection, document } => {
                let done = self.insert_part(&collection, vec![(0, document)]).await?;
                done.into_iter().next().map_or_else(|| Err(unanswered()), |(_, outcome)| outcome)
            }
        }
    }
}

fn inserted(write: &Write) -> Option<Document> {
    match write {
        Write::Insert { document, .. } => Some(document.clone()),
        _ => None,
    }
}

/// An outcome that is known is one; an error that leaves it open ends the bulk.
pub(super) fn known<T>(outcome: Result<T>) -> Result<Result<T>> {
    match outcome {
        Err(error) if error.is_transient() => Err(error),
        outcome => Ok(outcome),
    }
}

fn unanswered() -> Error {
    Error::Unavailable { message: "the server did not say what became of a write".into() }
}

fn outcome(results: &VerboseBulkWriteResult, place: usize) -> Option<Outcome> {
    if results.insert_results.contains_key(&place) {
        return Some(Outcome::Inserted);
    }
    if let Some(deleted) = results.delete_results.get(&place) {
        return Some(Outcome::Deleted(deleted.deleted_count));
    }
    results.update_results.get(&place).map(|updated| {
        // The server counts the document that an upsert made as one that matched.
        let matched = if updated.upserted_id.is_some() { 0 } else { updated.matched_count };
        let (modified, upserted_id) = (updated.modified_count, updated.upserted_id.clone());
        Outcome::Updated(UpdateReport { matched, modified, upserted_id })
    })
}

/// What was done, and why the rest was refused.
///
/// # Errors
/// When something else happened than refusals of single writes.
fn refusals(collections: &[String], error: &DriverError) -> Result<(VerboseBulkWriteResult, HashMap<usize, Error>)> {
    let ErrorKind::BulkWrite(bulk) = error.kind.as_ref() else { return Err(fault::of("", error)) };
    let BulkWriteError { write_errors, write_concern_errors, partial_result, .. } = bulk;
    if let Some(concern) = write_concern_errors.first() {
        return Err(fault::not_durable(&concern.message));
    }
    if let Some(cause) = error.source() {
        // The driver keeps it in a box of its own.
        let cause = cause.downcast_ref::<Box<DriverError>>().map(AsRef::as_ref).or_else(|| cause.downcast_ref());
        return Err(cause.map_or_else(unanswered, |cause| fault::of("", cause)));
    }
    let mut refused = HashMap::new();
    for (place, write) in write_errors {
        let collection = collections.get(*place).map_or("", String::as_str);
        let key = || duplicate::told(collection, &write.message, None);
        match fault::code(write.code, &write.message, key) {
            why if why.is_transient() => return Err(why),
            why => refused.insert(*place, why),
        };
    }
    let results = match partial_result {
        Some(PartialBulkWriteResult::Verbose(results)) => results.clone(),
        _ => VerboseBulkWriteResult::default(),
    };
    Ok((results, refused))
}
