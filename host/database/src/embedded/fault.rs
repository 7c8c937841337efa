//! Two kinds of failure inside the engine: one command was refused, or the file underneath could not be used.
//!
//! The difference decides who is told: a refusal is the outcome of that command alone, a storage failure ends
//! the whole transaction. Only this file translates SQLite's codes.

use rusqlite::ErrorCode;

use crate::Error;

#[derive(Debug)]
pub(super) enum Fault {
    /// The command itself is at fault; its neighbours are not touched.
    Refused(Error),
    /// SQLite could not do its work; the transaction is lost.
    Storage(rusqlite::Error),
}

pub(super) type Attempt<T> = Result<T, Fault>;

impl Fault {
    pub fn into_error(self) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Storage(error) => storage_error(&error),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

/// What a caller can do about a failure of the file.
pub(super) fn storage_error(error: &rusqlite::Error) -> Error {
    let unavailable = |message: String| Error::Unavailable { message };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupted { message: error.to_string() },
        Some(ErrorCode::DiskFull) => unavailable("the disk is full; free some space and try again".into()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable("another program holds the database file".into())
        }
        _ => unavailable(error.to_string()),
    }
}

/// Whether a failed commit leaves unknown what the disk holds. A full disk and a busy file are known: nothing was
/// stored. After a failed write or fsync the kernel may have dropped the pages, and a second fsync that succeeds
/// proves nothing, so the writer must not go on.
pub(super) fn leaves_disk_unknown(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory)
    )
}

/// The bytes of a stored document cannot be read.
pub(super) fn damaged(collection: &str, error: impl std::fmt::Display) -> Fault {
    Fault::Refused(Error::Corrupted { message: format!("a document of {collection} cannot be read: {error}") })
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::{leaves_disk_unknown, storage_error};
    use crate::Error;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_failed_fsync_or_write_leaves_the_disk_unknown_and_a_full_disk_does_not() {
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR, ffi::SQLITE_CORRUPT] {
            assert!(leaves_disk_unknown(&failure(code)), "{code}");
        }
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_NOMEM] {
            assert!(!leaves_disk_unknown(&failure(code)), "{code}");
        }
    }

    #[test]
    fn only_damage_is_called_damage() {
        assert!(matches!(storage_error(&failure(ffi::SQLITE_CORRUPT)), Error::Corrupted { .. }));
        assert!(matches!(storage_error(&failure(ffi::SQLITE_NOTADB)), Error::Corrupted { .. }));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_IOERR_READ, ffi::SQLITE_CANTOPEN] {
            assert!(storage_error(&failure(code)).is_transient(), "{code}");
        }
    }
}
