//! Where the bytes of a folder lie. All that every folder has in common (rights, records, names, bounds, the journal of
//! what may not stay) stands above this line; what differs between a disk and an object store stands below it.
//!
//! Nothing here bounds time: a caller drops the future when an attempt's time is over. Work that has begun by then goes
//! on to its end or undoes itself, so that a file is there whole or not at all.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::journal::Announcement;
use super::list::Page;
use super::mark::Mark;
use super::space::Space;
use super::{FileInfo, FileName, WriterOptions};
use crate::capabilities::GateError;

/// The place of a folder's files.
#[async_trait]
pub(super) trait Store: Debug + Send + Sync {
    fn label(&self) -> &str;

    /// How much of the quota is taken. A store counts what it writes and deletes.
    fn space(&self) -> &Space;

    /// What is known of a file; `not-found`.
    async fn info(&self, name: &FileName) -> Result<FileInfo, GateError>;

    /// The files of a page, sorted by name. What has no plain name is left out.
    async fn entries(&self, page: Page) -> Result<Vec<FileInfo>, GateError>;

    /// At most `max` bytes from `offset` on; empty behind the end.
    async fn read(&self, name: &FileName, offset: u64, max: usize) -> Result<Vec<u8>, GateError>;

    /// Bytes of all finished files.
    async fn measure(&self) -> Result<u64, GateError>;

    async fn delete(&self, name: &FileName) -> Result<(), GateError>;

    /// Whether a name stands for the file with that mark.
    async fn is_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError>;

    /// Deletes the file with that mark; false when the name does not stand for it any more.
    async fn remove_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError>;

    /// Begins a file.
    async fn begin(self: Arc<Self>, name: &FileName, options: &WriterOptions)
    -> Result<Box<dyn Unfinished>, GateError>;

    /// Takes away what was left half written, where that takes a network; what cannot go now is left for the next call.
    async fn clear_leftovers(&self) {}
}

/// A file without a name. Dropped, it leaves nothing.
#[async_trait]
pub(super) trait Unfinished: Debug + Send {
    fn size(&self) -> u64;

    /// Adds bytes at the end. After an error the file is gone.
    async fn write(self: Box<Self>, bytes: Vec<u8>) -> Result<Box<dyn Unfinished>, GateError>;

    /// Gives the file its name, durably and in one step. The announcement is made right before, with what the file can
    /// be known by, and is held until the end. `conflict` when the name is taken and may not be overwritten.
    async fn place(
        self: Box<Self>,
        name: &FileName,
        overwrite: bool,
        announcement: Announcement,
    ) -> Result<Box<dyn Finished>, GateError>;
}

/// A file that has its name. Dropped before somebody has taken note of it, it is taken away again.
pub(super) trait Finished: Debug + Send {
    /// The file stays.
    fn keep(self: Box<Self>) -> Option<FileInfo>;
}
