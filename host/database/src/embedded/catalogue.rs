//! Which collections and indexes there are, and which tables hold them.
//!
//! The tables of the catalogue are the truth. A [`Catalogue`] is a copy of them with a version; every change of
//! the tables moves the version on, so that a reader can tell with one small read whether its copy fits its
//! snapshot.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, params};

use super::{fault::Attempt, index::IndexTable, table::Table};

/// Creates the empty catalogue and stamps the file with its format.
pub(super) fn found(connection: &Connection, format: i64) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         CREATE TABLE catalogue_version (version INTEGER NOT NULL);
         INSERT INTO catalogue_version VALUES (1);
         CREATE TABLE catalogue_collections (
             id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
             count INTEGER NOT NULL DEFAULT 0, size_bytes INTEGER NOT NULL DEFAULT 0);
         CREATE TABLE catalogue_indexes (
             id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, definition BLOB NOT NULL,
             arrays INTEGER NOT NULL DEFAULT 0);
         PRAGMA user_version = {format};
         COMMIT;"
    ))
}

#[derive(Clone, Default)]
pub(super) struct Catalogue {
    pub version: i64,
    tables: HashMap<String, Arc<Table>>,
}

impl Catalogue {
    /// The catalogue as this connection sees it now.
    pub fn load(connection: &Connection) -> Attempt<Self> {
        let version = Self::stored_version(connection)?;
        let mut tables = HashMap::new();
        let mut statement = connection.prepare_cached("SELECT id, name FROM catalogue_collections")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
            let indexes = IndexTable::load(connection, id, &name)?;
            tables.insert(name.clone(), Arc::new(Table::new(id, name, indexes)));
        }
        Ok(Self { version, tables })
    }

    pub fn stored_version(connection: &Connection) -> rusqlite::Result<i64> {
        connection.prepare_cached("SELECT version FROM catalogue_version")?.query_row([], |row| row.get(0))
    }

    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }
}

/// Moves the version on; to be called by every change of the catalogue's tables, in its transaction.
pub(super) fn move_version(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE catalogue_version SET version = version + 1")?.execute([])?;
    Ok(())
}

/// Exact number and size of the documents of a collection, kept with every commit.
pub(super) fn tally(connection: &Connection, collection: i64) -> rusqlite::Result<(u64, u64)> {
    connection
        .prepare_cached("SELECT count, size_bytes FROM catalogue_collections WHERE id = ?1")?
        .query_row(params![collection], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
        })
}
