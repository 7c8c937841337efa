//! An archive in another collection, under the same `_id`s.

use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
use sandglass_sdk::{Error, ErrorKind, Failure, log};
use serde_json::{Value, json};

use super::Copies;
use super::target::CollectionTarget;
use crate::batches::{Candidate, take};

/// The collection that takes the copies.
#[derive(Debug)]
pub struct Shelf {
    name: String,
    collection: Collection,
}

impl Shelf {
    pub fn open(target: &CollectionTarget) -> Result<Self, Error> {
        let name = target.full_name();
        Ok(Self { collection: Collection::open(&name)?, name })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Copies everything and returns how many documents that was.
    pub(super) fn fill(&self, mut source: Copies) -> Result<u64, Failure> {
        let during = |error: Error| Failure::from(error).during("writing the archive; nothing is deleted yet");
        loop {
            let batch = source.next_batch()?;
            if batch.is_empty() {
                log::info(format!("archived to {}", self.name), &[("documents", &source.count)]);
                return Ok(source.count);
            }
            let report = self.collection.insert(&batch).map_err(during)?;
            for (position, error) in report.failed {
                let document = batch.get(position as usize);
                match document {
                    // An earlier attempt archived it and came no further.
                    Some(document) if error.kind == ErrorKind::Conflict => self.replace(document).map_err(during)?,
                    _ => return Err(during(error)),
                }
            }
        }
    }

    fn replace(&self, document: &Value) -> Result<(), Error> {
        let id = document.get("_id").cloned().unwrap_or_default();
        let options = UpdateOptions { upsert: true, ..UpdateOptions::default() };
        self.collection.update(&json!({ "_id": id }), document, &options).map(|_| ())
    }

    /// Those that stand here.
    pub fn holding(&self, batch: Vec<Candidate>) -> Result<Vec<Candidate>, Error> {
        let ids = batch.iter().map(|candidate| &candidate.id).collect::<Vec<_>>();
        let options = FindOptions { projection: Some(json!({ "_id": 1 })), ..FindOptions::default() };
        let cursor = self.collection.find(&json!({ "_id": { "$in": ids } }), &options)?;
        let present = take(&cursor, u64::MAX)?;
        let present = present.iter().filter_map(|document| document.get("_id")).map(Value::to_string);
        let present = present.collect::<std::collections::HashSet<_>>();
        Ok(batch.into_iter().filter(|candidate| present.contains(&candidate.id.to_string())).collect())
    }
}
