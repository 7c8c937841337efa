//! The one thread that writes, and its group commit.
//!
//! It takes what is queued, runs it in one transaction, commits, and answers all of it afterwards: an `Ok` means
//! that the disk has it. A lone command is committed at once; while one commit waits for the disk, the next group
//! gathers by itself.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use chrono::Utc;
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;

use super::{
    Options,
    arrivals::Arrivals,
    catalogue::Catalogue,
    fault::{Attempt, Fault, leaves_disk_unknown, storage_error},
    job::{Job, Task, stopped},
    log::Log,
    transaction::Transaction,
};
use crate::{Error, Result};

/// How long a group may become when there is only one command, which goes on.
const ALONE: Duration = Duration::from_millis(50);

/// How often the log is told of refusals that go on.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// Called once, from the writer's thread, when it stops because the disk can no longer be trusted.
pub(super) type OnFatal = Box<dyn FnOnce(String) + Send>;

/// What the writer shares with others.
pub(super) struct Shared {
    /// As of the last commit.
    pub catalogue: RwLock<Arc<Catalogue>>,
    pub on_fatal: Mutex<Option<OnFatal>>,
    /// Why the writer has stopped, if it has.
    pub fatal: Mutex<Option<String>>,
    /// The last group was not committed.
    refusal: Mutex<Option<Refusal>>,
}

/// Groups that were not committed, one after the other.
struct Refusal {
    since: Instant,
    told: Instant,
    groups: u64,
}

/// The queue to the writer.
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

impl Shared {
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue: RwLock::new(Arc::new(catalogue)),
            on_fatal: Mutex::new(None),
            fatal: Mutex::new(None),
            refusal: Mutex::new(None),
        }
    }

    /// Whether the last group was refused: a full disk, for example.
    pub fn refuses(&self) -> bool {
        self.refusal.lock().is_some()
    }

    /// Says it when it begins, and once a minute while it goes on: whoever is refused asks again many times a second.
    fn refused(&self, error: &Error, commands: usize) {
        let mut refusal = self.refusal.lock();
        let (since, lost) = match &mut *refusal {
            Some(known) => {
                known.groups += 1;
                if known.told.elapsed() < TOLD_AGAIN {
                    return;
                }
                known.told = Instant::now();
                (known.since, known.groups)
            }
            none => {
                let now = Instant::now();
                *none = Some(Refusal { since: now, told: now, groups: 1 });
                (now, 1)
            }
        };
        let seconds = since.elapsed().as_secs();
        tracing::warn!(%error, commands, groups = lost, seconds, "a group of writes was not committed");
    }

    fn accepted(&self) {
        if let Some(Refusal { since, groups, .. }) = self.refusal.lock().take() {
            tracing::info!(groups, seconds = since.elapsed().as_secs(), "writes are committed again");
        }
    }

    /// # Errors
    /// [`Error::Unavailable`] with the reason if the writer has stopped for good.
    pub fn check(&self) -> Result<()> {
        match self.fatal.lock().as_ref() {
            Some(why) => Err(Error::Unavailable { message: why.clone() }),
            None => Ok(()),
        }
    }
}

impl Writer {
    /// # Errors
    /// [`Error::Unavailable`] if no thread can be started.
    pub fn start(connection: Connection, log: Log, shared: Arc<Shared>, options: &Options) -> Result<Self> {
        let (queue, incoming) = channel();
        let state = Worker {
            connection,
            shared: Arc::clone(&shared),
            options: options.clone(),
            arrivals: Arrivals::new(incoming),
            log,
        };
        let thread = std::thread::Builder::new()
            .name("database-writer".into())
            .spawn(move || state.work())
            .map_err(|error| Error::Unavailable { message: format!("cannot start the writer: {error}") })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), shared })
    }

    /// Queues work of one step and waits for its commit.
    pub async fn once<T: Send + 'static>(
        &self,
        weight: usize,
        mut work: impl FnMut(&mut Transaction<'_>) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        self.steps(weight, move |tx| work(tx).map(Some)).await
    }

    /// Queues work that goes on, group after group, until it gives a result.
    pub async fn steps<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnMut(&mut Transaction<'_>) -> Attempt<Option<T>> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::new(weight, work);
        let sent = match self.queue.lock().as_ref() {
            Some(queue) => queue.send(Box::new(task)).is_ok(),
            None => false,
        };
        if !sent {
            return Err(self.gone());
        }
        match answer.await {
            Ok((outcome, _)) => outcome,
            Err(_) => Err(self.gone()),
        }
    }

    fn gone(&self) -> Error {
        self.shared.check().err().unwrap_or_else(stopped)
    }

    /// Takes nothing more, finishes what is queued and ends.
    pub fn stop(&self) {
        drop(self.queue.lock().take());
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the database writer ended with a panic");
        }
    }
}

/// The thread's own state.
struct Worker {
    connection: Connection,
    shared: Arc<Shared>,
    options: Options,
    arrivals: Arrivals,
    log: Log,
}

impl Worker {
    fn work(mut self) {
        while let Some(first) = self.arrivals.first() {
            if let Err(why) = self.group(first) {
                self.stop_for_good(&why);
                return;
            }
            self.log.keep_short(&self.connection);
        }
    }

    /// One transaction. The error says why the writer must not go on.
    fn group(&mut self, first: Box<dyn Job>) -> std::result::Result<(), String> {
        let mut jobs = vec![first];
        let outcome = self.transact(&mut jobs);
        let (committed, fatal) = match outcome {
            Ok(catalogue) => {
                self.shared.accepted();
                let mut current = self.shared.catalogue.write();
                if current.version != catalogue.version {
                    *current = catalogue;
                }
                (Ok(()), None)
            }
            Err(Lost { error, is_fatal }) => {
                self.shared.refused(&error, jobs.len());
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "cannot roll back");
                }
                let why = is_fatal.then(|| format!("the writer has stopped, because the disk failed: {error}"));
                (Err(error), why)
            }
        };
        for job in jobs {
            if committed.is_ok() && job.has_more() {
                self.arrivals.goes_on(job);
            } else {
                job.answer(committed.clone());
            }
        }
        fatal.map_or(Ok(()), Err)
    }

    fn transact(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> std::result::Result<Arc<Catalogue>, Lost> {
        let Self { connection, shared, options, arrivals, .. } = self;
        connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([]))?;
        let began = Instant::now();
        let mut tx = Transaction::new(connection, Arc::clone(&shared.catalogue.read()), Utc::now());
        let (mut next, mut weight, mut turn_given) = (0, 0, false);
        while let Some(job) = jobs.get_mut(next) {
            weight += job.weight();
            // A command that panics must not take the thread, and with it the database, down.
            catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).map_err(|_| Lost::panicked())??;
            // While nobody waits, a long command goes on in the same group: a commit for each slice would cost more.
            while job.has_more() && began.elapsed() < ALONE && !arrivals.is_awaited() {
                catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).map_err(|_| Lost::panicked())??;
            }
            next += 1;
            if next < jobs.len() {
                continue;
            }
            let has_room = weight < options.group_size && began.elapsed() < options.group_wait;
            if has_room && let Some(job) = arrivals.another(jobs.len()) {
                jobs.push(job);
            } else if !turn_given {
                jobs.extend(arrivals.longer());
                turn_given = true;
            }
        }
        let catalogue = tx.finish().map_err(|fault| match fault {
            Fault::Storage(error) => Lost::from(error),
            Fault::Refused(error) => Lost { error, is_fatal: false },
        })?;
        let committing = Instant::now();
        connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]))
            .map_err(|error| Lost { error: storage_error(&error), is_fatal: leaves_disk_unknown(&error) })?;
        arrivals.committed(jobs.len(), committing.elapsed());
        Ok(catalogue)
    }

    /// Answers everybody, now and from now on, that nothing is written any more.
    fn stop_for_good(&mut self, why: &str) {
        tracing::error!("{why}");
        *self.shared.fatal.lock() = Some(why.to_owned());
        for job in self.arrivals.drain() {
            job.answer(Err(Error::Unavailable { message: why.to_owned() }));
        }
        let told = self.shared.on_fatal.lock().take();
        if let Some(told) = told {
            told(why.to_owned());
        }
    }
}

/// A group that was not committed.
struct Lost {
    error: Error,
    is_fatal: bool,
}

impl Lost {
    fn panicked() -> Self {
        Self { error: Error::Unavailable { message: "a command of the same group failed".into() }, is_fatal: false }
    }
}

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        Self { error: storage_error(&error), is_fatal: false }
    }
}
