//! What a file can be known by again, also after it got its name, so that one that somebody has put in its place since
//! is told from it.

use serde::{Deserialize, Serialize};

/// As it stands in journals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Mark {
    /// On a disk.
    Stamp(Stamp),
    /// In an object store: what the object carries in its metadata.
    Object { object: String },
}

/// What a file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) modified_seconds: i64,
    pub(super) modified_nanoseconds: u64,
}
