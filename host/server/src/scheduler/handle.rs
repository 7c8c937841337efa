//! What others can ask of the planner. Every question goes through its one queue, so that an edit and a decision
//! about the same job never cross.

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use chrono::{DateTime, Utc};

use crate::model::{Execution, ExecutionId, Job, JobId, Status, Trigger};

/// A change of a job's definition. The planner decides instants that are already past under the old definition,
/// stores the change, and decides claimed but not started executions anew (`edited`, `paused`, `deleted`).
/// `next_run_at` of the job handed in is ignored: the planner computes it (T4).
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Create(Box<Job>),
    /// `expected`: the version the editor saw; `None` overwrites whatever stands there. The stored version grows by one.
    Save {
        job: Box<Job>,
        expected: Option<i64>,
    },
    Enable {
        job: JobId,
        enabled: bool,
    },
    /// Cancels its runs, keeps its history.
    Delete {
        job: JobId,
        expected: Option<i64>,
    },
    /// Takes a deletion back within its ten seconds.
    Restore {
        job: JobId,
    },
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    #[error("the job does not exist")]
    NotFound,
    #[error("the job is at version {actual} by now, not {expected}")]
    Stale { expected: i64, actual: i64 },
    #[error("{0}")]
    Schedule(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store did not take it; nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sandglass_database::Error),
    #[error("the scheduler is stopping")]
    Stopping,
}

/// A run that a person or program asked for (T4b).
#[derive(Debug, Clone, PartialEq)]
pub struct ManualRun {
    pub job: JobId,
    /// `Manual` or `Rerun`.
    pub trigger: Trigger,
    /// None: the job's own.
    pub parameters: Option<Value>,
    /// Past the overlap policy.
    pub force: bool,
    pub triggered_by: String,
    pub rerun_of: Option<ExecutionId>,
    /// The id that it is to have: if an execution of this id exists, that one is the answer. None: a new one.
    pub id: Option<ExecutionId>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TriggerError {
    #[error("the job does not exist")]
    NotFound,
    /// The overlap policy refuses it; nothing is stored.
    #[error("execution {active} of this job is active")]
    Overlap { active: ExecutionId },
    #[error("the template is not ready: {0}")]
    Template(String),
    /// A queue is full (T17).
    #[error("too many runs are waiting")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It had not begun and is cancelled now.
    Cancelled,
    /// It runs; it has been told to stop and ends within 600 ms.
    Requested,
    /// It had ended before, with this status.
    AlreadyEnded(Status),
    NotFound,
}

/// The walk of T3 for one instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    pub job_id: JobId,
    pub at: DateTime<Utc>,
    /// In one sentence.
    pub answer: String,
    pub steps: Vec<WhyStep>,
    /// What stands in the history for this instant.
    pub execution: Option<ExecutionId>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyStep {
    /// `enabled`, `bounds`, `due`, `template`, `misfire`, `overlap`, `decision`.
    pub check: &'static str,
    pub passed: bool,
    pub detail: String,
}

/// One question to the planner and the place for its answer.
#[derive(Debug)]
pub enum Command {
    Change {
        change: Change,
        answer: oneshot::Sender<Result<Job, ChangeError>>,
    },
    Trigger {
        run: ManualRun,
        answer: oneshot::Sender<Result<Execution, TriggerError>>,
    },
    Cancel {
        execution: ExecutionId,
        by: String,
        answer: oneshot::Sender<Result<CancelOutcome, StoreError>>,
    },
    Why {
        job: JobId,
        at: DateTime<Utc>,
        answer: oneshot::Sender<Result<Option<Why>, StoreError>>,
    },
    /// A template was admitted, granted or retired: jobs that it blocks or frees are looked at again.
    TemplatesChanged,
    /// Stop deciding; answers once nothing decided is unstored.
    Stop {
        answer: oneshot::Sender<()>,
    },
}

/// The planner, as others see it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scheduler {
    commands: mpsc::Sender<Command>,
}

impl Scheduler {
    /// `commands` is the planner's queue; bounded, so that a flood of edits waits instead of filling memory (T17).
    pub fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands }
    }

    /// # Errors
    /// As [`ChangeError`] says; nothing was changed then.
    pub async fn change(&self, change: Change) -> Result<Job, ChangeError> {
        self.ask(|answer| Command::Change { change, answer }).await?
    }

    /// # Errors
    /// As [`TriggerError`] says; nothing was stored then.
    pub async fn trigger(&self, run: ManualRun) -> Result<Execution, TriggerError> {
        self.ask(|answer| Command::Trigger { run, answer }).await?
    }

    /// # Errors
    /// When the request could not be stored.
    pub async fn cancel(&self, execution: ExecutionId, by: String) -> Result<CancelOutcome, StoreError> {
        self.ask(|answer| Command::Cancel { execution, by, answer }).await?
    }

    /// Walks T3 for one instant; `None` if there is no such job.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn why(&self, job: JobId, at: DateTime<Utc>) -> Result<Option<Why>, StoreError> {
        self.ask(|answer| Command::Why { job, at, answer }).await?
    }

    /// # Errors
    /// When the planner has stopped.
    pub async fn templates_changed(&self) -> Result<(), StoreError> {
        self.commands.send(Command::TemplatesChanged).await.map_err(|_| StoreError::Stopping)
    }

    /// # Errors
    /// When the planner has stopped already.
    pub async fn stop(&self) -> Result<(), StoreError> {
        self.ask(|answer| Command::Stop { answer }).await
    }

    /// Whether the planner is gone: nobody reads its queue any more.
    pub fn is_stopped(&self) -> bool {
        self.commands.is_closed()
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, StoreError> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| StoreError::Stopping)?;
        receiver.await.map_err(|_| StoreError::Stopping)
    }
}
