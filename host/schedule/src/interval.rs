//! Every so many seconds, by elapsed time: clocks that change do not matter. Pure arithmetic, however long ago.

use chrono::{DateTime, Utc};

use crate::error::Problem;
use crate::zone::HORIZON;

const MILLIS: i64 = 1000;

/// Occurrences at `first + n * every`, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    first: i64,
    every: i64,
}

impl Interval {
    /// T4: the phase is `start_at`, which is then the first occurrence; without it the phase is the creation time,
    /// and the first occurrence one interval later, so that a new job does not fire at once.
    pub fn new(
        seconds: Option<u64>,
        start_at: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
    ) -> Result<Self, Vec<Problem>> {
        let refuse = |code, message: String| Err(vec![Problem::new("interval_seconds", code, message)]);
        let Some(seconds) = seconds else {
            return refuse(
                "missing",
                "an interval schedule needs `interval_seconds`, for example 3600 for every hour".to_owned(),
            );
        };
        if seconds == 0 {
            return refuse("out_of_range", "`interval_seconds` is 0; write a whole number of at least 1".to_owned());
        }
        let every = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(MILLIS));
        let first = match start_at {
            // That it lies before the horizon is checked with the other bounds.
            Some(start) => Some(start.timestamp_millis()),
            None => every
                .and_then(|every| created_at.timestamp_millis().checked_add(every))
                .filter(|first| *first < HORIZON * MILLIS),
        };
        match (first, every) {
            (Some(first), Some(every)) => Ok(Self { first, every }),
            _ => refuse(
                "beyond_horizon",
                format!(
                    "`interval_seconds` is {seconds}; the next run would be after the year 2099, so write a smaller number"
                ),
            ),
        }
    }

    /// The first occurrence at or after `millis`.
    pub fn at_or_after(&self, millis: i64) -> Option<i64> {
        if millis <= self.first {
            return Some(self.first);
        }
        let steps = (millis - self.first - 1).div_euclid(self.every) + 1;
        self.first.checked_add(steps.checked_mul(self.every)?)
    }

    /// The last occurrence at or before `millis`.
    pub fn at_or_before(&self, millis: i64) -> Option<i64> {
        (millis >= self.first).then(|| millis - (millis - self.first).rem_euclid(self.every))
    }

    /// How many occurrences lie in the closed range, in milliseconds.
    pub fn count(&self, from: i64, until: i64) -> u64 {
        match (self.at_or_after(from), self.at_or_before(until)) {
            (Some(low), Some(high)) if low <= high => ((high - low) / self.every + 1).unsigned_abs(),
            _ => 0,
        }
    }

    /// Milliseconds from one occurrence to the next.
    pub fn every(&self) -> i64 {
        self.every
    }
}
