//! The shape of what a read gives back.

use bson::Document;

use crate::{Error, Result};

/// Refuses every projection.
pub(super) struct Projection;

impl Projection {
    /// # Errors
    /// [`Error::Unsupported`] unless it is empty.
    pub fn compile(projection: &Document) -> Result<Self> {
        if projection.is_empty() { Ok(Self) } else { Err(Error::unsupported("a projection")) }
    }

    pub fn apply(&self, document: &Document) -> Result<Document> {
        Ok(document.clone())
    }
}
