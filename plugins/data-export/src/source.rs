//! The documents, batch by batch. Between two batches people see how far it is, and the host may ask to stop.

use sandglass_sdk::documents::{Collection, Cursor, FindOptions};
use sandglass_sdk::{ErrorKind, Failure, execution, log};
use serde_json::{Map, Value};

use crate::parameters::Parameters;

/// What a job exports.
#[derive(Debug)]
pub struct Source<'a> {
    parameters: &'a Parameters,
    collection: Collection,
    filter: Value,
    /// How many documents there are, as far as the database could say.
    pub total: Option<u64>,
}

impl<'a> Source<'a> {
    /// Opens the collection and counts.
    pub fn open(parameters: &'a Parameters) -> Result<Self, Failure> {
        let collection = Collection::open(&parameters.full_name())
            .map_err(|error| Failure::from(error).during("opening the collection"))?;
        let filter = Value::Object(parameters.filter.clone());
        let total = match collection.count(&filter) {
            Ok(count) => Some(within(count, parameters)),
            Err(error) if matches!(error.kind, ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Limit) => {
                log::debug("the documents could not be counted", &[("reason", &error.message)]);
                None
            }
            Err(error) => return Err(Failure::from(error).during("counting the documents")),
        };
        Ok(Self { parameters, collection, filter, total })
    }

    /// Begins to read; `most` cuts further than the job does.
    pub fn documents(&self, most: Option<u64>, note: &'static str) -> Result<Documents, Failure> {
        let own = (self.parameters.limit > 0).then_some(self.parameters.limit);
        let optional = |fields: &Map<String, Value>| (!fields.is_empty()).then(|| Value::Object(fields.clone()));
        let options = FindOptions {
            sort: optional(&self.parameters.sort),
            projection: optional(&self.parameters.projection),
            skip: self.parameters.skip,
            limit: own.into_iter().chain(most).min(),
            batch: None,
        };
        let cursor = self.collection.find(&self.filter, &options).map_err(while_reading)?;
        let total = match (self.total, most) {
            (Some(total), Some(most)) => Some(total.min(most)),
            (total, most) => total.or(most),
        };
        Ok(Documents { cursor, read: 0, total, note })
    }
}

/// How many of the matching documents the job wants.
fn within(count: u64, parameters: &Parameters) -> u64 {
    let left = count.saturating_sub(parameters.skip);
    if parameters.limit > 0 { left.min(parameters.limit) } else { left }
}

/// Documents that are being read.
#[derive(Debug)]
pub struct Documents {
    cursor: Cursor,
    /// How many came so far.
    pub read: u64,
    total: Option<u64>,
    note: &'static str,
}

impl Documents {
    /// The next ones; empty at the end.
    ///
    /// # Errors
    /// `interrupted` when the host asked to stop; those of reading.
    pub fn next_batch(&mut self) -> Result<Vec<Value>, Failure> {
        if self.read > 0 {
            execution::progress(self.read, self.total, self.note);
        }
        if execution::should_stop() {
            let message = format!("stopped after {} documents, as the host asked; nothing was stored", self.read);
            return Err(Failure::interrupted(message).details(serde_json::json!({ "rows": self.read })));
        }
        let batch = self.cursor.next_batch(0).map_err(while_reading)?;
        self.read += batch.len() as u64;
        Ok(batch)
    }
}

fn while_reading(error: sandglass_sdk::Error) -> Failure {
    Failure::from(error).during("reading the documents; nothing was stored")
}
