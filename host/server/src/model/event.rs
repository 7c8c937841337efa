//! What watchers are told. The channel may drop: nothing but screens depends on it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::execution::{Progress, Status};
use super::log::Level;
use super::{Digest, ExecutionId, JobId};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Job { id: JobId, change: JobChange, next_run_at: Option<DateTime<Utc>> },
    Execution { id: ExecutionId, job_id: JobId, status: Status, at: DateTime<Utc> },
    Progress { id: ExecutionId, job_id: JobId, progress: Progress },
    Log { id: ExecutionId, job_id: JobId, timestamp: DateTime<Utc>, level: Level, message: String },
    Host { host: String, change: String },
    Template { template_type: String, digest: Digest, change: TemplateChange },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobChange {
    Created,
    Edited,
    Enabled,
    Disabled,
    Deleted,
    Finished,
}

/// What became of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateChange {
    /// Other rights or limits are in force.
    Granted,
    /// It has no right any more.
    Revoked,
    /// In force: new, or in the place of another digest.
    Admitted,
    /// Waits for approval.
    Waiting,
    Approved,
    Retired,
    /// It waited, and a person said no.
    Declined,
}

/// The one broadcast channel of events.
pub type Events = tokio::sync::broadcast::Sender<Event>;
