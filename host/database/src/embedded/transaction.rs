//! The open write transaction: what commands of one group share while they run.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{
    catalogue::{self, Catalogue},
    fault::{Attempt, Fault},
    table::Table,
};
use crate::name;

pub(super) struct Transaction<'c> {
    pub connection: &'c Connection,
    /// What `$currentDate` and its like write.
    pub now: DateTime<Utc>,
    catalogue: Arc<Catalogue>,
    tallies: Vec<Tally>,
}

/// How much a collection has grown in this transaction.
#[derive(Clone, Copy)]
struct Tally {
    collection: i64,
    documents: i64,
    bytes: i64,
}

impl<'c> Transaction<'c> {
    /// To be called after `BEGIN IMMEDIATE`, with the catalogue of the last commit.
    pub fn new(connection: &'c Connection, catalogue: Arc<Catalogue>, now: DateTime<Utc>) -> Self {
        Self { connection, now, catalogue, tallies: Vec::new() }
    }

    pub fn table(&self, collection: &str) -> Option<Arc<Table>> {
        self.catalogue.table(collection).cloned()
    }

    /// The table of a collection, which comes into being if it is not there.
    pub fn table_or_new(&mut self, collection: &str) -> Attempt<Arc<Table>> {
        if let Some(table) = self.table(collection) {
            return Ok(table);
        }
        name::check(collection)?;
        self.connection
            .prepare_cached("INSERT INTO catalogue_collections (name) VALUES (?1)")?
            .execute(params![collection])?;
        Table::create(self.connection, self.connection.last_insert_rowid())?;
        self.catalogue_changed()?;
        self.table(collection).ok_or(Fault::Storage(rusqlite::Error::QueryReturnedNoRows))
    }

    /// Takes over a change that was made to the catalogue's tables.
    pub fn catalogue_changed(&mut self) -> Attempt<()> {
        catalogue::move_version(self.connection)?;
        self.catalogue = Arc::new(Catalogue::load(self.connection)?);
        Ok(())
    }

    /// Notes that a collection has grown or, with negative numbers, shrunk.
    pub fn grow(&mut self, collection: i64, documents: i64, bytes: i64) {
        match self.tallies.iter_mut().find(|tally| tally.collection == collection) {
            Some(tally) => {
                tally.documents += documents;
                tally.bytes += bytes;
            }
            None => self.tallies.push(Tally { collection, documents, bytes }),
        }
    }

    /// Runs `work` so that a refusal leaves nothing of it behind.
    pub fn whole<T>(&mut self, work: impl FnOnce(&mut Self) -> Attempt<T>) -> Attempt<T> {
        self.connection.prepare_cached("SAVEPOINT whole")?.execute([])?;
        let (catalogue, tallies) = (Arc::clone(&self.catalogue), self.tallies.clone());
        let outcome = work(self);
        match &outcome {
            Ok(_) => {}
            Err(Fault::Refused(_)) => {
                self.connection.execute_batch("ROLLBACK TO whole")?;
                (self.catalogue, self.tallies) = (catalogue, tallies);
            }
            Err(Fault::Storage(_)) => return outcome,
        }
        self.connection.prepare_cached("RELEASE whole")?.execute([])?;
        outcome
    }

    /// Writes what was only noted, and gives the catalogue that the commit makes true.
    pub fn finish(self) -> Attempt<Arc<Catalogue>> {
        for tally in self.tallies.iter().filter(|tally| tally.documents != 0 || tally.bytes != 0) {
            self.connection
                .prepare_cached(
                    "UPDATE catalogue_collections SET count = count + ?2, size_bytes = size_bytes + ?3 WHERE id = ?1",
                )?
                .execute(params![tally.collection, tally.documents, tally.bytes])?;
        }
        Ok(self.catalogue)
    }
}
