//! T3, pure: what becomes of a job's next undecided instant.
//!
//! enabled -> start and end -> template -> misfire -> overlap -> claim. The first refusal names the reason.

use chrono::{DateTime, Duration, Utc};
use sandglass_schedule::{Gap, Timetable, misfire};

use super::Settings;
use super::overlap::{self, Active, Answer, Slot};
use crate::model::execution::SkipSummary;
use crate::model::{ExecutionId, Job, SkipReason};

/// Everything that the decision depends on.
pub struct Circumstances<'a> {
    pub job: &'a Job,
    pub timetable: &'a Timetable,
    /// The next undecided instant.
    pub oldest: DateTime<Utc>,
    pub now: DateTime<Utc>,
    /// Why the template is not ready.
    pub template: Result<(), &'a str>,
    pub active: Option<&'a Active>,
    pub settings: &'a Settings,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Not before this instant: until then an active run may end, or a template become ready.
    WaitUntil(DateTime<Utc>),
    /// Not before an active run has ended.
    WaitForEnd,
    Decide(Ruled),
}

/// A decision that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    pub skips: Vec<Skip>,
    pub run: Option<RunAt>,
    /// Where `next_run_at` stands afterwards.
    pub next: Option<DateTime<Utc>>,
    /// `next_run_at` stays at the run's own instant until it has ended.
    pub replay: bool,
}

/// Instants without a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    pub reason: SkipReason,
    pub instants: SkipSummary,
    pub detail: Option<String>,
}

impl Skip {
    pub fn one(reason: SkipReason, at: DateTime<Utc>, detail: Option<String>) -> Self {
        Self { reason, instants: SkipSummary { count: 1, at_least: false, first: at, last: at }, detail }
    }

    fn several(reason: SkipReason, missed: &misfire::Missed, detail: Option<String>) -> Self {
        let misfire::Missed { count, at_least, first, last } = *missed;
        Self { reason, instants: SkipSummary { count, at_least, first, last }, detail }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAt {
    pub instant: DateTime<Utc>,
    pub slot: Slot,
    /// The one that waited and is replaced.
    pub displaces: Option<ExecutionId>,
    /// Those that run and are to stop.
    pub cancels: Vec<ExecutionId>,
}

/// Decides.
pub fn decide(at: &Circumstances<'_>) -> Decision {
    match at.template {
        Err(_) if at.oldest > at.now => Decision::WaitUntil(at.oldest),
        Err(why) => Decision::Decide(without_template(at, why)),
        Ok(()) => with_template(at),
    }
}

fn with_template(at: &Circumstances<'_>) -> Decision {
    let policy = at.job.misfire.policy;
    let ruling = rule(at, policy);
    let mut skips: Vec<Skip> = gaps(at, ruling.run.unwrap_or(at.oldest));
    skips.extend(ruling.skipped.as_ref().map(|missed| Skip::several(SkipReason::Misfire, missed, None)));
    let replay = policy == misfire::Policy::All && !ruling.on_time;
    let Some(instant) = ruling.run else {
        return Decision::Decide(Ruled { skips, run: None, next: ruling.next, replay: false });
    };
    let (slot, displaces, cancels) = match overlap::answer(at.job.overlap_policy, at.job.max_concurrent, at.active) {
        Answer::Free(slot) => (slot, None, Vec::new()),
        // A replay goes one after the other, whatever the policy.
        _ if replay => return Decision::WaitForEnd,
        _ if at.now < instant => return Decision::WaitUntil(instant),
        Answer::Queue { displaces, cancels } => (Slot::Waiting, displaces, cancels),
        Answer::Refused(holder) => {
            let detail = Some(format!("execution {holder} was active"));
            skips.push(Skip::one(SkipReason::Overlap, instant, detail));
            return Decision::Decide(Ruled { skips, run: None, next: ruling.next, replay: false });
        }
    };
    let next = if replay { Some(instant) } else { ruling.next };
    Decision::Decide(Ruled { skips, run: Some(RunAt { instant, slot, displaces, cancels }), next, replay })
}

fn without_template(at: &Circumstances<'_>, why: &str) -> Ruled {
    let ruling = rule(at, misfire::Policy::None);
    let mut skips = gaps(at, ruling.run.unwrap_or(at.oldest));
    let detail = Some(why.to_owned());
    skips.extend(ruling.skipped.as_ref().map(|missed| Skip::several(SkipReason::Template, missed, detail.clone())));
    skips.extend(ruling.run.map(|instant| Skip::one(SkipReason::Template, instant, detail)));
    Ruled { skips, run: None, next: ruling.next, replay: false }
}

fn rule(at: &Circumstances<'_>, policy: misfire::Policy) -> misfire::Ruling {
    let window = Duration::seconds(i64::from(at.job.misfire.window_seconds));
    misfire::rule(at.timetable, policy, window, at.settings.grace, at.settings.replay_limit, at.oldest, at.now)
}

/// Everything from the oldest undecided instant up to now, as one skip; and what is next after it.
pub fn skip_past(
    timetable: &Timetable,
    reason: SkipReason,
    oldest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (Skip, Option<DateTime<Utc>>) {
    let nobody_is_on_time = Duration::milliseconds(-1);
    let ruling = misfire::rule(timetable, misfire::Policy::None, Duration::zero(), nobody_is_on_time, 0, oldest, now);
    match &ruling.skipped {
        Some(missed) => (Skip::several(reason, missed, None), ruling.next),
        None => (Skip::one(reason, oldest, None), timetable.next(oldest)),
    }
}

/// Instants that `dst.gap: skip` leaves out before `until` (T5), since the last decision or the last edit.
fn gaps(at: &Circumstances<'_>, until: DateTime<Utc>) -> Vec<Skip> {
    if at.job.schedule.dst.is_none_or(|dst| dst.gap != Gap::Skip) {
        return Vec::new();
    }
    let decided = at.timetable.previous(at.oldest).unwrap_or(at.job.updated_at);
    at.timetable
        .gap_skips(decided.max(at.job.updated_at), until)
        .into_iter()
        .map(|instant| Skip::one(SkipReason::DstGap, instant, Some("the clock jumped over this time".into())))
        .collect()
}
