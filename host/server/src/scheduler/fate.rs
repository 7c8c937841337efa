//! What becomes of an execution whose host died (T12, T7), pure.

use chrono::{DateTime, Duration, Utc};
use sandglass_schedule::misfire::Policy;

use crate::model::template::OnLost;
use crate::model::{Execution, SkipReason, Status, Trigger};
use crate::repository::Definition;

/// An execution that takes its host down with it is not started for ever.
const LOST_ATTEMPTS: usize = 3;

/// What is left of a dead host's claim, and what is known beside it.
pub struct Remains<'a> {
    pub execution: &'a Execution,
    /// None: the job is gone.
    pub definition: Option<&'a Definition>,
    pub template: Result<(), &'a str>,
    /// The audit shows a write effect of its attempt.
    pub may_have_written: bool,
    pub on_lost: OnLost,
    pub now: DateTime<Utc>,
    pub grace: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It runs (again).
    Start,
    End {
        status: Status,
        reason: Option<SkipReason>,
        error: String,
    },
}

pub fn rule(remains: &Remains<'_>) -> Fate {
    let execution = remains.execution;
    let begun = remains.may_have_written || execution.status == Status::Running || !execution.attempts.is_empty();
    let scheduled = execution.trigger == Trigger::Schedule;
    if execution.cancel_requested_at.is_some() {
        return end(Status::Cancelled, "cancelled; its host died before it had stopped");
    }
    let Some(definition) = remains.definition else {
        return if scheduled && !begun {
            skip(SkipReason::Deleted, "the job was deleted")
        } else {
            end(Status::Cancelled, "the job was deleted")
        };
    };
    if !begun {
        if scheduled && !definition.job.enabled {
            return skip(SkipReason::Paused, "the job was disabled");
        }
        if let Err(why) = remains.template {
            return if scheduled { skip(SkipReason::Template, why) } else { end(Status::Failed, why) };
        }
        if scheduled && execution.scheduled_for - remains.now > remains.grace {
            // Waiting for it would hold its job up until then (T16).
            return skip(SkipReason::Misfire, "the wall clock was set back before it began");
        }
        return if scheduled && is_misfired(definition, execution.scheduled_for, remains.now, remains.grace) {
            skip(SkipReason::Misfire, "the host was down when it was due")
        } else {
            Fate::Start
        };
    }
    let lost_before = execution.attempts.iter().filter(|attempt| attempt.status == Status::Lost).count();
    if remains.may_have_written && remains.on_lost == OnLost::Fail {
        return end(Status::Lost, "its host died in the middle, and the template asks not to be repeated");
    }
    if lost_before + 1 > LOST_ATTEMPTS {
        return end(Status::Lost, "its host died in the middle too often");
    }
    match remains.template {
        Ok(()) => Fate::Start,
        Err(why) => end(Status::Lost, why),
    }
}

/// T7 for an occurrence that was claimed and never begun.
pub fn is_misfired(definition: &Definition, at: DateTime<Utc>, now: DateTime<Utc>, grace: Duration) -> bool {
    let Some(timetable) = definition.active_timetable() else { return false };
    let late = now - at;
    if late <= grace && timetable.period(at).is_none_or(|period| late <= period) {
        return false;
    }
    let misfire = &definition.job.misfire;
    match misfire.policy {
        Policy::None => true,
        // The latest one runs: this is it, unless another has come due since.
        Policy::Latest => timetable.next(at).is_some_and(|next| next <= now),
        Policy::All => late > Duration::seconds(i64::from(misfire.window_seconds)),
    }
}

fn end(status: Status, error: &str) -> Fate {
    Fate::End { status, reason: None, error: error.to_owned() }
}

fn skip(reason: SkipReason, error: &str) -> Fate {
    Fate::End { status: Status::Skipped, reason: Some(reason), error: error.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::execution::Attempt;
    use crate::model::job::{Job, Misfire};
    use crate::model::{Digest, Incarnation, JobId, Token};
    use crate::repository::{Claim, Parameters};
    use crate::scheduler::scene::{every, job};

    const CREATED: i64 = 1_700_000_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(CREATED + seconds, 0).unwrap()
    }

    fn definition(policy: Policy) -> Definition {
        let misfire = Misfire { policy, window_seconds: 600 };
        Definition::of(Job { schedule: every(60), created_at: at(0), misfire, ..job() })
    }

    /// Claimed for 60, and its host died.
    fn claimed(status: Status, lost_before: usize) -> Execution {
        let definition = definition(Policy::Latest);
        let lost = Attempt {
            number: 1,
            token: Token::FIRST,
            host: "box".into(),
            started_at: at(60),
            ended_at: Some(at(61)),
            status: Status::Lost,
            error: None,
            interrupted: false,
            reads: Vec::new(),
        };
        let claim = Claim {
            id: crate::model::ExecutionId::derive(JobId::generate(), at(60)),
            parameters: Arc::new(Parameters::of(&serde_json::json!({}))),
            definition: Arc::new(definition),
            digest: Digest("00".into()),
            scheduled_for: at(60),
            trigger: Trigger::Schedule,
            triggered_by: "scheduler".into(),
            rerun_of: None,
            token: Token::FIRST,
            host: Arc::new(Incarnation("dead".into())),
            overlap_key: None,
            attempts: vec![lost; lost_before],
            log_lines: 0,
        };
        Execution { status, ..claim.execution() }
    }

    fn fate(execution: &Execution, policy: Policy, wrote: bool, on_lost: OnLost, now: i64) -> Fate {
        rule(&Remains {
            execution,
            definition: Some(&definition(policy)),
            template: Ok(()),
            may_have_written: wrote,
            on_lost,
            now: at(now),
            grace: Duration::seconds(60),
        })
    }

    fn reason(fate: Fate) -> Option<SkipReason> {
        match fate {
            Fate::Start => None,
            Fate::End { reason, .. } => reason,
        }
    }

    #[test]
    fn t7_a_claim_that_never_began_is_started_or_misfired() {
        let claim = claimed(Status::Queued, 0);
        let table = [
            (Policy::Latest, 90, None),
            (Policy::None, 90, None),
            // The one of 120 is due by now and is the latest.
            (Policy::Latest, 130, Some(SkipReason::Misfire)),
            (Policy::None, 130, Some(SkipReason::Misfire)),
            (Policy::All, 130, None),
            (Policy::All, 1_000, Some(SkipReason::Misfire)),
        ];
        for (policy, now, expected) in table {
            assert_eq!(reason(fate(&claim, policy, false, OnLost::Fail, now)), expected, "{policy:?} at {now}");
        }
    }

    #[test]
    fn t16_a_claim_that_was_made_under_a_clock_far_ahead_is_not_waited_for() {
        let claim = claimed(Status::Queued, 0);
        assert_eq!(reason(fate(&claim, Policy::Latest, false, OnLost::Fail, -1)), Some(SkipReason::Misfire));
        assert_eq!(reason(fate(&claim, Policy::Latest, false, OnLost::Fail, 1)), None);
    }

    #[test]
    fn t12_what_may_have_had_an_effect_is_repeated_only_if_the_template_allows() {
        let running = claimed(Status::Running, 0);
        assert_eq!(fate(&running, Policy::Latest, true, OnLost::Retry, 70), Fate::Start);
        let lost = fate(&running, Policy::Latest, true, OnLost::Fail, 70);
        assert!(matches!(lost, Fate::End { status: Status::Lost, .. }));
        // The audit shows no effect: nothing is lost by a repeat.
        assert_eq!(fate(&running, Policy::Latest, false, OnLost::Fail, 70), Fate::Start);
    }

    #[test]
    fn t12_a_run_that_takes_its_host_down_again_and_again_is_lost() {
        let often = claimed(Status::Running, LOST_ATTEMPTS);
        let lost = fate(&often, Policy::Latest, true, OnLost::Retry, 70);
        assert!(matches!(lost, Fate::End { status: Status::Lost, .. }));
    }

    #[test]
    fn t10_a_run_that_was_being_cancelled_is_cancelled() {
        let asked = Execution { cancel_requested_at: Some(at(65)), ..claimed(Status::Running, 0) };
        let cancelled = fate(&asked, Policy::Latest, true, OnLost::Retry, 70);
        assert!(matches!(cancelled, Fate::End { status: Status::Cancelled, .. }));
    }
}
