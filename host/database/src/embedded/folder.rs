//! The data folder: its lock, its file, and connections that are set up alike.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{
    Options, catalogue,
    fault::storage_error,
    log::{Log, USUAL_WAIT},
};
use crate::{Error, Result};

const FILE: &str = "documents.sqlite";
const LOCK: &str = "documents.lock";
/// Format of the file, kept in `user_version`. A program reads the formats it knows and refuses others.
const FORMAT: i64 = 1;
/// WAL pages after which the writer moves them into the file. Larger means fewer moves and a longer WAL.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Statements kept prepared per connection; each collection and index has a handful.
const STATEMENTS: usize = 512;

/// A folder that this process alone may use, as long as the value lives.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be and takes its lock.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if another process (or another `Embedded` in this one) holds it, or if the folder
    /// cannot be made or written.
    pub fn lock(path: &Path) -> Result<Self> {
        let failed = |what: &str, error: &dyn std::fmt::Display| Error::Unavailable {
            message: format!("{what} {}: {error}", path.display()),
        };
        // Documents are nobody else's business; a folder that is there already keeps its rights.
        let mut folder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.recursive(true).create(path).map_err(|error| failed("cannot create the data folder", &error))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|error| failed("cannot open the lock file in", &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Unavailable {
                message: format!(
                    "the data folder {} is in use by another process; stop it, or give this one a folder of its own",
                    path.display()
                ),
            }),
            Err(TryLockError::Error(error)) => Err(failed("cannot lock the data folder", &error)),
        }
    }

    /// The one connection that writes. Creates the file or checks its format.
    pub fn writer(&self, options: &Options) -> Result<Connection> {
        let file = self.path.join(FILE);
        let connection = Connection::open(&file).map_err(|error| storage_error(&error))?;
        // Before anything is set: a file that is not ours to read must be left as it is.
        let (format, tables): (i64, i64) = connection
            .query_row(
                "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|error| storage_error(&error))?;
        match (format, tables) {
            (0, 0) | (FORMAT, _) => {}
            (0, _) => {
                return Err(Error::invalid(format!(
                    "{} belongs to another program; choose another data folder",
                    file.display()
                )));
            }
            (other, _) => {
                return Err(Error::invalid(format!(
                    "{} has format {other}, this program reads format {FORMAT}; open it with the program that wrote it",
                    file.display()
                )));
            }
        }
        self.prepare(&connection, options).map_err(|error| storage_error(&error))?;
        if format == 0 {
            catalogue::found(&connection, FORMAT).map_err(|error| storage_error(&error))?;
        }
        self.keep_names()?;
        Ok(connection)
    }

    fn prepare(&self, connection: &Connection, options: &Options) -> rusqlite::Result<()> {
        connection.busy_timeout(USUAL_WAIT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // After a peak the WAL is cut back, or it would keep its largest size for ever.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "cache_size", -(i64::from(options.writer_cache_kib)))?;
        if let Some(pages) = options.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        // Opens the WAL, so that its name is in the folder before the first acknowledged write.
        connection.execute_batch("BEGIN IMMEDIATE; COMMIT")
    }

    /// Makes the names of the files durable: an fsync of a file says nothing about its entry in the folder.
    fn keep_names(&self) -> Result<()> {
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(|error| Error::Unavailable {
            message: format!("cannot sync the data folder {}: {error}", self.path.display()),
        })
    }

    /// The write-ahead log of the file.
    pub fn log(&self) -> Log {
        Log::new(self.path.join(format!("{FILE}-wal")))
    }

    /// A connection for reading only.
    pub fn reader(&self, options: &Options) -> Result<Connection> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(self.path.join(FILE), flags)?;
            connection.busy_timeout(USUAL_WAIT)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            connection.pragma_update(None, "cache_size", -(i64::from(options.reader_cache_kib)))?;
            Ok(connection)
        };
        open().map_err(|error: rusqlite::Error| storage_error(&error))
    }
}
