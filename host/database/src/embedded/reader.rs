//! A few threads with a read connection each. Every call sees one snapshot and gives it back at its end, so that
//! nobody keeps the WAL from being emptied.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    catalogue::Catalogue,
    fault::{Attempt, Fault, storage_error},
    table::Table,
    writer::Shared,
};
use crate::{Error, Result};

/// One state of the database.
pub(super) struct Snapshot<'c> {
    pub connection: &'c Connection,
    pub catalogue: Arc<Catalogue>,
    /// Whether nobody waits for the answer any more: a long read then gives its thread back.
    pub is_gone: &'c dyn Fn() -> bool,
}

impl Snapshot<'_> {
    pub fn table(&self, collection: &str) -> Option<&Arc<Table>> {
        self.catalogue.table(collection)
    }
}

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Work that waits for a thread.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    /// The next job; `None` once the queue is closed and empty.
    fn take(&self) -> Option<Job> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
    }
}

pub(super) struct Readers {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

impl Readers {
    /// # Errors
    /// [`Error::Unavailable`] if no thread can be started.
    pub fn start(connections: Vec<Connection>, shared: Arc<Shared>) -> Result<Self> {
        let queue = Arc::new(Queue::default());
        let start = |(number, connection): (usize, Connection)| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(format!("database-reader-{number}")).spawn(move || {
                while let Some(job) = queue.take() {
                    // The job's reply goes away with it, which tells the caller.
                    if catch_unwind(AssertUnwindSafe(|| job(&connection))).is_err() {
                        tracing::error!("a read ended with a panic");
                    }
                }
            })
        };
        let threads = connections
            .into_iter()
            .enumerate()
            .map(start)
            .collect::<std::io::Result<_>>()
            .map_err(|error| Error::Unavailable { message: format!("cannot start a reader: {error}") })?;
        Ok(Self { queue, threads: Mutex::new(threads), shared })
    }

    /// Runs `work` on one snapshot.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        self.queued(work)?.await.unwrap_or_else(|_| Err(closed()))
    }

    /// As [`run`](Self::run), for callers outside a runtime.
    pub fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        futures::executor::block_on(self.run(work))
    }

    fn queued<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let job = Box::new(move |connection: &Connection| {
            let is_gone = || reply.is_closed();
            if is_gone() {
                return;
            }
            let outcome = on_snapshot(connection, &shared, &is_gone, work).map_err(Fault::into_error);
            // The caller may have gone away.
            reply.send(outcome).ok();
        });
        let mut waiting = self.queue.waiting.lock();
        if waiting.closed {
            return Err(closed());
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.queue.arrived.notify_one();
        Ok(answer)
    }

    /// Finishes what is queued and ends.
    pub fn stop(&self) {
        self.queue.waiting.lock().closed = true;
        self.queue.arrived.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a database reader ended with a panic");
            }
        }
    }
}

fn closed() -> Error {
    Error::Unavailable { message: "the database is closed".into() }
}

fn on_snapshot<T>(
    connection: &Connection,
    shared: &Shared,
    is_gone: &dyn Fn() -> bool,
    work: impl FnOnce(&Snapshot<'_>) -> Attempt<T>,
) -> Attempt<T> {
    let snapshot = ReadTransaction::begin(connection)?;
    // This read fixes the snapshot and tells whether the writer's copy of the catalogue fits it.
    let version = Catalogue::stored_version(connection)?;
    let current = Arc::clone(&shared.catalogue.read());
    let catalogue = if current.version == version { current } else { Arc::new(Catalogue::load(connection)?) };
    let outcome = work(&Snapshot { connection, catalogue, is_gone });
    drop(snapshot);
    outcome
}

/// Ends the read transaction even when the work panics: a snapshot that stays open would let the WAL grow.
struct ReadTransaction<'c>(&'c Connection);

impl<'c> ReadTransaction<'c> {
    fn begin(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for ReadTransaction<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            tracing::error!(error = %storage_error(&error), "cannot end a read");
        }
    }
}
