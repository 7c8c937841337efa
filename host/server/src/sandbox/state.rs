//! What a store holds: all that one call needs, and nothing that outlives it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wasmtime::component::ResourceTable;

use super::limiter::Limiter;
use super::log::RunLog;
use super::wasi::Inert;
use super::{Run, Watcher};
use crate::capabilities::Gate;
use crate::model::execution::Progress;
use crate::model::log::Level;
use crate::model::{Clock, ExecutionId, JobId};

/// Handles that a guest may hold at once.
pub(super) const HANDLES: usize = 256;
/// How long before its deadline a run is asked to stop: a tenth of its time, at most this.
const WARNING: Duration = Duration::from_secs(2);

/// The data of a store.
pub struct State {
    pub(super) facts: RunFacts,
    pub(super) gate: Gate,
    pub(super) table: ResourceTable,
    pub(super) limiter: Limiter,
    pub(super) log: RunLog,
    pub(super) watcher: Option<Arc<dyn Watcher>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) host_calls: u64,
    pub(super) last_progress: Option<Instant>,
    /// Came too soon after another to be passed on.
    pub(super) held_progress: Option<Progress>,
    /// The inert WASI, from its first call on.
    pub(super) wasi: Option<Box<Inert>>,
}

/// What the guest may know of its run.
pub(super) struct RunFacts {
    pub(super) execution: ExecutionId,
    pub(super) job: JobId,
    pub(super) job_name: String,
    pub(super) job_tags: Vec<String>,
    pub(super) template_type: String,
    pub(super) attempt: u32,
    pub(super) scheduled_for: DateTime<Utc>,
    pub(super) deadline: Instant,
    pub(super) deadline_at: DateTime<Utc>,
    pub(super) warning: Instant,
    pub(super) cancel: CancellationToken,
    pub(super) drain: CancellationToken,
}

impl RunFacts {
    pub(super) fn of(run: &Run, started: Instant, now: DateTime<Utc>) -> Self {
        let deadline = started + run.timeout;
        Self {
            execution: run.execution,
            job: run.job,
            job_name: run.job_name.clone(),
            job_tags: run.job_tags.clone(),
            template_type: run.template_type.clone(),
            attempt: run.attempt,
            scheduled_for: run.scheduled_for,
            deadline,
            deadline_at: now + chrono::Duration::from_std(run.timeout).unwrap_or(chrono::Duration::MAX),
            warning: deadline - WARNING.min(run.timeout / 10),
            cancel: run.cancel.clone(),
            drain: run.drain.clone(),
        }
    }

    /// For `describe`, `schema` and `validate`: nobody's run.
    pub(super) fn of_nobody(deadline: Instant, deadline_at: DateTime<Utc>) -> Self {
        let nobody = bson::oid::ObjectId::from_bytes([0; 12]);
        Self {
            execution: ExecutionId(nobody),
            job: JobId(nobody),
            job_name: String::new(),
            job_tags: Vec::new(),
            template_type: String::new(),
            attempt: 0,
            scheduled_for: DateTime::UNIX_EPOCH,
            deadline,
            deadline_at,
            warning: deadline,
            cancel: CancellationToken::new(),
            drain: CancellationToken::new(),
        }
    }

    /// The job as JSON text. Made when asked for: most templates never ask.
    pub(super) fn job(&self) -> String {
        let (id, name, tags) = (self.job.to_string(), &self.job_name, &self.job_tags);
        serde_json::json!({ "id": id, "name": name, "tags": tags, "template_type": self.template_type }).to_string()
    }

    /// Whether the run should come to an end.
    pub(super) fn should_stop(&self) -> bool {
        self.cancel.is_cancelled() || self.drain.is_cancelled() || Instant::now() >= self.warning
    }
}

impl State {
    /// Counts a call that crosses into the host.
    pub(super) fn called(&mut self) {
        self.host_calls += 1;
    }

    /// Tells the log what the gate refused.
    pub(super) fn tell_denials(&mut self) {
        for notice in self.gate.take_notices() {
            self.log.notice(Level::Warning, &notice);
        }
    }

    /// Says what is still to be said at the end, and lets go of what the guest still holds.
    pub(super) fn close(&mut self) {
        self.table = ResourceTable::new();
        self.log_output(true);
        if let (Some(watcher), Some(progress)) = (&self.watcher, self.held_progress.take()) {
            watcher.progress(progress);
        }
        self.tell_denials();
        self.log.close();
    }
}
