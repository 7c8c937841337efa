//! The executor's slice of the configuration, in its own terms.

use std::time::Duration;

use crate::config::Execution;

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Shown as `execution_host`.
    pub host_name: String,
    /// Runs at the same time.
    pub slots: usize,
    /// Of these, for one job.
    pub share: usize,
    /// Claims that may wait for a slot before the planner stops making more.
    pub queue: usize,
    pub drain: Duration,
    pub lines_in_document: u64,
    pub hook_timeout: Duration,
}

impl Settings {
    pub fn of(config: &Execution, host_name: String) -> Self {
        let slots = config.slots.max(1);
        Self {
            host_name,
            slots,
            share: (slots * config.job_share_percent.min(100) / 100).max(1),
            queue: config.queue.max(1),
            drain: Duration::from_secs(config.drain_seconds),
            lines_in_document: config.log_lines_in_document as u64,
            hook_timeout: Duration::from_secs(config.hook_timeout_seconds),
        }
    }
}
