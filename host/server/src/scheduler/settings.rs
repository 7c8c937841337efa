//! The planner's slice of the configuration, in its own terms.

use chrono::Duration;

use crate::config::Scheduler;

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How far ahead of its instant an occurrence is decided and stored.
    pub lead: Duration,
    /// Decisions in one group at most.
    pub group_size: usize,
    /// Late by at most this, or one period, whichever is less: no misfire (T7).
    pub grace: Duration,
    /// Missed instants that `all` catches up with, for one job.
    pub replay_limit: u64,
    /// Commands that may wait.
    pub queue: usize,
    /// How long a deletion can be taken back.
    pub undo: Duration,
    /// Advances go out only after the decisions they follow are known to be stored. An engine that commits a group as
    /// one transaction does not need it; it costs a second group.
    pub advance_separately: bool,
}

impl Settings {
    pub fn of(config: &Scheduler) -> Self {
        let seconds =
            |n: u64| Duration::seconds(i64::try_from(n).unwrap_or(i64::from(u32::MAX)).min(i64::from(u32::MAX)));
        Self {
            lead: Duration::milliseconds(i64::try_from(config.lead_milliseconds.min(60_000)).unwrap_or(100)),
            group_size: config.group_size.max(1),
            grace: seconds(config.misfire_grace_seconds),
            replay_limit: config.misfire_all_limit,
            queue: config.queue.max(1),
            undo: Duration::seconds(10),
            advance_separately: false,
        }
    }
}
