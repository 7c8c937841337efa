//! The embedded engine: documents, their indexes and their meaning on top of one SQLite file.
//!
//! A collection is a table `(rowid, id, doc)`, an index a table of its own `(key, rowid)` that our code writes, so
//! that an array has several entries and the order of an index serves sorts. An index only narrows: the compiled
//! filter decides about every document. One thread writes, in groups that share a commit; a few threads read.
//! Nothing here knows what a filter or an update means: that is [`query`](crate::query).

mod aggregate;
mod arrivals;
mod backup;
mod bounds;
mod catalogue;
mod cursor;
mod database;
mod definition;
mod fault;
mod find_and_update;
mod folder;
mod index;
mod job;
mod log;
mod operation;
mod plan;
mod reader;
mod scan;
mod selection;
mod sorted;
mod store;
mod table;
mod transaction;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use catalogue::Catalogue;
use cursor::Query;
use fault::{Attempt, Fault};
use folder::Folder;
use plan::Plan;
use reader::{Readers, Turn};
use tokio::sync::Semaphore;
use writer::{Shared, Writer};

use crate::{Find, Result};

/// Pipelines that compute at the same time. Others wait.
const PIPELINES: usize = 8;

/// How an [`Embedded`] database spends time and memory. The defaults suit a scheduler on a small machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// A group of writes is committed when it has been open for so long, even if more is queued.
    pub group_wait: Duration,
    /// A group of writes is committed when it holds so many.
    pub group_size: usize,
    /// Threads that read, each with a connection of its own.
    pub readers: usize,
    /// Page cache of the writing connection, KiB.
    pub writer_cache_kib: u32,
    /// Page cache of each reading connection, KiB.
    pub reader_cache_kib: u32,
    /// Largest size of the file in pages of 4 KiB; beyond it the disk counts as full.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            group_wait: Duration::from_millis(2),
            group_size: 1_000,
            readers: 4,
            writer_cache_kib: 8 << 10,
            reader_cache_kib: 2 << 10,
            max_pages: None,
        }
    }
}

/// A document database in a folder of its own.
///
/// Dropping it finishes the writes that are queued, closes the file and gives the folder free; this blocks for as
/// long as it takes.
pub struct Embedded {
    writer: Writer,
    readers: Arc<Readers>,
    shared: Arc<Shared>,
    /// Pipelines that compute at once: each may hold much memory.
    pipelines: Semaphore,
    options: Options,
    /// Given free last, after all connections are closed.
    folder: Folder,
}

impl Embedded {
    /// Opens the database in `folder`, which is created if it is not there.
    ///
    /// # Errors
    /// `Unavailable` if another process has it open or the folder cannot be used, `Invalid` for a file of an unknown
    /// format, `Corrupted`.
    pub fn open(folder: &Path, options: Options) -> Result<Self> {
        let folder = Folder::lock(folder)?;
        let connection = folder.writer(&options)?;
        let catalogue = Catalogue::load(&connection).map_err(Fault::into_error)?;
        let shared = Arc::new(Shared::new(catalogue));
        let readers = (0..options.readers.max(1)).map(|_| folder.reader(&options)).collect::<Result<_>>()?;
        let readers = Arc::new(Readers::start(readers, Arc::clone(&shared))?);
        let writer = Writer::start(connection, folder.log(), Arc::clone(&shared), &options)?;
        Ok(Self { writer, readers, shared, pipelines: Semaphore::new(PIPELINES), options, folder })
    }

    /// Registers what is to happen when the disk fails in a way after which nothing more may be written, such as a
    /// failed fsync: the process should end with an error, and a new one find out what is stored. Called at most
    /// once, from the writer's thread; at once if it has already happened. Replaces an earlier registration.
    pub fn on_fatal(&self, tell: impl FnOnce(String) + Send + 'static) {
        let fatal = self.shared.fatal.lock().clone();
        match fatal {
            Some(why) => tell(why),
            None => *self.shared.on_fatal.lock() = Some(Box::new(tell)),
        }
    }

    /// The way that a read would take, in words. Blocks.
    ///
    /// # Errors
    /// Those of the read.
    pub fn explain(&self, collection: &str, find: &Find) -> Result<String> {
        let query = Query::new(collection, find)?;
        self.readers.run_blocking(Turn::First, move |snapshot| {
            Ok(match snapshot.table(&query.collection) {
                None => format!("there is no collection {}", query.collection),
                Some(table) => {
                    let plan = Plan::choose(table, &query.selection, query.sort.as_ref());
                    let sorts = query.sort.is_some() && !plan.is_sorted;
                    format!("{plan}{}", if sorts { ", then sorted in memory" } else { "" })
                }
            })
        })
    }

    /// Finishes the writes that are queued and closes the file.
    pub async fn close(self) {
        // Joining threads would block the runtime.
        let closed = tokio::task::spawn_blocking(move || drop(self)).await;
        if let Err(error) = closed {
            tracing::error!(%error, "closing the database failed");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Readers first: the last connection to close tidies the WAL up, and only a writer can.
        self.readers.stop();
        self.writer.stop();
    }
}

/// Makes the refusal of one write its outcome, and lets a storage failure through.
fn refusal<T>(fault: Fault) -> Attempt<Result<T>> {
    match fault {
        Fault::Refused(error) => Ok(Err(error)),
        storage => Err(storage),
    }
}
