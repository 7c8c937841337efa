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
        return if scheduled && is_misfired(remains, definition) {
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
fn is_misfired(remains: &Remains<'_>, definition: &Definition) -> bool {
    let Some(timetable) = definition.active_timetable() else { return false };
    let at = remains.execution.scheduled_for;
    let late = remains.now - at;
    if late <= remains.grace && timetable.period(at).is_none_or(|period| late <= period) {
        return false;
    }
    let misfire = &definition.job.misfire;
    match misfire.policy {
        Policy::None => true,
        // The latest one runs: this is it, unless another has come due since.
        Policy::Latest => timetable.next(at).is_some_and(|next| next <= remains.now),
        Policy::All => late > Duration::seconds(i64::from(misfire.window_seconds)),
    }
}

fn end(status: Status, error: &str) -> Fate {
    Fate::End { status, reason: None, error: error.to_owned() }
}

fn skip(reason: SkipReason, error: &str) -> Fate {
    Fate::End { status: Status::Skipped, reason: Some(reason), error: error.to_owned() }
}
