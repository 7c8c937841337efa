//! Cursors over what was found at the moment of the call; later writes do not show.

use async_trait::async_trait;
use bson::Document;

use crate::{Cursor, Error, RawCursor, Result};

pub(super) struct Documents(std::vec::IntoIter<Document>);

impl Documents {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        Self(documents.into_iter())
    }
}

#[async_trait]
impl Cursor for Documents {
    async fn next(&mut self, max: usize) -> Result<Vec<Document>> {
        Ok(self.0.by_ref().take(max).collect())
    }
}

pub(super) struct Encoded {
    documents: std::vec::IntoIter<Document>,
    waiting: Option<Vec<u8>>,
}

impl Encoded {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        Self { documents: documents.into_iter(), waiting: None }
    }
}

#[async_trait]
impl RawCursor for Encoded {
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<u8>> {
        let mut batch = self.waiting.take().unwrap_or_default();
        for document in self.documents.by_ref() {
            let bytes = document
                .to_vec()
                .map_err(|error| Error::Corrupted { message: format!("a document cannot be encoded: {error}") })?;
            if !batch.is_empty() && batch.len() + bytes.len() > max_bytes {
                self.waiting = Some(bytes);
                break;
            }
            batch.extend(bytes);
        }
        Ok(batch)
    }
}
