//! A few threads with a read connection each. Every turn sees one snapshot and gives it back at its end, so that
//! nobody keeps the WAL from being emptied. A read that takes longer goes on in further turns, and between two of them
//! others have theirs: however many long reads there are, a short one is answered.

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
}

impl Snapshot<'_> {
    pub fn table(&self, collection: &str) -> Option<&Arc<Table>> {
        self.catalogue.table(collection)
    }
}

/// Which turn of a read it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    /// It has had one and is not done.
    Further,
}

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Work that waits for a thread.
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    first: VecDeque<Job>,
    further: VecDeque<Job>,
    /// How many threads may be at further turns at once: one is left to what is new, where there are several.
    at_most: usize,
    busy: usize,
    /// Whose turn it is when both wait.
    next: Option<Turn>,
    closed: bool,
}

impl Waiting {
    fn pop(&mut self) -> Option<(Job, Turn)> {
        let may_go_on = self.busy < self.at_most && !self.further.is_empty();
        let turn = match self.next {
            Some(Turn::Further) if may_go_on => Turn::Further,
            _ if !self.first.is_empty() => Turn::First,
            _ if may_go_on => Turn::Further,
            _ => return None,
        };
        let job = match turn {
            Turn::First => self.first.pop_front(),
            Turn::Further => self.further.pop_front(),
        }?;
        self.next = Some(if turn == Turn::First { Turn::Further } else { Turn::First });
        self.busy += usize::from(turn == Turn::Further);
        Some((job, turn))
    }
}

impl Queue {
    fn of(threads: usize) -> Self {
        let waiting = Waiting { at_most: threads.saturating_sub(1).max(1), ..Waiting::default() };
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }

    /// The next job; `None` once the queue is closed and empty.
    fn take(&self) -> Option<(Job, Turn)> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(taken) = waiting.pop() {
                return Some(taken);
            }
            if waiting.closed && waiting.first.is_empty() && waiting.further.is_empty() {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
    }

    /// To be called after each job that was taken.
    fn done(&self, turn: Turn) {
        if turn == Turn::Further {
            self.waiting.lock().busy -= 1;
            // Another one may have been kept waiting by the bound.
            self.arrived.notify_one();
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
        let queue = Arc::new(Queue::of(connections.len()));
        let start = |(number, connection): (usize, Connection)| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(format!("database-reader-{number}")).spawn(move || {
                while let Some((job, turn)) = queue.take() {
                    // The job's reply goes away with it, which tells the caller.
                    if catch_unwind(AssertUnwindSafe(|| job(&connection))).is_err() {
                        tracing::error!("a read ended with a panic");
                    }
                    queue.done(turn);
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

    /// Runs `work` on one snapshot. It has to be short: what takes longer comes back for further turns.
    pub async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        self.queued(turn, work)?.await.unwrap_or_else(|_| Err(closed()))
    }

    /// As [`run`](Self::run), for callers outside a runtime.
    pub fn run_blocking<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        futures::executor::block_on(self.run(turn, work))
    }

    fn queued<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Snapshot<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let job = Box::new(move |connection: &Connection| {
            // Nobody waits for the answer any more.
            if reply.is_closed() {
                return;
            }
            let outcome = on_snapshot(connection, &shared, work).map_err(Fault::into_error);
            // The caller may have gone away.
            reply.send(outcome).ok();
        });
        let mut waiting = self.queue.waiting.lock();
        if waiting.closed {
            return Err(closed());
        }
        match turn {
            Turn::First => waiting.first.push_back(job),
            Turn::Further => waiting.further.push_back(job),
        }
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
    work: impl FnOnce(&Snapshot<'_>) -> Attempt<T>,
) -> Attempt<T> {
    let snapshot = ReadTransaction::begin(connection)?;
    // This read fixes the snapshot and tells whether the writer's copy of the catalogue fits it.
    let version = Catalogue::stored_version(connection)?;
    let current = Arc::clone(&shared.catalogue.read());
    let catalogue = if current.version == version { current } else { Arc::new(Catalogue::load(connection)?) };
    let outcome = work(&Snapshot { connection, catalogue });
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
