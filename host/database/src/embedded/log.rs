//! Keeping SQLite's write-ahead log short.
//!
//! After each commit SQLite moves what it can from the log into the file, but it starts the log anew only when no
//! reader needs it. Where somebody reads at every moment that never happens, and the log would grow without end. So
//! the writer, between two groups, now and then waits a moment for the readers.

use std::{path::PathBuf, time::Duration};

use rusqlite::Connection;

/// From this size on the log is cut.
const LONG_BYTES: u64 = 64 << 20;
/// Groups between two looks at the size.
const GROUPS: u32 = 64;
/// How long readers may hold the writer up; if that is not enough the next try is one length further on.
const WAIT: Duration = Duration::from_millis(250);
/// What the connection waits at other times.
pub(super) const USUAL_WAIT: Duration = Duration::from_secs(10);

pub(super) struct Log {
    path: PathBuf,
    groups: u32,
    /// The size from which the next try is due.
    due: u64,
}

impl Log {
    pub fn new(path: PathBuf) -> Self {
        Self { path, groups: 0, due: LONG_BYTES }
    }

    /// To be called between two groups.
    pub fn keep_short(&mut self, connection: &Connection) {
        self.groups += 1;
        if self.groups < GROUPS {
            return;
        }
        self.groups = 0;
        let Ok(size) = std::fs::metadata(&self.path).map(|log| log.len()) else { return };
        if size < self.due {
            return;
        }
        match cut(connection) {
            Ok(true) => self.due = LONG_BYTES,
            Ok(false) => self.due = size + LONG_BYTES,
            Err(error) => {
                self.due = size + LONG_BYTES;
                tracing::warn!(%error, size_bytes = size, "the write-ahead log cannot be cut");
            }
        }
    }
}

/// Whether the log was cut; not if readers held on to it.
fn cut(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(WAIT)?;
    let is_busy: rusqlite::Result<i64> = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(USUAL_WAIT)?;
    Ok(is_busy? == 0)
}
