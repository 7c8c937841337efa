//! A job: template, parameters, schedule and policies. The document in `dynamic_jobs`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sandglass_schedule::{Schedule, misfire};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::OnLost;
use super::{Digest, JobId};

/// Number of groups that jobs fall into; hosts divide them among themselves.
pub const SHARDS: u8 = 64;

#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub name: String,
    pub description: String,
    pub template_type: String,
    /// The component this job runs; it moves only by approval.
    pub template_digest: Option<Digest>,
    /// A JSON object, defaults of the schema filled in.
    pub parameters: Value,
    pub schedule: Schedule,
    pub enabled: bool,
    /// Bound of one attempt, host calls included.
    pub timeout_seconds: u32,
    pub retry_policy: RetryPolicy,
    pub notifications: Notifications,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_run_at: Option<DateTime<Utc>>,
    /// The next instant that has no decision yet; none when the schedule has ended or the job is disabled.
    pub next_run_at: Option<DateTime<Utc>>,
    /// Grows with every edit by a person; the ETag.
    pub version: i64,
    pub tags: Vec<String>,
    pub overlap_policy: OverlapPolicy,
    /// Under `allow`: how many runs at once.
    pub max_concurrent: u32,
    pub misfire: Misfire,
    /// 0 (last) to 9 (first).
    pub priority: u8,
    /// None: as the template says.
    pub on_lost: Option<OnLost>,
    pub hooks: Hooks,
    pub shard: u8,
    /// Deleted, but may still be taken back.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Job {
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_seconds))
    }

    /// Why the schedule as it is stored cannot be used: it comes from elsewhere, for one that people give is checked.
    pub fn schedule_fault(&self) -> Option<String> {
        let problems = self.schedule.compile(self.created_at).err()?;
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Some(format!("the stored schedule cannot be used: {}", words.join("; ")))
    }

    /// What people are shown; not stored. `hindered`: it can neither fire nor be finished, whatever the time.
    pub fn status(&self, hindered: bool) -> JobStatus {
        if !self.enabled || self.deleted_at.is_some() {
            JobStatus::Disabled
        } else if hindered {
            JobStatus::Blocked
        } else if self.next_run_at.is_none() {
            JobStatus::Finished
        } else {
            JobStatus::Active
        }
    }

    /// The group a job belongs to, by a hash of its id.
    pub fn shard_of(id: JobId) -> u8 {
        let sum = id.0.bytes().iter().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        u8::try_from(sum % u32::from(SHARDS)).unwrap_or(0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Active,
    Disabled,
    Finished,
    Blocked,
}

/// How often and how far apart a failed execution is tried again (T9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    pub max_retries: u32,
    pub retry_delay_seconds: u32,
    pub backoff: Backoff,
    pub max_delay_seconds: Option<u32>,
    /// Spreads each delay over 50-100 % of itself.
    pub jitter: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 0,
            retry_delay_seconds: 60,
            backoff: Backoff::Fixed,
            max_delay_seconds: None,
            jitter: false,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backoff {
    #[default]
    Fixed,
    Exponential,
}

/// E-mail addresses or webhook URLs that hear of the final outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    pub on_success: Vec<String>,
    pub on_failure: Vec<String>,
}

/// What happens when an instant comes while a run of the job is active (T8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapPolicy {
    #[default]
    Skip,
    QueueOne,
    Allow,
    Replace,
}

/// What happens with instants that were missed (T7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Misfire {
    pub policy: misfire::Policy,
    pub window_seconds: u32,
}

impl Default for Misfire {
    fn default() -> Self {
        Self { policy: misfire::Policy::Latest, window_seconds: 3600 }
    }
}

/// What runs before an attempt and after the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    pub pre: Vec<Hook>,
    pub post: Vec<Hook>,
}

/// One hook: a request, or a template with parameters of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hook {
    Http {
        http: HttpHook,
    },
    Template {
        template: String,
        #[serde(default)]
        parameters: Value,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpHook {
    pub url: String,
    #[serde(default = "post")]
    pub method: String,
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub body: Option<Value>,
}

fn post() -> String {
    "POST".into()
}
