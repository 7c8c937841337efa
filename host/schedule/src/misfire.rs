//! T7: which of the instants that nobody decided in time still run.
//!
//! Pure: the planner brings the oldest undecided instant and the time, and carries the ruling out. The work is
//! bounded whatever the absence: intervals are arithmetic, cron is searched backwards.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::next::Timetable;

/// Skipped cron instants are counted one by one up to here; beyond it the count says "at least".
const COUNT_LIMIT: u64 = 10_000;
/// No more than this many instants are kept for replay, whatever is asked for.
const REPLAY_LIMIT: u64 = 10_000;

/// What happens to instants that are late by more than the grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// One run, for the latest of them, however late.
    #[default]
    Latest,
    /// All within the window, oldest first, one after the other.
    All,
    /// None of them.
    None,
}

/// A row of skipped instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// How many; a lower bound if `at_least`.
    pub count: u64,
    /// Whether counting stopped at its limit (10,000).
    pub at_least: bool,
    /// The oldest of them.
    pub first: DateTime<Utc>,
    /// The latest of them.
    pub last: DateTime<Utc>,
}

/// A ruling in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not late, or within the grace: it just runs.
    OnTime(DateTime<Utc>),
    /// Late, and runs all the same under its policy, with this nominal instant.
    Run(DateTime<Utc>),
    /// Nothing runs.
    Skip,
}

/// What to do with the instants from the oldest undecided one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// What is skipped as `misfire`, all of it earlier than `run`.
    pub skipped: Option<Missed>,
    /// The nominal instant to run now.
    pub run: Option<DateTime<Utc>>,
    /// Where `next_run_at` stands afterwards. Under `all` that may be a missed instant: it is ruled on when the run
    /// has ended. `None` when nothing more is due.
    pub next: Option<DateTime<Utc>>,
    /// Whether `run` is late by no more than the grace, so that it is no misfire at all.
    pub on_time: bool,
}

impl Ruling {
    /// The same, to be matched on.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.run {
            Some(run) if self.on_time => Verdict::OnTime(run),
            Some(run) => Verdict::Run(run),
            None => Verdict::Skip,
        }
    }
}

/// Rules on the instants from `oldest` to `now` (T7).
///
/// `grace` is the lateness that never counts (60 s by default), cut to one period of the job. `window` and `maximum`
/// only matter under [`Policy::All`]: how late a replayed run may be, and how many are kept, the most recent ones.
/// An `oldest` in the future is on time, so the planner can decide ahead.
#[must_use]
pub fn rule(
    timetable: &Timetable,
    policy: Policy,
    window: Duration,
    grace: Duration,
    maximum: u64,
    oldest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Ruling {
    let due = Due { timetable, grace, oldest, now };
    if due.is_on_time(oldest) {
        return due.run(oldest, true);
    }
    // Later than one period, so it can only be the last due instant that is on time, or, when that one is due at this
    // very moment, the one before it.
    let latest = due.latest();
    let on_time = timetable
        .previous(latest)
        .filter(|before| latest == now && *before > oldest && due.is_on_time(*before))
        .or_else(|| Some(latest).filter(|latest| due.is_on_time(*latest)));
    match policy {
        Policy::Latest => due.run(on_time.unwrap_or(latest), on_time.is_some()),
        Policy::None => match on_time {
            Some(instant) => due.run(instant, true),
            None => due.skip_all(latest),
        },
        Policy::All => {
            let last_missed = match on_time {
                Some(instant) => timetable.previous(instant).unwrap_or(oldest).max(oldest),
                None => latest,
            };
            match (due.oldest_kept(last_missed, window, maximum), on_time) {
                (Some(kept), _) => due.run(kept, false),
                (None, Some(instant)) => due.run(instant, true),
                (None, None) => due.skip_all(latest),
            }
        }
    }
}

struct Due<'a> {
    timetable: &'a Timetable,
    grace: Duration,
    oldest: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Due<'_> {
    fn is_on_time(&self, instant: DateTime<Utc>) -> bool {
        let late = self.now - instant;
        late <= self.grace && self.timetable.period(instant).is_none_or(|period| late <= period)
    }

    /// The last instant that is due by now. The oldest one counts as due even if the timetable has changed since.
    fn latest(&self) -> DateTime<Utc> {
        if self.timetable.next(self.oldest).is_none_or(|next| next > self.now) {
            return self.oldest;
        }
        self.timetable.at_or_before(self.now.timestamp_millis()).unwrap_or(self.oldest).max(self.oldest)
    }

    /// The oldest missed instant that is still to be replayed.
    fn oldest_kept(&self, last_missed: DateTime<Utc>, window: Duration, maximum: u64) -> Option<DateTime<Utc>> {
        let mut kept = None;
        let mut candidate = last_missed;
        for _ in 0..maximum.min(REPLAY_LIMIT) {
            if self.now - candidate > window {
                break;
            }
            kept = Some(candidate);
            if candidate <= self.oldest {
                break;
            }
            candidate = self.timetable.previous(candidate).unwrap_or(self.oldest).max(self.oldest);
        }
        kept
    }

    fn run(&self, instant: DateTime<Utc>, on_time: bool) -> Ruling {
        Ruling {
            skipped: (instant > self.oldest).then(|| {
                let last = self.timetable.previous(instant).unwrap_or(self.oldest).max(self.oldest);
                self.missed(last)
            }),
            run: Some(instant),
            next: self.timetable.next(instant),
            on_time,
        }
    }

    fn skip_all(&self, latest: DateTime<Utc>) -> Ruling {
        Ruling { skipped: Some(self.missed(latest)), run: None, next: self.timetable.next(latest), on_time: false }
    }

    fn missed(&self, last: DateTime<Utc>) -> Missed {
        // The oldest is counted by itself: it is undecided even if an edited timetable no longer has it.
        let following = self.oldest + Duration::milliseconds(1);
        let (count, at_least) =
            if last > self.oldest { self.timetable.count(following, last, COUNT_LIMIT - 1) } else { (0, false) };
        Missed { count: count + 1, at_least, first: self.oldest, last }
    }
}
