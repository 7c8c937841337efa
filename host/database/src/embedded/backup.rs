//! A consistent copy, and the question whether the file is sound.

use std::{collections::HashMap, path::Path};

use rusqlite::params;

use super::{
    Embedded, catalogue,
    fault::Attempt,
    reader::{Snapshot, Turn},
    table::Table,
};
use crate::{Error, Result};

/// So many faults are listed; who has more needs no list.
const FAULTS: usize = 100;

impl Embedded {
    /// Writes a compact copy of one state to a new file, which [`open`](Self::open) accepts as `documents.sqlite`
    /// in a folder of its own. Writers are not held up. Blocks.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `path` exists, [`Error::Unavailable`].
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        if path.exists() {
            return Err(Error::invalid(format!("{} exists already; name a file that does not", path.display())));
        }
        let connection = self.folder.reader(&self.options)?;
        let name = path.to_str().ok_or_else(|| Error::invalid(format!("{} is not UTF-8", path.display())))?;
        connection.execute("VACUUM INTO ?1", params![name]).map_err(|error| super::fault::storage_error(&error))?;
        let failed = |error: std::io::Error| Error::Unavailable { message: format!("cannot sync {name}: {error}") };
        std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(failed)
    }

    /// Looks through the whole file: SQLite's own check, then every document and every index entry. The list of
    /// faults is empty if all is well; at most 100 are named. Blocks, and reads everything.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the file cannot be read at all.
    pub fn integrity_check(&self) -> Result<Vec<String>> {
        self.readers.run_blocking(Turn::First, |snapshot| {
            let mut faults = Vec::new();
            let mut statement = snapshot.connection.prepare("PRAGMA integrity_check(100)")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let line: String = row.get(0)?;
                if line != "ok" {
                    faults.push(line);
                }
            }
            for table in snapshot.catalogue.tables() {
                check_table(snapshot, table, &mut faults)?;
            }
            faults.truncate(FAULTS);
            Ok(faults)
        })
    }
}

/// Documents must be readable, and each index must hold exactly their entries.
fn check_table(snapshot: &Snapshot<'_>, table: &Table, faults: &mut Vec<String>) -> Attempt<()> {
    let name = &table.name;
    let mut expected: HashMap<i64, i64> = table.indexes.iter().map(|index| (index.id, 0)).collect();
    let (mut count, mut size) = (0, 0);
    let mut documents = snapshot.connection.prepare(&format!("SELECT rowid, doc FROM c{}", table.id))?;
    let mut rows = documents.query([])?;
    while let Some(row) = rows.next()? {
        let (rowid, bytes): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        count += 1;
        size += bytes.len() as u64;
        let Ok(document) = table.decode(&bytes) else {
            faults.push(format!("{name}: the document in row {rowid} cannot be read"));
            continue;
        };
        for index in &table.indexes {
            for key in index.entries(&document)? {
                *expected.entry(index.id).or_default() += 1;
                if !index.has(snapshot.connection, &key, rowid)? {
                    let index = &index.definition.name;
                    faults.push(format!("{name}: index {index} lacks an entry for {}", document_name(&document)));
                }
            }
        }
        if faults.len() >= FAULTS {
            return Ok(());
        }
    }
    for index in &table.indexes {
        let expected = expected.get(&index.id).copied().unwrap_or_default();
        let found: i64 =
            snapshot.connection.query_row(&format!("SELECT count(*) FROM i{}", index.id), [], |row| row.get(0))?;
        if found != expected {
            let index = &index.definition.name;
            faults.push(format!("{name}: index {index} has {found} entries, its documents make {expected}"));
        }
    }
    let tally = catalogue::tally(snapshot.connection, table.id)?;
    if tally != (count, size) {
        faults.push(format!("{name}: {count} documents of {size} bytes, but {} of {} are noted", tally.0, tally.1));
    }
    Ok(())
}

fn document_name(document: &bson::Document) -> String {
    document.get("_id").map(ToString::to_string).unwrap_or_default()
}
