//! The trait that every engine implements.

use async_trait::async_trait;
use bson::{Bson, Document, RawDocumentBuf};
use chrono::{DateTime, Utc};

use crate::{
    CollectionInfo, Delete, Error, Find, FindAndUpdate, Index, InsertReport, Outcome, Result, Update, UpdateReport,
    Write,
};

/// A document database. Every write that was answered with `Ok` survives a crash of process and machine.
///
/// A collection comes into being with its first document or index; reading one that is not there finds nothing.
/// Futures may be dropped: a write that was already queued is still done.
#[async_trait]
pub trait Database: Send + Sync + 'static {
    async fn find(&self, collection: &str, find: Find) -> Result<Box<dyn Cursor>>;

    /// As [`find`](Self::find), but the stored bytes; a projection is refused.
    async fn find_raw(&self, collection: &str, find: Find) -> Result<Box<dyn RawCursor>>;

    async fn count(&self, collection: &str, filter: Document) -> Result<u64>;

    /// The different values of `field` in the documents that match, each once, arrays taken apart.
    async fn distinct(&self, collection: &str, field: &str, filter: Document) -> Result<Vec<Bson>>;

    async fn aggregate(&self, collection: &str, pipeline: Vec<Document>) -> Result<Box<dyn Cursor>>;

    /// Inserts without an order among the documents; one without `_id` gets a new ObjectId.
    async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<InsertReport>;

    /// As [`insert`](Self::insert), from encoded documents.
    async fn insert_raw(&self, collection: &str, documents: Vec<RawDocumentBuf>) -> Result<InsertReport> {
        let decoded = documents
            .iter()
            .map(|document| {
                Document::try_from(document)
                    .map_err(|error| Error::invalid(format!("a document cannot be decoded: {error}")))
            })
            .collect::<Result<_>>()?;
        self.insert(collection, decoded).await
    }

    /// A change of many is one step on no engine that stores: what was changed before a refusal may stay changed.
    async fn update(&self, collection: &str, update: Update) -> Result<UpdateReport>;

    /// Number of documents removed.
    async fn delete(&self, collection: &str, delete: Delete) -> Result<u64>;

    /// The document as [`FindAndUpdate::give_back`] says; `None` if nothing matched.
    async fn find_one_and_update(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>>;

    /// Phases one after the other, writes within a phase in no order. A write that fails does not stop its
    /// neighbours: each has an outcome at its place. The outer error means that *nothing is known to be stored*
    /// (on the embedded engine: nothing is). The embedded engine commits all phases as one transaction; MongoDB holds
    /// them together in no way.
    async fn bulk(&self, phases: Vec<Vec<Write>>) -> Result<Vec<Vec<Result<Outcome>>>>;

    /// Does nothing if an equal index is there; another one of the same name is [`Invalid`](crate::Error::Invalid).
    async fn create_index(&self, collection: &str, index: Index) -> Result<()>;
    async fn drop_index(&self, collection: &str, name: &str) -> Result<()>;
    /// Without the one on `_id`, which every collection has.
    async fn indexes(&self, collection: &str) -> Result<Vec<Index>>;

    async fn create_collection(&self, name: &str) -> Result<()>;
    async fn drop_collection(&self, name: &str) -> Result<()>;
    /// `replace` drops a collection that stands at `to`; without it that is [`Invalid`](crate::Error::Invalid).
    async fn rename_collection(&self, name: &str, to: &str, replace: bool) -> Result<()>;
    async fn collections(&self) -> Result<Vec<CollectionInfo>>;

    async fn ping(&self) -> Result<()>;
    /// The clock that leases are judged by.
    async fn server_time(&self) -> Result<DateTime<Utc>>;
}

/// Documents in batches. Dropping it closes it.
#[async_trait]
pub trait Cursor: Send {
    /// At most `max` further documents; empty means the end.
    async fn next(&mut self, max: usize) -> Result<Vec<Document>>;
}

/// Encoded documents in batches.
#[async_trait]
pub trait RawCursor: Send {
    /// Whole BSON documents, concatenated, at most `max_bytes` unless the first alone is larger; empty means the end.
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<u8>>;
}

/// Everything a cursor still holds. For results whose size is known to be small.
///
/// # Errors
/// Those of the cursor.
pub async fn collect(mut cursor: Box<dyn Cursor>) -> Result<Vec<Document>> {
    let mut all = Vec::new();
    loop {
        let batch = cursor.next(1_000).await?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}
