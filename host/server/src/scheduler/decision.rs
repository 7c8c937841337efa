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

#[cfg(test)]
mod tests {
    use sandglass_schedule::misfire::Policy;

    use super::*;
    use crate::model::job::{Misfire, OverlapPolicy};
    use crate::model::{Token, Trigger};
    use crate::scheduler::overlap::Held;
    use crate::scheduler::scene::{every, job, planner_settings};

    const CREATED: i64 = 1_700_000_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(CREATED + seconds, 0).unwrap()
    }

    fn every_minute(policy: Policy) -> Job {
        Job {
            schedule: every(60),
            created_at: at(0),
            updated_at: at(0),
            misfire: Misfire { policy, window_seconds: 600 },
            ..job()
        }
    }

    fn busy() -> Active {
        let held = Held {
            execution: ExecutionId::generate(),
            slot: Some(Slot::Running(0)),
            token: Token::FIRST,
            scheduled_for: at(0),
            trigger: Trigger::Schedule,
            claim: None,
        };
        Active { held: vec![held], ..Active::default() }
    }

    fn decided(job: &Job, now: i64, template: Result<(), &str>, active: Option<&Active>) -> Decision {
        decide(&Circumstances {
            job,
            timetable: &job.schedule.compile(job.created_at).unwrap(),
            oldest: at(60),
            now: at(now),
            template,
            active,
            settings: &planner_settings(),
        })
    }

    fn ruled(decision: Decision) -> (Vec<(SkipReason, u64)>, Option<i64>, Option<i64>) {
        let Decision::Decide(ruled) = decision else { panic!("{decision:?}") };
        let since = |at: DateTime<Utc>| at.timestamp() - CREATED;
        (
            ruled.skips.iter().map(|skip| (skip.reason, skip.instants.count)).collect(),
            ruled.run.map(|run| since(run.instant)),
            ruled.next.map(since),
        )
    }

    #[test]
    fn t7_what_is_late_by_less_than_a_minute_just_runs_under_every_policy() {
        for policy in [Policy::Latest, Policy::All, Policy::None] {
            for now in [59, 60, 100, 119] {
                let decision = decided(&every_minute(policy), now, Ok(()), None);
                assert_eq!(ruled(decision), (vec![], Some(60), Some(120)), "{policy:?} {now}");
            }
        }
    }

    #[test]
    fn t7_missed_instants_are_decided_as_the_policy_says() {
        // 60, 120 … 1200 were missed; 1260 is late by 40 s, which is no misfire.
        let table = [
            (Policy::Latest, vec![(SkipReason::Misfire, 20)], Some(1_260), Some(1_320)),
            (Policy::None, vec![(SkipReason::Misfire, 20)], Some(1_260), Some(1_320)),
            // Ten minutes back; it stays there until the run has ended.
            (Policy::All, vec![(SkipReason::Misfire, 11)], Some(720), Some(720)),
        ];
        for (policy, skips, run, next) in table {
            let decision = decided(&every_minute(policy), 1_300, Ok(()), None);
            assert_eq!(ruled(decision), (skips, run, next), "{policy:?}");
        }
    }

    #[test]
    fn t3_the_template_is_asked_before_misfire_and_overlap() {
        let busy = busy();
        let decision = decided(&every_minute(Policy::Latest), 1_300, Err("not granted"), Some(&busy));
        let template = SkipReason::Template;
        assert_eq!(ruled(decision), (vec![(template, 20), (template, 1)], None, Some(1_320)));
    }

    #[test]
    fn t3_a_template_that_is_not_ready_is_asked_again_at_the_instant() {
        let decision = decided(&every_minute(Policy::Latest), 59, Err("not granted"), None);
        assert_eq!(decision, Decision::WaitUntil(at(60)));
    }

    #[test]
    fn t8_an_occurrence_waits_until_its_instant_for_the_run_before_it() {
        let busy = busy();
        let job = every_minute(Policy::Latest);
        assert_eq!(decided(&job, 59, Ok(()), Some(&busy)), Decision::WaitUntil(at(60)));
        let (skips, run, next) = ruled(decided(&job, 60, Ok(()), Some(&busy)));
        assert_eq!((skips, run, next), (vec![(SkipReason::Overlap, 1)], None, Some(120)));
        let queueing = Job { overlap_policy: OverlapPolicy::QueueOne, ..job };
        let Decision::Decide(ruled) = decided(&queueing, 60, Ok(()), Some(&busy)) else { panic!() };
        assert_eq!(ruled.run.map(|run| run.slot), Some(Slot::Waiting));
    }

    #[test]
    fn t7_replays_go_one_after_the_other_whatever_the_overlap_policy() {
        let busy = busy();
        for overlap_policy in [OverlapPolicy::Skip, OverlapPolicy::QueueOne, OverlapPolicy::Replace] {
            let job = Job { overlap_policy, ..every_minute(Policy::All) };
            assert_eq!(decided(&job, 1_300, Ok(()), Some(&busy)), Decision::WaitForEnd);
        }
    }
}
