//! What follows from the outcome of an attempt: the only place where retries are decided (T9). Pure.

use std::time::Duration;

use crate::model::execution::Attempt;
use crate::model::job::{Backoff, RetryPolicy};
use crate::model::outcome::{FailureKind, Outcome, RunResult};
use crate::model::{ExecutionId, Status};

/// No wait between attempts is longer, whatever policy and template say.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// An attempt that is over, and what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub execution: ExecutionId,
    pub policy: &'a RetryPolicy,
    /// The attempts before this one.
    pub earlier: &'a [Attempt],
    pub outcome: &'a Outcome,
    /// Somebody asked for the run to stop.
    pub cancel_requested: bool,
    /// The host is stopping and asked the run to end.
    pub draining: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The end.
    End { status: Status, error: Option<String>, result: Option<RunResult> },
    /// Once more after a while. `status` and `error` are the attempt's.
    Again { after: Duration, status: Status, error: String },
    /// It gave way to the host: at once, elsewhere or after the restart; not counted as a try.
    HandOver { error: String },
}

/// Rules on one attempt.
pub fn decide(case: Case<'_>) -> Verdict {
    let Case { outcome, cancel_requested, draining, .. } = case;
    match outcome {
        Outcome::Success(result) => Verdict::End { status: Status::Success, error: None, result: Some(result.clone()) },
        Outcome::Cancelled if draining && !cancel_requested => {
            Verdict::HandOver { error: "stopped with its host".into() }
        }
        Outcome::Cancelled => cancelled(None),
        _ if cancel_requested => cancelled(Some(words(outcome))),
        Outcome::Failure { kind: FailureKind::Interrupted, message, .. } if draining => {
            Verdict::HandOver { error: message.clone() }
        }
        Outcome::Failure { kind: FailureKind::Permanent, .. } => end(outcome),
        _ => match delay(&case) {
            Some(after) => Verdict::Again { after, status: status(outcome), error: words(outcome) },
            None => end(outcome),
        },
    }
}

/// How long to wait before the next try; `None` when there is none left.
fn delay(case: &Case<'_>) -> Option<Duration> {
    let policy = case.policy;
    let tries = case.earlier.iter().filter(|attempt| counts(attempt)).count();
    let retries_made = u32::try_from(tries).unwrap_or(u32::MAX);
    if retries_made >= policy.max_retries {
        return None;
    }
    let base = Duration::from_secs(u64::from(policy.retry_delay_seconds));
    let mut wait = match policy.backoff {
        Backoff::Fixed => base,
        Backoff::Exponential => base.saturating_mul(2_u32.saturating_pow(retries_made)),
    };
    if let Some(most) = policy.max_delay_seconds {
        wait = wait.min(Duration::from_secs(u64::from(most)));
    }
    if policy.jitter {
        wait = wait.mul_f64(0.5 + 0.5 * fraction(case.execution, retries_made));
    }
    if let Outcome::Failure { retry_after: Some(asked), .. } = case.outcome {
        wait = wait.max(*asked);
    }
    Some(wait.min(LONGEST))
}

/// Whether an attempt uses up a try.
fn counts(attempt: &Attempt) -> bool {
    !attempt.interrupted && attempt.status != Status::Lost
}

/// 0 to 1, the same for the same try of the same execution: FNV-1a over the id.
fn fraction(execution: ExecutionId, tries: u32) -> f64 {
    let hash = execution
        .0
        .bytes()
        .into_iter()
        .chain(tries.to_le_bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    f64::from(hash) / f64::from(u32::MAX)
}

fn cancelled(error: Option<String>) -> Verdict {
    Verdict::End { status: Status::Cancelled, error, result: None }
}

fn end(outcome: &Outcome) -> Verdict {
    let result = match outcome {
        Outcome::Failure { message, details: Some(details), .. } => Some(RunResult {
            status: "failed".into(),
            message: message.clone(),
            details: details.clone(),
            records_processed: 0,
            records_affected: 0,
            errors: vec![message.clone()],
            warnings: Vec::new(),
        }),
        _ => None,
    };
    Verdict::End { status: status(outcome), error: Some(words(outcome)), result }
}

/// The status of an attempt that ended so.
pub fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Success(_) => Status::Success,
        Outcome::Timeout => Status::Timeout,
        Outcome::Cancelled => Status::Cancelled,
        _ => Status::Failed,
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success(result) => result.message.clone(),
        Outcome::Failure { message, .. }
        | Outcome::LimitReached { message, .. }
        | Outcome::Trap { message }
        | Outcome::HostFault { message } => message.clone(),
        Outcome::Timeout => "the attempt did not end within its time-out".into(),
        Outcome::Cancelled => "cancelled".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use chrono::DateTime;

    fn attempt(status: Status, interrupted: bool) -> Attempt {
        let at = DateTime::UNIX_EPOCH;
        Attempt {
            number: 1,
            token: Token::FIRST,
            host: "h".into(),
            started_at: at,
            ended_at: Some(at),
            status,
            error: None,
            interrupted,
            reads: Vec::new(),
        }
    }

    fn failure(kind: FailureKind, retry_after: Option<Duration>) -> Outcome {
        Outcome::Failure { kind, message: "m".into(), retry_after, details: None }
    }

    fn wait(policy: &RetryPolicy, earlier: &[Attempt], outcome: &Outcome) -> Option<u64> {
        let case = Case {
            execution: ExecutionId::derive(crate::model::JobId::generate(), DateTime::UNIX_EPOCH),
            policy,
            earlier,
            outcome,
            cancel_requested: false,
            draining: false,
        };
        match decide(case) {
            Verdict::Again { after, .. } => Some(after.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn t9_a_failure_is_tried_again_as_often_as_the_policy_says() {
        let policy = RetryPolicy { max_retries: 2, retry_delay_seconds: 7, ..RetryPolicy::default() };
        let failed = attempt(Status::Failed, false);
        let outcome = failure(FailureKind::Retryable, None);
        assert_eq!(wait(&policy, &[], &outcome), Some(7));
        assert_eq!(wait(&policy, std::slice::from_ref(&failed), &outcome), Some(7));
        assert_eq!(wait(&policy, &[failed.clone(), failed], &outcome), None);
    }

    #[test]
    fn t9_interrupted_and_lost_attempts_use_up_no_try() {
        let policy = RetryPolicy { max_retries: 1, retry_delay_seconds: 7, ..RetryPolicy::default() };
        let earlier = [attempt(Status::Failed, true), attempt(Status::Lost, false)];
        assert_eq!(wait(&policy, &earlier, &failure(FailureKind::Retryable, None)), Some(7));
    }

    #[test]
    fn t9_a_permanent_failure_is_not_tried_again_and_a_time_out_is() {
        let policy = RetryPolicy { max_retries: 5, retry_delay_seconds: 7, ..RetryPolicy::default() };
        assert_eq!(wait(&policy, &[], &failure(FailureKind::Permanent, None)), None);
        assert_eq!(wait(&policy, &[], &Outcome::Timeout), Some(7));
    }

    #[test]
    fn t9_exponential_backoff_doubles_up_to_its_bound() {
        let policy = RetryPolicy {
            max_retries: 9,
            retry_delay_seconds: 10,
            backoff: Backoff::Exponential,
            max_delay_seconds: Some(60),
            jitter: false,
        };
        let failed = attempt(Status::Failed, false);
        let waits: Vec<_> =
            (0..5).map(|n| wait(&policy, &vec![failed.clone(); n], &Outcome::Timeout).unwrap()).collect();
        assert_eq!(waits, [10, 20, 40, 60, 60]);
    }

    #[test]
    fn t9_jitter_stays_within_half_and_whole_of_the_delay() {
        let policy = RetryPolicy { max_retries: 1, retry_delay_seconds: 1000, jitter: true, ..RetryPolicy::default() };
        for _ in 0..100 {
            let wait = wait(&policy, &[], &Outcome::Timeout).unwrap();
            assert!((500..=1000).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn t9_a_template_may_ask_for_a_longer_wait() {
        let policy = RetryPolicy { max_retries: 1, retry_delay_seconds: 5, ..RetryPolicy::default() };
        let asked = |seconds| failure(FailureKind::Retryable, Some(Duration::from_secs(seconds)));
        assert_eq!(wait(&policy, &[], &asked(30)), Some(30));
        assert_eq!(wait(&policy, &[], &asked(1)), Some(5));
    }

    #[test]
    fn t9_a_run_that_gave_way_to_the_host_is_handed_over_and_a_cancelled_one_ends() {
        let policy = RetryPolicy::default();
        let outcome = failure(FailureKind::Interrupted, None);
        let case = |cancel_requested, draining| {
            let execution = ExecutionId::derive(crate::model::JobId::generate(), DateTime::UNIX_EPOCH);
            decide(Case { execution, policy: &policy, earlier: &[], outcome: &outcome, cancel_requested, draining })
        };
        assert!(matches!(case(false, true), Verdict::HandOver { .. }));
        assert!(matches!(case(true, false), Verdict::End { status: Status::Cancelled, .. }));
        assert!(matches!(case(false, false), Verdict::End { status: Status::Failed, .. }));
    }
}
