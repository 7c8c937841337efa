//! Rights: what an operator lets a template have. Pure rules; `capabilities/guard.rs` applies them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;

/// Everything one digest may reach. An empty grant allows nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub template_type: String,
    pub digest: Digest,
    pub rights: Vec<Right>,
    #[serde(default)]
    pub limits: Limits,
}

/// One right: capability, target pattern and what may be done there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    pub capability: String,
    /// `*`, a name, `crm/*`, a host pattern …; `param:/pointer` follows the job's parameter.
    pub target: String,
    pub access: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
}

/// Bounds that a grant may set lower than the host's configuration. None: as configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub result_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
    pub http_requests: Option<u64>,
    pub http_body_bytes: Option<u64>,
}

/// Collections that belong to Sandglass and are never reachable from a template.
pub const OWN_COLLECTIONS: [&str; 13] = [
    "dynamic_jobs",
    "job_executions",
    "job_execution_logs",
    "job_counters",
    "templates",
    "template_grants",
    "audit",
    "hosts",
    "shards",
    "users",
    "sessions",
    "api_tokens",
    "secrets",
];
