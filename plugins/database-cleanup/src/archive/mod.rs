//! A copy of every document that goes, written and finished before the first one does.
//!
//! What is deleted afterwards is only what the archive holds: a document that begins to match while the archive is
//! being written waits for the next run.

mod file;
mod shelf;
mod target;

use sandglass_sdk::documents::{Collection, Cursor, FindOptions};
use sandglass_sdk::{Error, Failure, execution};
use serde_json::{Value, json};

use crate::batches::{Candidate, Walk};
use crate::condition::Condition;
use crate::parameters::Parameters;
use file::{FileReader, FileStore};
use shelf::Shelf;
pub use target::ArchiveTarget;

/// Where the copies go.
#[derive(Debug)]
pub enum Store {
    /// Into another collection.
    Shelf(Shelf),
    /// Into a file.
    File(FileStore),
}

impl Store {
    /// Opens what the job names; `None` when it names nothing or there is nothing to archive.
    pub fn open(
        parameters: &Parameters,
        condition: &Condition,
        collection: &Collection,
    ) -> Result<Option<Self>, Failure> {
        let Some(target) = &parameters.archive_to else { return Ok(None) };
        let during = |error: Error| Failure::from(error).during("opening the archive; nothing is deleted");
        // An empty file each night would only be in the way.
        let options = FindOptions { projection: Some(json!({ "_id": 1 })), ..FindOptions::default() };
        if collection.find_one(condition.filter(), &options).map_err(during)?.is_none() {
            return Ok(None);
        }
        match target {
            ArchiveTarget::Collection(target) => Shelf::open(target).map(Self::Shelf).map_err(during).map(Some),
            ArchiveTarget::File(target) => {
                FileStore::open(target, &parameters.full_name()).map(Self::File).map_err(during).map(Some)
            }
        }
    }

    /// Writes all copies and returns what may be deleted.
    pub fn write<'a>(
        &'a self,
        parameters: &Parameters,
        condition: &'a Condition,
        collection: &'a Collection,
    ) -> Result<Archive<'a>, Failure> {
        let limit = (parameters.max_records != 0).then_some(parameters.max_records);
        let options = FindOptions { sort: Some(json!({ "_id": 1 })), limit, ..FindOptions::default() };
        let during = |error: Error| Failure::from(error).during("writing the archive; nothing is deleted yet");
        let cursor = collection.find(condition.filter(), &options).map_err(during)?;
        let source = Copies { cursor, batch_size: parameters.batch_size.min(1000), count: 0 };
        match self {
            Self::Shelf(shelf) => {
                let documents = shelf.fill(source)?;
                Ok(Archive {
                    source: Source::Shelf(Walk::new(condition, collection), shelf),
                    description: json!({ "collection": shelf.name(), "documents": documents }),
                })
            }
            Self::File(store) => {
                let (info, documents) = store.fill(source)?;
                let description = json!({
                    "folder": store.folder_label(), "file": info.name, "documents": documents,
                    "size_bytes": info.size, "sha256": info.sha256,
                });
                Ok(Archive { source: Source::File(store.reader(&info, condition)), description })
            }
        }
    }
}

/// The documents to copy, batch by batch.
struct Copies {
    cursor: Cursor,
    batch_size: u32,
    count: u64,
}

impl Copies {
    /// The next documents; empty at the end. Between batches the host may ask to stop.
    fn next_batch(&mut self) -> Result<Vec<Value>, Failure> {
        if self.count > 0 {
            execution::progress(self.count, None, "archived");
            if execution::should_stop() {
                return Err(Failure::interrupted("stopped while writing the archive, as the host asked"));
            }
        }
        let batch = self
            .cursor
            .next_batch(self.batch_size)
            .map_err(|error| Failure::from(error).during("reading for the archive; nothing is deleted yet"))?;
        self.count += batch.len() as u64;
        Ok(batch)
    }
}

/// What may be deleted.
#[derive(Debug)]
pub struct Archive<'a> {
    source: Source<'a>,
    description: Value,
}

#[derive(Debug)]
enum Source<'a> {
    /// All that match.
    Matching(Walk<'a>),
    /// Those of them that stand in the archive collection.
    Shelf(Walk<'a>, &'a Shelf),
    /// Those that stand in the file.
    File(FileReader<'a>),
}

impl<'a> Archive<'a> {
    /// Nothing is archived, and all that match may go.
    pub fn none(condition: &'a Condition, collection: &'a Collection) -> Self {
        Self { source: Source::Matching(Walk::new(condition, collection)), description: Value::Null }
    }

    /// Where the copies are, for the result; null without an archive.
    pub fn describe(&self) -> Value {
        self.description.clone()
    }

    /// The next documents that may go, at most `wanted`; empty at the end.
    pub fn next_batch(&mut self, wanted: u64) -> Result<Vec<Candidate>, Error> {
        match &mut self.source {
            Source::Matching(walk) => walk.next_batch(wanted),
            Source::File(reader) => reader.next_batch(wanted),
            Source::Shelf(walk, shelf) => loop {
                let batch = walk.next_batch(wanted)?;
                if batch.is_empty() {
                    return Ok(batch);
                }
                let kept = shelf.holding(batch)?;
                if !kept.is_empty() {
                    return Ok(kept);
                }
            },
        }
    }
}
