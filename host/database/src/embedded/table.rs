//! One collection: the names of its tables and the statements that reach a single document.

use std::sync::Arc;

use bson::RawDocument;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    fault::{Attempt, damaged},
    index::IndexTable,
};

/// A collection and its indexes, as one version of the catalogue has them.
pub(super) struct Table {
    pub id: i64,
    pub name: String,
    pub indexes: Vec<Arc<IndexTable>>,
    by_id: String,
    insert: String,
    replace: String,
    remove: String,
}

/// A document as it is stored.
pub(super) struct Stored {
    pub rowid: i64,
    pub bytes: Vec<u8>,
}

impl Table {
    pub fn new(id: i64, name: String, indexes: Vec<Arc<IndexTable>>) -> Self {
        Self {
            id,
            name,
            indexes,
            by_id: format!("SELECT rowid, doc FROM c{id} WHERE id = ?1"),
            insert: format!("INSERT INTO c{id} (id, doc) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
            replace: format!("UPDATE c{id} SET doc = ?2 WHERE rowid = ?1"),
            remove: format!("DELETE FROM c{id} WHERE rowid = ?1"),
        }
    }

    pub fn create(connection: &Connection, id: i64) -> rusqlite::Result<()> {
        connection.execute_batch(&format!(
            "CREATE TABLE c{id} (rowid INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, doc BLOB NOT NULL)"
        ))
    }

    /// Drops the collection's tables and those of its indexes.
    pub fn remove_all(&self, connection: &Connection) -> rusqlite::Result<()> {
        for index in &self.indexes {
            index.remove_all(connection)?;
        }
        connection.execute_batch(&format!("DROP TABLE c{}", self.id))
    }

    pub fn by_id(&self, connection: &Connection, id: &[u8]) -> rusqlite::Result<Option<Stored>> {
        connection
            .prepare_cached(&self.by_id)?
            .query_row(params![id], |row| Ok(Stored { rowid: row.get(0)?, bytes: row.get(1)? }))
            .optional()
    }

    /// The new row, or nothing if the id is taken.
    pub fn insert(&self, connection: &Connection, id: &[u8], document: &[u8]) -> rusqlite::Result<Option<i64>> {
        let inserted = connection.prepare_cached(&self.insert)?.execute(params![id, document])?;
        Ok((inserted == 1).then(|| connection.last_insert_rowid()))
    }

    pub fn replace(&self, connection: &Connection, rowid: i64, document: &[u8]) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.replace)?.execute(params![rowid, document])?;
        Ok(())
    }

    pub fn remove(&self, connection: &Connection, rowid: i64) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.remove)?.execute(params![rowid])?;
        Ok(())
    }

    /// Views stored bytes as a document.
    pub fn view<'a>(&self, bytes: &'a [u8]) -> Attempt<&'a RawDocument> {
        RawDocument::from_bytes(bytes).map_err(|error| damaged(&self.name, error))
    }

    /// Decodes stored bytes.
    pub fn decode(&self, bytes: &[u8]) -> Attempt<bson::Document> {
        self.view(bytes)?.try_into().map_err(|error: bson::error::Error| damaged(&self.name, error))
    }

    pub fn index(&self, name: &str) -> Option<&Arc<IndexTable>> {
        self.indexes.iter().find(|index| index.definition.name == name)
    }
}
