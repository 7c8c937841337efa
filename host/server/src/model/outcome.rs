//! How an attempt ended, before anybody decides what follows from it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `result` of the customer's execution document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    pub status: String,
    pub message: String,
    pub details: Value,
    pub records_processed: u64,
    pub records_affected: u64,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

/// What one attempt used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub cpu_ms: f64,
    pub peak_memory_bytes: u64,
    pub host_calls: u64,
    pub effects: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    Retryable,
    Permanent,
    Interrupted,
}

/// A limit that ended a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Memory,
    Cpu,
    Stack,
    ResultSize,
    Log,
    Table,
    Handles,
    HostCall,
}

impl Limit {
    /// As it stands in errors: `memory limit`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "CPU",
            Self::Stack => "stack",
            Self::ResultSize => "result size",
            Self::Log => "log",
            Self::Table => "table",
            Self::Handles => "handles",
            Self::HostCall => "host call size",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Success(RunResult),
    /// The template said so.
    Failure {
        kind: FailureKind,
        message: String,
        retry_after: Option<Duration>,
        details: Option<Value>,
    },
    /// A limit was reached; the message says which and how large it is.
    LimitReached {
        limit: Limit,
        message: String,
    },
    /// The guest broke: panic, unreachable, a call that violates the contract.
    Trap {
        message: String,
    },
    /// The deadline of the attempt passed.
    Timeout,
    /// Stopped by `cancel`.
    Cancelled,
    /// The host's fault: the template could not be loaded or the runtime failed.
    HostFault {
        message: String,
    },
}

/// What comes back from the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    pub outcome: Outcome,
    pub metrics: Metrics,
}
