//! An execution: the record of one occurrence or manual trigger. The document in `job_executions`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::{Usage, Verdict};
use super::log::LogLine;
use super::outcome::{Metrics, RunResult};
use super::{Digest, ExecutionId, Incarnation, JobId, Token};

#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    pub id: ExecutionId,
    pub job_id: JobId,
    pub job_name: String,
    pub template_type: String,
    pub template_digest: Option<Digest>,
    /// Parameters as run.
    pub parameters: Value,
    pub status: Status,
    pub trigger: Trigger,
    /// Person or program that asked for it; `scheduler` for the schedule.
    pub triggered_by: String,
    /// The execution that this one repeats.
    pub rerun_of: Option<ExecutionId>,
    /// The nominal instant; for a manual run the moment it was asked for.
    pub scheduled_for: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub duration_seconds: Option<f64>,
    pub attempts: Vec<Attempt>,
    pub result: Option<RunResult>,
    pub error: Option<String>,
    /// The first lines; the rest stands in `job_execution_logs`.
    pub logs: Vec<LogLine>,
    /// Lines in all, wherever they stand.
    pub log_lines: u64,
    pub progress: Option<Progress>,
    pub metrics: Option<Metrics>,
    pub skip_reason: Option<SkipReason>,
    /// A skip that stands for several instants.
    pub skipped: Option<SkipSummary>,
    /// Name of the host that runs or ran it.
    pub execution_host: Option<String>,
    pub priority: u8,

    /// The incarnation that holds it; none when nobody does.
    pub host: Option<Incarnation>,
    pub token: Token,
    /// The overlap policy, held by a unique index: `<job>#0`, `<job>#q`.
    pub overlap_key: Option<String>,
    /// When a retry that waits is due.
    pub retry_at: Option<DateTime<Utc>>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// What is still to be sent after the end.
    pub outbox: Vec<Delivery>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Queued,
    Running,
    Success,
    Failed,
    Timeout,
    Cancelled,
    Lost,
    Skipped,
}

impl Status {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Success,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
        Self::Lost,
        Self::Skipped,
    ];

    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Skipped => "skipped",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Schedule,
    Manual,
    RetryOf,
    Rerun,
}

impl Trigger {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::RetryOf => "retry_of",
            Self::Rerun => "rerun",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Schedule, Self::Manual, Self::RetryOf, Self::Rerun].into_iter().find(|trigger| trigger.as_str() == text)
    }
}

/// Why an instant was decided without a run (T1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    Overlap,
    Misfire,
    Paused,
    Edited,
    Deleted,
    Replaced,
    DstGap,
    Template,
}

impl SkipReason {
    pub const ALL: [Self; 8] = [
        Self::Overlap,
        Self::Misfire,
        Self::Paused,
        Self::Edited,
        Self::Deleted,
        Self::Replaced,
        Self::DstGap,
        Self::Template,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Misfire => "misfire",
            Self::Paused => "paused",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Replaced => "replaced",
            Self::DstGap => "dst_gap",
            Self::Template => "template",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// The instants that one skip stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkipSummary {
    pub count: u64,
    /// The count is a lower bound: counting stopped.
    pub at_least: bool,
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
}

/// One try of an execution on one host.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub number: u32,
    pub token: Token,
    pub host: String,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub status: Status,
    pub error: Option<String>,
    /// Stopped because the host asked (drain, `should-stop`): does not count as a try (T9).
    pub interrupted: bool,
    /// What it read, summed; writes and denials have rows of their own in the audit.
    pub reads: Vec<ReadSum>,
}

/// What one attempt asked for again and again, summed: reads of one target, and refusals after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSum {
    pub capability: String,
    pub operation: String,
    pub target: String,
    /// Allowed, or how it was refused.
    pub verdict: Verdict,
    pub calls: u64,
    pub usage: Usage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u64,
    pub total: Option<u64>,
    pub note: String,
}

/// One message or post-hook that is due after the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Delivery {
    /// An address or URL from `notifications`.
    Notification { to: String },
    /// The post-hook at this place in the job's list, as it stood when the run ended.
    PostHook { hook: super::job::Hook },
}
