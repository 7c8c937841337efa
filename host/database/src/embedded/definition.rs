//! Making, renaming and dropping collections and indexes. Each is one step of the writer.

use rusqlite::params;

use super::{
    fault::{Attempt, damaged},
    index::IndexTable,
    table::Table,
    transaction::Transaction,
};
use crate::{Error, Index, name};

/// As in MongoDB.
const INDEXES: usize = 64;

impl Transaction<'_> {
    /// Makes an index and fills it; does nothing if an equal one is there.
    pub fn create_index(&mut self, collection: &str, index: &Index) -> Attempt<()> {
        let table = self.table_or_new(collection)?;
        if let Some(existing) = table.index(&index.name) {
            return if existing.definition == *index {
                Ok(())
            } else {
                Err(Error::invalid(format!(
                    "{collection} has another index of the name {}; drop it first or choose another name",
                    index.name
                ))
                .into())
            };
        }
        if table.indexes.len() >= INDEXES {
            return Err(Error::invalid(format!("{collection} has {INDEXES} indexes, more are not allowed")).into());
        }
        let id = IndexTable::create(self.connection, table.id, index)?;
        let made = IndexTable::new(id, index.clone(), 0)?;
        let arrays = self.fill(&table, &made)?;
        self.connection
            .prepare_cached("UPDATE catalogue_indexes SET arrays = ?2 WHERE id = ?1")?
            .execute(params![id, arrays])?;
        self.catalogue_changed()
    }

    /// Writes the entries of all documents; gives the keys that have met arrays.
    fn fill(&self, table: &Table, index: &IndexTable) -> Attempt<i64> {
        let mut documents = self.connection.prepare(&format!("SELECT rowid, doc FROM c{}", table.id))?;
        let mut rows = documents.query([])?;
        let mut arrays = 0;
        while let Some(row) = rows.next()? {
            let rowid: i64 = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let document = table.decode(bytes)?;
            arrays |= index.arrays_met(&document);
            for key in index.entries(&document)? {
                if index.definition.unique && index.is_held(self.connection, &key, rowid)? {
                    let (collection, index_name) = (table.name.clone(), index.definition.name.clone());
                    let key = index.values(&document);
                    return Err(Error::DuplicateKey { collection, index: index_name, key }.into());
                }
                index.insert(self.connection, &key, rowid)?;
            }
        }
        Ok(arrays)
    }

    pub fn drop_index(&mut self, collection: &str, name: &str) -> Attempt<()> {
        let missing = || Error::NotFound { what: format!("index {name} of {collection}") };
        let table = self.table(collection).ok_or_else(missing)?;
        table.index(name).ok_or_else(missing)?.remove_all(self.connection)?;
        self.catalogue_changed()
    }

    pub fn drop_collection(&mut self, collection: &str) -> Attempt<()> {
        let Some(table) = self.table(collection) else { return Ok(()) };
        // A tally noted earlier in this transaction finds no row any more, which is right.
        table.remove_all(self.connection)?;
        self.connection
            .prepare_cached("DELETE FROM catalogue_collections WHERE id = ?1")?
            .execute(params![table.id])?;
        self.catalogue_changed()
    }

    pub fn rename_collection(&mut self, from: &str, to: &str, replace: bool) -> Attempt<()> {
        name::check(to)?;
        let table = self.table(from).ok_or_else(|| Error::NotFound { what: format!("collection {from}") })?;
        if from == to {
            return Err(Error::invalid(format!("{from} has this name already")).into());
        }
        if self.table(to).is_some() {
            if !replace {
                return Err(Error::invalid(format!(
                    "there is a collection {to} already; drop it first, or ask to replace it"
                ))
                .into());
            }
            self.drop_collection(to)?;
        }
        let renamed = self
            .connection
            .prepare_cached("UPDATE catalogue_collections SET name = ?2 WHERE id = ?1")?
            .execute(params![table.id, to])?;
        if renamed != 1 {
            return Err(damaged(from, "its entry in the catalogue is missing"));
        }
        self.catalogue_changed()
    }
}
