//! Writing one document together with its index entries.
//!
//! Every rule is checked before anything is changed (an insert takes back its one row), so that a refused write
//! needs no savepoint and leaves nothing behind.

use std::sync::Arc;

use bson::{Bson, Document};
use rusqlite::params;

use super::{
    fault::Attempt,
    index::IndexTable,
    table::{Stored, Table},
    transaction::Transaction,
};
use crate::{
    Error, Result,
    query::{key, update::prepare_insert},
};

/// A document that is ready to be inserted: it has an `_id` in first place and was encoded.
pub(super) struct NewDocument {
    id: Vec<u8>,
    bytes: Vec<u8>,
    document: Document,
}

impl NewDocument {
    /// # Errors
    /// [`Error::Invalid`] for an `_id` that cannot be one, [`Error::TooLarge`].
    pub fn new(mut document: Document) -> Result<Self> {
        prepare_insert(&mut document)?;
        let id = document.get("_id").map(key::of).unwrap_or_default();
        Ok(Self { id, bytes: encode(&document)?, document })
    }

    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn id(&self) -> Bson {
        self.document.get("_id").cloned().unwrap_or(Bson::Null)
    }
}

fn encode(document: &Document) -> Result<Vec<u8>> {
    document.to_vec().map_err(|error| Error::invalid(format!("the document cannot be written as BSON: {error}")))
}

fn duplicate(table: &Table, index: &str, key: Bson) -> Error {
    Error::DuplicateKey { collection: table.name.clone(), index: index.into(), key }
}

/// The entries of one index before and after a change.
struct Move<'a> {
    index: &'a IndexTable,
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
}

impl Move<'_> {
    fn gone(&self) -> impl Iterator<Item = &[u8]> {
        self.before.iter().filter(|key| !self.after.contains(key)).map(Vec::as_slice)
    }

    fn come(&self) -> impl Iterator<Item = &[u8]> {
        self.after.iter().filter(|key| !self.before.contains(key)).map(Vec::as_slice)
    }
}

impl Transaction<'_> {
    /// # Errors
    /// [`Error::DuplicateKey`] naming `_id_` before any other index.
    pub fn insert(&mut self, collection: &str, new: &NewDocument) -> Attempt<()> {
        let table = self.table_or_new(collection)?;
        let entries =
            table.indexes.iter().map(|index| Ok((index, index.entries(&new.document)?))).collect::<Result<Vec<_>>>()?;
        let Some(rowid) = table.insert(self.connection, &new.id, &new.bytes)? else {
            return Err(duplicate(&table, "_id_", Bson::Array(vec![new.id()])).into());
        };
        for (index, keys) in entries.iter().filter(|(index, _)| index.definition.unique) {
            for key in keys {
                if index.is_held(self.connection, key, rowid)? {
                    table.remove(self.connection, rowid)?;
                    return Err(duplicate(&table, &index.definition.name, index.values(&new.document)).into());
                }
            }
        }
        for (index, keys) in &entries {
            for key in keys {
                index.insert(self.connection, key, rowid)?;
            }
        }
        self.grow(table.id, 1, new.bytes.len() as i64);
        self.note_arrays(&table, &new.document)
    }

    /// Writes `after` over `before`, of which `affected` indexes had the entries given.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`], [`Error::Invalid`] for what an index cannot hold.
    pub fn replace(
        &mut self,
        table: &Arc<Table>,
        stored: &Stored,
        affected: Vec<(&IndexTable, Vec<Vec<u8>>)>,
        after: &Document,
    ) -> Attempt<()> {
        let bytes = encode(after)?;
        let moves = affected
            .into_iter()
            .map(|(index, before)| Ok(Move { index, before, after: index.entries(after)? }))
            .collect::<Result<Vec<_>>>()?;
        for step in moves.iter().filter(|step| step.index.definition.unique) {
            for key in step.come() {
                if step.index.is_held(self.connection, key, stored.rowid)? {
                    return Err(duplicate(table, &step.index.definition.name, step.index.values(after)).into());
                }
            }
        }
        for step in &moves {
            for key in step.gone() {
                step.index.remove(self.connection, key, stored.rowid)?;
            }
            for key in step.come() {
                step.index.insert(self.connection, key, stored.rowid)?;
            }
        }
        table.replace(self.connection, stored.rowid, &bytes)?;
        self.grow(table.id, 0, bytes.len() as i64 - stored.bytes.len() as i64);
        self.note_arrays(table, after)
    }

    pub fn remove(&mut self, table: &Arc<Table>, stored: &Stored) -> Attempt<()> {
        if !table.indexes.is_empty() {
            let document = table.decode(&stored.bytes)?;
            for index in &table.indexes {
                for key in index.entries(&document)? {
                    index.remove(self.connection, &key, stored.rowid)?;
                }
            }
        }
        table.remove(self.connection, stored.rowid)?;
        self.grow(table.id, -1, -(stored.bytes.len() as i64));
        Ok(())
    }

    /// Remembers for good which keys of an index have met an array: the planner must then be more careful.
    fn note_arrays(&mut self, table: &Table, document: &Document) -> Attempt<()> {
        let mut changed = false;
        for index in &table.indexes {
            let arrays = index.arrays_met(document);
            if arrays & !index.arrays != 0 {
                self.connection
                    .prepare_cached("UPDATE catalogue_indexes SET arrays = arrays | ?2 WHERE id = ?1")?
                    .execute(params![index.id, arrays])?;
                changed = true;
            }
        }
        if changed { self.catalogue_changed() } else { Ok(()) }
    }
}
