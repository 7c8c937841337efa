//! One line per effect and per change that a person made.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Digest, ExecutionId, JobId};

/// What crossed the sandbox. Never holds bodies, filter values or secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectRecord {
    pub execution: ExecutionId,
    pub job: JobId,
    pub attempt: u32,
    pub digest: Digest,
    pub at: DateTime<Utc>,
    pub capability: String,
    pub operation: String,
    pub target: String,
    pub verdict: Verdict,
    pub usage: Usage,
    /// Calls summed into this record; 1 for a write.
    pub calls: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Written before a write effect; completed after it.
    Started,
    Allowed,
    Denied {
        reason: String,
    },
    Limit {
        reason: String,
    },
    Failed {
        error: String,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub items: u64,
    pub duration_ms: u64,
}

/// A change that a person or a program with a token made.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRecord {
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What was done: `job.create`, `grant.set`, …
    pub action: String,
    /// To what: an id or a name.
    pub subject: String,
    /// Facts, without secrets.
    pub details: serde_json::Value,
}
