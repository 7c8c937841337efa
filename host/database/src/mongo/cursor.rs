//! The driver's cursors as ours. Each batch that has to be fetched ends in its time.

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf};

use super::{Mongo, within};
use crate::{Cursor, Error, RawCursor, Result};

/// Bytes of one batch of documents.
const BATCH_BYTES: usize = 16 << 20;

/// Nothing more comes.
pub(super) struct Nothing;

#[async_trait]
impl Cursor for Nothing {
    async fn next(&mut self, _: usize) -> Result<Vec<Document>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl RawCursor for Nothing {
    async fn next(&mut self, _: usize) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

/// What the server still has for us.
pub(super) struct Batches {
    cursor: mongodb::Cursor<RawDocumentBuf>,
    collection: String,
    timeout: std::time::Duration,
    /// The document in the cursor was too large for the batch before.
    kept: bool,
    has_ended: bool,
}

impl Batches {
    pub fn new(mongo: &Mongo, collection: &str, cursor: mongodb::Cursor<RawDocumentBuf>) -> Self {
        let timeout = mongo.options.long_timeout;
        Self { cursor, collection: collection.to_owned(), timeout, kept: false, has_ended: false }
    }

    /// Moves on to the next document; false at the end. After an error the cursor is spent.
    async fn advance(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.kept) {
            return Ok(true);
        }
        if self.has_ended {
            return Ok(false);
        }
        let moved = within(self.timeout, &self.collection, self.cursor.advance()).await;
        self.has_ended = !matches!(moved, Ok(true));
        moved
    }
}

#[async_trait]
impl Cursor for Batches {
    async fn next(&mut self, max: usize) -> Result<Vec<Document>> {
        let (mut documents, mut size) = (Vec::new(), 0);
        while documents.len() < max && size < BATCH_BYTES && self.advance().await? {
            let raw = self.cursor.current();
            size += raw.as_bytes().len();
            documents.push(Document::try_from(raw).map_err(|error| Error::Corrupted {
                message: format!("a document of {} cannot be read: {error}", self.collection),
            })?);
        }
        Ok(documents)
    }
}

#[async_trait]
impl RawCursor for Batches {
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<u8>> {
        let mut batch = Vec::new();
        while self.advance().await? {
            let bytes = self.cursor.current().as_bytes();
            if !batch.is_empty() && batch.len() + bytes.len() > max_bytes {
                self.kept = true;
                break;
            }
            batch.extend_from_slice(bytes);
        }
        Ok(batch)
    }
}
