//! The executor as others see it, and what its parts share.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::board::{Board, Running};
use super::recorder::{Recorder, Report};
use super::watch::Watch;
use super::{Deliver, Ended, Ending, Figures, Settings, Templates, attempt, outbox, starter};
use crate::model::event::{Event, Events};
use crate::model::{Clock, ExecutionId, Status};
use crate::repository::{Claim, Executions};
use crate::sandbox::{Lease, Runner};

/// Ends that may wait for the recorder before runs wait for it too (T15).
const REPORTS: usize = 10_000;
/// So long runs that are stopped at the end of a drain may take to say so.
const STOPPED: Duration = Duration::from_secs(2);

/// Everything the executor is made of.
pub struct Parts {
    pub settings: Settings,
    pub runner: Arc<dyn Runner>,
    pub database: Arc<dyn sandglass_database::Database>,
    pub clock: Arc<dyn Clock>,
    pub events: Events,
    /// To the planner; loses nothing. Never more in it than claims were made.
    pub ended: mpsc::UnboundedSender<Ended>,
    pub deliver: Arc<dyn Deliver>,
    pub templates: Arc<dyn Templates>,
    pub lease: Arc<Lease>,
    pub figures: Figures,
    /// The runtime for guests; recorder and notifications run on the one that calls [`Executor::start`].
    pub guests: Handle,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

pub(super) struct Inner {
    pub settings: Settings,
    pub runner: Arc<dyn Runner>,
    pub executions: Executions,
    pub clock: Arc<dyn Clock>,
    pub events: Events,
    pub deliver: Arc<dyn Deliver>,
    pub templates: Arc<dyn Templates>,
    pub lease: Arc<Lease>,
    pub figures: Figures,
    pub guests: Handle,
    pub home: Handle,
    pub board: Mutex<Board>,
    pub reports: mpsc::Sender<Report>,
    ended: mpsc::UnboundedSender<Ended>,
    /// Runs are asked to end soon.
    pub drain: CancellationToken,
    /// Runs are stopped and nothing more is recorded of them.
    pub abandon: CancellationToken,
    starter: OnceLock<Thread>,
}

/// What came of the wish to stop an execution.
pub enum Halt {
    /// It had not begun; the caller has it back and settles it.
    NotBegun(Box<Claim>),
    /// It runs and has been asked to stop.
    Asked,
    /// It is not here (any more).
    Unknown,
}

/// How much is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub slots: usize,
    pub running: usize,
    /// Due, and waiting for a slot.
    pub queued: usize,
    /// All that has not begun, due or not.
    pub waiting: usize,
}

impl Executor {
    /// Starts the starter's thread and the recorder's task. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let (reports, queue) = mpsc::channel(REPORTS);
        let Parts { settings, runner, database, clock, events, ended, deliver, templates, lease, figures, guests } =
            parts;
        let inner = Arc::new(Inner {
            board: Mutex::new(Board::new(settings.slots, settings.share)),
            settings,
            runner,
            executions: Executions::new(database.clone()),
            clock,
            events,
            deliver,
            templates,
            lease,
            figures,
            guests,
            home: Handle::current(),
            reports,
            ended: ended.clone(),
            drain: CancellationToken::new(),
            abandon: CancellationToken::new(),
            starter: OnceLock::new(),
        });
        tokio::spawn(Recorder::new(database, Arc::downgrade(&inner), queue, ended).run());
        let thread = starter::spawn(&inner)?;
        // Set once, right here.
        drop(inner.starter.set(thread));
        Ok(Self(inner))
    }

    /// Takes over claims that are stored; each starts at its instant.
    pub fn submit(&self, claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        let now = self.0.clock.now();
        let mut board = self.0.board.lock();
        for claim in claims {
            board.add(claim, now);
        }
        drop(board);
        if let Some(thread) = self.0.starter.get() {
            thread.unpark();
        }
    }

    /// Gives a claim back that has not begun.
    pub fn withdraw(&self, id: ExecutionId) -> Option<Claim> {
        self.0.board.lock().withdraw(id)
    }

    /// Stops an execution: before it begins, or by asking the run.
    pub fn cancel(&self, id: ExecutionId) -> Halt {
        let mut board = self.0.board.lock();
        if let Some(claim) = board.withdraw(id) {
            return Halt::NotBegun(Box::new(claim));
        }
        match board.running.get(&id) {
            Some(running) => {
                running.cancel_requested.store(true, Ordering::Release);
                running.cancel.cancel();
                Halt::Asked
            }
            None => Halt::Unknown,
        }
    }

    /// Whether more claims may be made: the queue for slots has a bound (T17), and a host whose lease is over has none to
    /// make.
    pub fn has_room(&self) -> bool {
        !self.0.lease.is_over(self.0.clock.boot_time()) && self.0.board.lock().queued() < self.0.settings.queue
    }

    pub fn load(&self) -> Load {
        let board = self.0.board.lock();
        Load {
            slots: self.0.settings.slots,
            running: board.running.len(),
            queued: board.queued(),
            waiting: board.waiting(),
        }
    }

    /// Sends what a former incarnation left unsent.
    pub fn resend(&self, id: ExecutionId) {
        self.0.home.spawn(outbox::send(Arc::clone(&self.0), id));
    }

    /// Ends well (T13): nothing starts any more, what has not begun is handed over at once, running attempts are told
    /// and may finish within the drain's time; what still runs then is stopped, and handed over too if it may be
    /// repeated, else the next start settles it. Returns when everything is stored, or after as long again if the store does not answer.
    pub async fn drain(&self) {
        let left = {
            let mut board = self.0.board.lock();
            board.draining = true;
            board.withdraw_all()
        };
        self.0.drain.cancel();
        let patience = self.0.settings.drain;
        let settled = async {
            for claim in left {
                self.report(Report::HandOver(Box::new(claim))).await;
            }
            self.idle().await;
        };
        if tokio::time::timeout(patience, settled).await.is_err() {
            tracing::warn!("{} runs did not end within the drain's time and are stopped", self.load().running);
            self.0.abandon.cancel();
            if tokio::time::timeout(STOPPED, self.idle()).await.is_err() {
                tracing::warn!("{} runs could not be stopped; recovery will settle them", self.load().running);
            }
        }
        let (stored, done) = oneshot::channel();
        let flush = async {
            self.report(Report::Flush(stored)).await;
            done.await
        };
        if tokio::time::timeout(patience.max(Duration::from_secs(1)), flush).await.is_err() {
            tracing::error!("the store took no more ends; recovery will settle what is left");
        }
    }

    async fn idle(&self) {
        while !self.0.board.lock().running.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn report(&self, report: Report) {
        if self.0.reports.send(report).await.is_err() {
            tracing::error!("the recorder is gone; recovery will settle what is left");
        }
    }
}

impl Inner {
    /// Starts what has come due and has a slot. What a jump of the clock has carried past its instant goes back to the
    /// planner, and stays here until that one takes it.
    pub fn start_due(self: &Arc<Self>, board: &mut Board, now: DateTime<Utc>) {
        for (execution, job) in board.come_due(now) {
            // A planner that has stopped decides about it when it starts again.
            let _ = self.ended.send(Ended { execution, job, ending: Ending::Overslept });
        }
        self.start_ready(board, now);
    }

    fn start_ready(self: &Arc<Self>, board: &mut Board, now: DateTime<Utc>) {
        while let Some(claim) = board.next_to_start() {
            let job = claim.definition.job.id;
            self.figures.started(&claim, now);
            let running = Arc::new(Running {
                watch: Arc::new(Watch::new(claim.id, job, self.events.clone())),
                stored_lines: AtomicU64::new(claim.log_lines),
                started_at: now,
                cancel: CancellationToken::new(),
                cancel_requested: AtomicBool::new(false),
                marked: AtomicBool::new(false),
                claim,
            });
            board.running.insert(running.claim.id, Arc::clone(&running));
            self.tell(Event::Execution { id: running.claim.id, job_id: job, status: Status::Running, at: now });
            self.guests.spawn(attempt::run(Arc::clone(self), running));
        }
    }

    pub fn finished(self: &Arc<Self>, running: &Running) {
        let mut board = self.board.lock();
        board.finished(running);
        let now = self.clock.now();
        self.start_due(&mut board, now);
    }

    /// To whoever watches; nobody watching is no fault.
    pub fn tell(&self, event: Event) {
        if self.events.receiver_count() > 0 {
            drop(self.events.send(event));
        }
    }
}
