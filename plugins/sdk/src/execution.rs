//! The execution that a call of [`Template::execute`](crate::Template::execute) belongs to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clock::from_instant;
use crate::host;

/// Id of the execution: 24 hexadecimal digits, the same in every attempt. An idempotency key towards other systems.
#[must_use]
pub fn id() -> String {
    host::execution::id()
}

/// The job this execution is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Job {
    /// Id of the job.
    #[serde(default)]
    pub id: String,
    /// Its name for people.
    #[serde(default)]
    pub name: String,
    /// Words it is found by.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// The job this execution is of. What the host does not say is empty.
#[must_use]
pub fn job() -> Job {
    let value = serde_json::from_str::<Value>(&host::execution::job()).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_default()
}

/// Number of this attempt; the first one is 1.
#[must_use]
pub fn attempt() -> u32 {
    host::execution::attempt()
}

/// The nominal instant this execution stands for, which may be earlier than now.
#[must_use]
pub fn scheduled_at() -> DateTime<Utc> {
    from_instant(host::execution::scheduled_at())
}

/// When the host will stop this attempt, whatever it is doing.
#[must_use]
pub fn deadline() -> DateTime<Utc> {
    from_instant(host::execution::deadline())
}

/// Says how far the work has come, in whatever the template counts, with a short text for people.
pub fn progress(done: u64, total: Option<u64>, note: &str) {
    host::execution::progress(done, total, note);
}

/// True from the moment the run should end. Ask between batches, and return
/// [`Failure::interrupted`](crate::Failure::interrupted) with what was reached.
#[must_use]
pub fn should_stop() -> bool {
    host::execution::should_stop()
}

/// Sleeps; a duration beyond 49 days is cut. False when the run should stop now.
#[must_use]
pub fn wait(duration: Duration) -> bool {
    host::execution::wait(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
}
