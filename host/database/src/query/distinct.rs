//! The different values of one field.
//!
//! Rule: manual, "distinct" (<https://www.mongodb.com/docs/manual/reference/command/distinct/>): elements of an array
//! count each by themselves, arrays inside it as they are; documents without the field add nothing.

use std::{cell::Cell, collections::HashSet};

use bson::{Bson, Document, RawDocument};

use super::{
    allow::MAX_DOCUMENT_BYTES,
    key::encode_view,
    path::{Entering, Path, Role},
    view::{Raw, Tree, View},
};
use crate::{Error, Result};

/// Collects values over many documents. Numbers that are equal are one value, the first one met.
#[derive(Debug)]
pub struct Distinct {
    path: Path,
    seen: HashSet<Vec<u8>>,
    values: Vec<Bson>,
    bytes: usize,
}

impl Distinct {
    /// # Errors
    /// [`Error::Invalid`] for a path that is empty or begins with `$`.
    pub fn new(field: &str) -> Result<Self> {
        if field.is_empty() || field.starts_with('$') {
            return Err(Error::invalid(format!("distinct needs the name of a field, not {field:?}")));
        }
        Ok(Self { path: Path::parse(field)?, seen: HashSet::new(), values: Vec::new(), bytes: 0 })
    }

    /// # Errors
    /// [`Error::TooLarge`] for more than one document holds.
    pub fn add(&mut self, document: &Document) -> Result<()> {
        self.add_from(Tree::Document(document), |value| Ok(value.to_bson()))
    }

    /// As [`add`](Self::add), from the stored bytes.
    ///
    /// # Errors
    /// [`Error::Corrupted`] for bytes that are not a document, [`Error::TooLarge`] for more than one document holds.
    pub fn add_raw(&mut self, document: &RawDocument) -> Result<()> {
        let damaged = Cell::new(false);
        let corrupted = || Error::Corrupted { message: "a document cannot be decoded".into() };
        self.add_from(Raw::new(document, &damaged), |value| value.to_bson().ok_or_else(corrupted))?;
        if damaged.get() { Err(corrupted()) } else { Ok(()) }
    }

    fn add_from<'a, V: View<'a>>(&mut self, root: V, keep: impl Fn(V) -> Result<Bson>) -> Result<()> {
        let (seen, values, bytes) = (&mut self.seen, &mut self.values, &mut self.bytes);
        let mut failure = None;
        let mut add = |value: V| {
            let mut key = Vec::with_capacity(16);
            encode_view(value, false, &mut key);
            let size = key.len();
            if seen.insert(key) {
                match keep(value) {
                    Ok(value) => {
                        *bytes += size;
                        values.push(value);
                    }
                    Err(error) => failure = Some(error),
                }
            }
        };
        self.path.visit(root, Entering::Elements, &mut |found| {
            match found.value {
                // Named by its index, so its elements were not given yet.
                Some(value) if found.role == Role::Named && value.is_array() => value.items().for_each(&mut add),
                Some(value) if found.role != Role::Whole => add(value),
                _ => {}
            }
            false
        });
        if self.bytes > MAX_DOCUMENT_BYTES {
            let what = "the list of different values (use $group for so many)".to_owned();
            return Err(Error::TooLarge { what, size: self.bytes as u64, limit: MAX_DOCUMENT_BYTES as u64 });
        }
        failure.map_or(Ok(()), Err)
    }

    /// What was collected, in the order in which it was met.
    pub fn finish(self) -> Vec<Bson> {
        self.values
    }
}
