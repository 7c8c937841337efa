//! A compiled schedule and the questions that the planner asks it.
//!
//! Answers are instants only: the caller brings the time. Whatever the kind, `next` is strictly later, `previous`
//! strictly earlier, and both stay inside the bounds and the horizon.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use crate::cron::Cron;
use crate::error::Problem;
use crate::interval::Interval;
use crate::once::Once;
use crate::zone::{HORIZON, ORIGIN, Zone};

const MILLIS: i64 = 1000;

/// A schedule that has been checked and prepared. Cheap to clone, shared by threads.
#[derive(Clone)]
pub struct Timetable {
    inner: Arc<Inner>,
}

struct Inner {
    rule: Rule,
    tz: Tz,
    bounds: Bounds,
}

pub(crate) enum Rule {
    Interval(Interval),
    Cron(Box<Cron>),
    Once(Once),
}

/// `start_at` and `end_at`; both inclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
}

impl Bounds {
    /// First and last millisecond at which something may be due.
    fn millis(&self) -> (i64, i64) {
        let start = self.start.map_or(i64::MIN, |start| start.timestamp_millis());
        let end = self.end.map_or(i64::MAX, |end| end.timestamp_millis());
        (start.max(ORIGIN * MILLIS), end.min(HORIZON * MILLIS - 1))
    }
}

impl Timetable {
    pub(crate) fn new(rule: Rule, tz: Tz, bounds: Bounds) -> Self {
        Self { inner: Arc::new(Inner { rule, tz, bounds }) }
    }

    /// The first instant strictly later than `after` (so a clock that jumps back fires nothing twice, T16).
    /// `None` when nothing more is due before the end or the horizon (2100).
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.at_or_after(millis_after(after))
    }

    /// The last instant strictly earlier than `before`.
    #[must_use]
    pub fn previous(&self, before: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.at_or_before(millis_before(before))
    }

    /// The distance from `at` to the following instant: T7's "one period". `None` after the last one.
    #[must_use]
    pub fn period(&self, at: DateTime<Utc>) -> Option<Duration> {
        self.next(at).map(|next| next - at)
    }

    /// How many instants there are from `first` to `last`, both included. At most `limit` are counted one by one;
    /// the second value says whether counting stopped there ("at least"). Intervals are counted by arithmetic, so
    /// for them the count is always whole.
    #[must_use]
    pub fn count(&self, first: DateTime<Utc>, last: DateTime<Utc>, limit: u64) -> (u64, bool) {
        let (low, high) = self.inner.bounds.millis();
        if let Rule::Interval(interval) = &self.inner.rule {
            let from = millis_before(first).saturating_add(1).max(low);
            return (interval.count(from, last.timestamp_millis().min(high)), false);
        }
        let mut count = 0;
        let mut at = self.at_or_before(last.timestamp_millis());
        while let Some(instant) = at.filter(|instant| *instant >= first) {
            if count >= limit {
                return (count, true);
            }
            count += 1;
            at = self.previous(instant);
        }
        (count, false)
    }

    /// Instants after `from` and up to `until` that `dst.gap: skip` leaves out (T5): the first instant after each gap
    /// in which a fixed-time job would have been due, unless the job is due at that very instant anyway.
    #[must_use]
    pub fn gap_skips(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let Rule::Cron(cron) = &self.inner.rule else {
            return Vec::new();
        };
        let (low, high) = self.inner.bounds.millis();
        cron.gap_skips(from.timestamp(), until.timestamp())
            .filter(|instant| (low..=high).contains(&(instant * MILLIS)))
            .filter_map(|instant| DateTime::from_timestamp(instant, 0))
            .collect()
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.inner.rule
    }

    pub(crate) fn zone(&self) -> Arc<Zone> {
        Zone::of(self.inner.tz)
    }

    /// T6: what to change if nothing becomes due after `created_at`.
    pub(crate) fn never(&self, created_at: DateTime<Utc>, has_end: bool) -> Option<Problem> {
        if self.next(created_at).is_some() {
            return None;
        }
        let unbounded = match &self.inner.rule {
            Rule::Cron(cron) => cron.at_or_after(created_at.timestamp().max(ORIGIN)).is_some(),
            Rule::Interval(_) | Rule::Once(_) => true,
        };
        Some(if unbounded && has_end {
            Problem::new(
                "end_at",
                "never_fires",
                "nothing would become due up to `end_at`; choose a later end or remove it",
            )
        } else if unbounded {
            Problem::new(
                "start_at",
                "never_fires",
                "nothing would become due between `start_at` and the end of 2099; choose an earlier start",
            )
        } else {
            Problem::new(
                "expression",
                "never_fires",
                "the expression never fires: no day up to the end of 2099 fits; check day-of-month against month",
            )
        })
    }

    fn at_or_after(&self, millis: i64) -> Option<DateTime<Utc>> {
        let (low, high) = self.inner.bounds.millis();
        let from = millis.max(low);
        if from > high {
            return None;
        }
        let found = match &self.inner.rule {
            Rule::Interval(interval) => interval.at_or_after(from),
            Rule::Once(once) => (once.at >= from).then_some(once.at),
            Rule::Cron(cron) => cron.at_or_after(-(-from).div_euclid(MILLIS)).map(|seconds| seconds * MILLIS),
        };
        found.filter(|found| *found <= high).and_then(DateTime::from_timestamp_millis)
    }

    /// The last instant at or before a moment, in milliseconds since the epoch.
    pub(crate) fn at_or_before(&self, millis: i64) -> Option<DateTime<Utc>> {
        let (low, high) = self.inner.bounds.millis();
        let until = millis.min(high);
        if until < low {
            return None;
        }
        let found = match &self.inner.rule {
            Rule::Interval(interval) => interval.at_or_before(until),
            Rule::Once(once) => (once.at <= until).then_some(once.at),
            Rule::Cron(cron) => cron.at_or_before(until.div_euclid(MILLIS)).map(|seconds| seconds * MILLIS),
        };
        found.filter(|found| *found >= low).and_then(DateTime::from_timestamp_millis)
    }
}

impl fmt::Debug for Timetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.inner.rule {
            Rule::Interval(_) => "interval",
            Rule::Cron(_) => "cron",
            Rule::Once(_) => "once",
        };
        f.debug_struct("Timetable")
            .field("kind", &kind)
            .field("zone", &self.inner.tz)
            .field("bounds", &self.inner.bounds)
            .finish()
    }
}

/// The first whole millisecond later than `instant`.
fn millis_after(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_millis().saturating_add(1)
}

/// The last whole millisecond earlier than `instant`.
fn millis_before(instant: DateTime<Utc>) -> i64 {
    let millis = instant.timestamp_millis();
    if instant.timestamp_subsec_nanos().is_multiple_of(1_000_000) { millis.saturating_sub(1) } else { millis }
}
