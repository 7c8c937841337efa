//! The execution that a call of [`Template::execute`](crate::Template::execute) belongs to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clock::from_instant;
use crate::host;

/// Id of the execution: 24 hexadecimal digits, the same in every attempt. An idempotency key towards other systems.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution;
///
/// let key = format!("order-report-{}", execution::id());
/// assert_eq!(key.len(), "order-report-".len() + 24);
/// ```
#[must_use]
pub fn id() -> String {
    host::execution::id()
}

/// The job this execution is of.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution::{self, Job};
///
/// let Job { name, tags, .. } = execution::job();
/// assert_eq!((name.as_str(), tags.len()), ("A job", 0));
/// ```
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
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution;
///
/// world.set_job(serde_json::json!({"id": "5", "name": "Orders at night", "tags": ["orders"]}));
/// assert_eq!(execution::job().name, "Orders at night");
/// ```
#[must_use]
pub fn job() -> Job {
    let value = serde_json::from_str::<Value>(&host::execution::job()).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_default()
}

/// Number of this attempt; the first one is 1.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution;
///
/// world.set_attempt(2);
/// assert_eq!(execution::attempt(), 2);
/// ```
#[must_use]
pub fn attempt() -> u32 {
    host::execution::attempt()
}

/// The nominal instant this execution stands for, which may be earlier than now.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::{chrono::Days, execution};
///
/// let yesterday = execution::scheduled_at() - Days::new(1);
/// assert_eq!(yesterday.to_rfc3339(), "2027-01-14T08:00:00+00:00");
/// ```
#[must_use]
pub fn scheduled_at() -> DateTime<Utc> {
    from_instant(host::execution::scheduled_at())
}

/// When the host will stop this attempt, whatever it is doing.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::{clock, execution};
///
/// let left = execution::deadline() - clock::now();
/// assert_eq!(left.num_minutes(), 5);
/// ```
#[must_use]
pub fn deadline() -> DateTime<Utc> {
    from_instant(host::execution::deadline())
}

/// Says how far the work has come, in whatever the template counts, with a short text for people.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution;
///
/// execution::progress(500, Some(2_000), "orders");
/// assert_eq!(world.progress()[0].done, 500);
/// ```
pub fn progress(done: u64, total: Option<u64>, note: &str) {
    host::execution::progress(done, total, note);
}

/// True from the moment the run should end. Ask between batches, and return
/// [`Failure::interrupted`](crate::Failure::interrupted) with what was reached.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::{Failure, execution};
///
/// fn work() -> Result<u64, Failure> {
///     let mut done = 0;
///     while done < 10 {
///         done += 1;
///         if execution::should_stop() {
///             return Err(Failure::interrupted(format!("stopped after {done} of 10")));
///         }
///     }
///     Ok(done)
/// }
///
/// world.stop_after(2);
/// assert_eq!(work().unwrap_err().message, "stopped after 3 of 10");
/// ```
#[must_use]
pub fn should_stop() -> bool {
    host::execution::should_stop()
}

/// Sleeps; a duration beyond 49 days is cut. False when the run should stop now.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use std::time::Duration;
///
/// use sandglass_sdk::execution;
///
/// assert!(execution::wait(Duration::from_secs(30)), "the run may go on");
/// assert_eq!(world.waits(), [Duration::from_secs(30)]);
/// ```
#[must_use]
pub fn wait(duration: Duration) -> bool {
    host::execution::wait(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
}
