//! A bound on what a stage may keep in memory while it waits for the last document.

use bson::{Bson, Document};

use crate::{Error, Result};

/// MongoDB's own bound for one stage: 100 MiB. Source: manual, "Aggregation Pipeline Limits".
const LIMIT_BYTES: usize = 100 * 1024 * 1024;

/// What an entry costs beside its text: the value itself and its place in the table.
const ENTRY_BYTES: usize = size_of::<Bson>() + 32;

/// Counts what one stage keeps.
#[derive(Debug)]
pub(super) struct Memory {
    stage: &'static str,
    used_bytes: usize,
}

impl Memory {
    pub fn of(stage: &'static str) -> Self {
        Self { stage, used_bytes: 0 }
    }

    /// # Errors
    /// [`Error::TooLarge`] once the stage keeps more than 100 MiB.
    pub fn take(&mut self, bytes: usize) -> Result<()> {
        self.used_bytes = self.used_bytes.saturating_add(bytes);
        if self.used_bytes <= LIMIT_BYTES {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: format!("what {} keeps in memory", self.stage),
            size: self.used_bytes as u64,
            limit: LIMIT_BYTES as u64,
        })
    }

    /// All documents, as far as they are allowed to be.
    ///
    /// # Errors
    /// As [`take`](Self::take), and the first error among the documents.
    pub fn collect(&mut self, documents: impl Iterator<Item = Result<Document>>) -> Result<Vec<Document>> {
        let mut all = Vec::new();
        for document in documents {
            let document = document?;
            self.take(bytes_of_document(&document))?;
            all.push(document);
        }
        Ok(all)
    }
}

/// Roughly what a value takes in memory.
pub(super) fn bytes_of(value: &Bson) -> usize {
    ENTRY_BYTES
        + match value {
            Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => text.len(),
            Bson::Binary(binary) => binary.bytes.len(),
            Bson::Array(items) => items.iter().map(bytes_of).sum(),
            Bson::Document(document) => bytes_of_document(document),
            _ => 0,
        }
}

pub(super) fn bytes_of_document(document: &Document) -> usize {
    document.iter().map(|(name, value)| name.len() + bytes_of(value)).sum()
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use crate::{
        Error,
        query::{
            expression::Variables,
            pipeline::{Context, NoCollections, Pipeline},
        },
    };

    #[test]
    fn a_stage_that_would_keep_too_much_ends_with_an_error() {
        let text = "x".repeat(1024 * 1024);
        for stages in [
            vec![doc! { "$sort": { "_id": 1 } }],
            vec![doc! { "$group": { "_id": null, "all": { "$push": "$$ROOT" } } }],
            vec![doc! { "$group": { "_id": "$_id", "last": { "$last": "$text" } } }],
            vec![doc! { "$facet": { "all": [{ "$match": {} }] } }],
        ] {
            let pipeline = Pipeline::compile(&stages).unwrap();
            let variables = Variables::default();
            let context = Context { collections: &NoCollections, variables: &variables };
            let documents = (0..200).map(|id| Ok(doc! { "_id": id, "text": &text }));
            let answer: Result<Vec<_>, _> = pipeline.run(Box::new(documents), context).collect();
            assert!(matches!(answer, Err(Error::TooLarge { .. })), "{stages:?}");
        }
    }
}
