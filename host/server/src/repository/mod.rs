//! What is stored, typed: written once against `trait Database`, whatever engine stands behind it.
//!
//! It decides nothing. `executions_writes` and the like build single writes, so that those who decide (planner,
//! recorder) can put many of them into one group. Documents are the customer's, field by field; what Sandglass adds is
//! absent, never null, where an index is sparse.

mod access;
pub mod audit;
mod counters;
mod document;
mod executions;
mod executions_brief;
mod executions_claim;
mod executions_document;
mod executions_list;
mod executions_marks;
mod executions_reads;
pub(crate) mod executions_writes;
mod grants;
mod hosts;
mod indexes;
mod jobs;
mod jobs_damaged;
mod jobs_definition;
mod jobs_document;
mod jobs_list;
mod log_search;
mod logs;
mod owner;
mod requests;
mod secrets;
mod template_files;
mod templates;

pub use access::{ApiTokens, Sessions, Users};
pub use counters::{Counters, Tally, Totals};
pub use document::{bson_to_json, json_to_bson};
pub use executions::{DeleteOutcome, Executions};
pub use executions_brief::{Brief, Briefs};
pub use executions_claim::{Claim, Parameters};
pub use executions_document::{from_document as execution_from_document, to_document as execution_to_document};
pub use executions_list::{ExecutionFilter, Page, Position};
pub use executions_marks::Mark;
pub use executions_reads::RunReads;
pub(crate) use executions_writes as writes;
pub use grants::{GrantStore, StoredGrant};
pub use hosts::Hosts;
pub use indexes::ensure as ensure_indexes;
pub use jobs::{Jobs, Loaded};
pub use jobs_damaged::{DamagedField, DamagedJob};
pub use jobs_definition::Definition;
pub use jobs_document::{from_document as job_from_document, to_document as job_to_document};
pub use jobs_list::{JobFilter, JobOrder, JobPage, Listed};
pub use logs::{LogFilter, Logs};
pub use owner::{Holder, Owner};
pub use requests::{Claimed, Kept, RequestStore};
pub use secrets::{
    KeyFileError, Keyring, NewSecret, Rotated, Secrets, SecretsError, delete as delete_secret,
    discard_all as discard_all_secrets, list as list_secrets, rotate as rotate_secrets,
};
pub use template_files::TemplateFiles;
pub use templates::{StoredTemplate, TemplateStore};

/// Jobs, in the customer's collection.
pub const JOBS: &str = "dynamic_jobs";
/// Executions, in the customer's collection.
pub const EXECUTIONS: &str = "job_executions";
/// Log lines beyond those that stand in the execution itself.
pub const EXECUTION_LOGS: &str = "job_execution_logs";
/// Runs by job, template and hour.
pub const COUNTERS: &str = "job_counters";
/// Requests that carried an `Idempotency-Key`.
pub const REQUESTS: &str = "sandglass_requests";
