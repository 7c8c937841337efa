//! At one instant.

use chrono::{DateTime, Utc};

use crate::error::Problem;
use crate::spec::{beyond_horizon, rfc3339};
use crate::zone::HORIZON;

/// The one instant, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once {
    pub at: i64,
}

impl Once {
    /// T4, T6: an instant that is not later than the creation could never be due, so it is refused.
    pub fn new(run_at: Option<DateTime<Utc>>, created_at: DateTime<Utc>) -> Result<Self, Vec<Problem>> {
        let Some(run_at) = run_at else {
            return Err(vec![Problem::new(
                "run_at",
                "missing",
                "a schedule of type `once` needs `run_at`, for example \"2030-01-31T08:00:00Z\"",
            )]);
        };
        if run_at.timestamp() >= HORIZON {
            return Err(vec![beyond_horizon("run_at", run_at)]);
        }
        let at = run_at.timestamp_millis();
        if at <= created_at.timestamp_millis() {
            return Err(vec![Problem::new(
                "run_at",
                "in_the_past",
                format!(
                    "`run_at` ({}) has already passed; choose a later time, or ask for a run at once with `run_now`",
                    rfc3339(run_at)
                ),
            )]);
        }
        Ok(Self { at })
    }
}
