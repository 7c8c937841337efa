//! One attempt: pre-hooks, the run itself, and what is to be recorded of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::board::Running;
use super::handle::Inner;
use super::hooks::{self, Around};
use super::outbox;
use super::recorder::{Report, Settled};
use super::retry::{self, Case, Verdict};
use crate::model::Status;
use crate::model::execution::Attempt;
use crate::model::outcome::{FailureKind, Finished, Metrics, Outcome};
use crate::model::template::OnLost;
use crate::repository::writes::End;
use crate::sandbox::Run;

/// The sandbox keeps time-outs and stops itself; this much later the attempt is dropped from outside.
const BACKSTOP: Duration = Duration::from_secs(1);

/// From slot to report. The slot is given back only when the recorder has taken the report, so that a slow store slows
/// runs down instead of filling memory.
pub async fn run(executor: Arc<Inner>, running: Arc<Running>) {
    let finished = tokio::select! {
        biased;
        finished = perform(&executor, &running) => Some(finished),
        () = executor.abandon.cancelled() => cut_off(&executor, &running),
    };
    if let Some(finished) = finished {
        let settled = settle(&executor, &running, &finished);
        if executor.reports.send(Report::Over(Arc::clone(&running), settled)).await.is_err() {
            tracing::error!(execution = %running.claim.id, "the recorder is gone; recovery will settle this run");
        }
    }
    executor.finished(&running);
}

/// The outcome of a run that did not end within the drain's time. One that may be repeated is handed over, which uses up
/// no try; of another only the audit knows whether it may be, so nothing is recorded and the next start settles it.
fn cut_off(executor: &Inner, running: &Running) -> Option<Finished> {
    let claim = &running.claim;
    let on_lost = claim.definition.job.on_lost.unwrap_or_else(|| executor.templates.on_lost(&claim.digest));
    (on_lost == OnLost::Retry).then(|| without_a_run(Outcome::Cancelled))
}

async fn perform(executor: &Arc<Inner>, running: &Arc<Running>) -> Finished {
    let claim = &running.claim;
    for hook in &claim.definition.job.hooks.pre {
        if let Err(error) = hooks::call(executor, hook, around(running)).await {
            return without_a_run(Outcome::Failure {
                kind: FailureKind::Retryable,
                message: format!("a pre-hook failed: {error}"),
                retry_after: None,
                details: None,
            });
        }
        if running.cancel.is_cancelled() {
            return without_a_run(Outcome::Cancelled);
        }
    }
    guarded(executor, &running.cancel, prepare(executor, running)).await
}

fn prepare(executor: &Inner, running: &Running) -> Run {
    let claim = &running.claim;
    let job = &claim.definition.job;
    Run {
        execution: claim.id,
        job: job.id,
        job_name: job.name.clone(),
        job_tags: job.tags.clone(),
        attempt: number(running),
        template_type: job.template_type.clone(),
        digest: claim.digest.clone(),
        parameters: Arc::clone(&claim.parameters.text),
        scheduled_for: claim.scheduled_for,
        timeout: job.timeout(),
        lease: Arc::clone(&executor.lease),
        cancel: running.cancel.clone(),
        drain: executor.drain.clone(),
        watcher: running.watch.clone(),
    }
}

/// Calls the runner and makes sure that an outcome comes back, whatever the runner does.
pub(super) async fn guarded(executor: &Inner, cancel: &CancellationToken, run: Run) -> Finished {
    let latest = run.timeout.saturating_add(BACKSTOP);
    let stopped = async {
        cancel.cancelled().await;
        tokio::time::sleep(BACKSTOP).await;
    };
    tokio::select! {
        biased;
        finished = AssertUnwindSafe(executor.runner.run(run)).catch_unwind() => finished.unwrap_or_else(|_| {
            without_a_run(Outcome::HostFault { message: "the sandbox panicked; its own log says where".into() })
        }),
        () = tokio::time::sleep(latest) => without_a_run(Outcome::Timeout),
        () = stopped => without_a_run(Outcome::Cancelled),
    }
}

fn around(running: &Running) -> Around {
    let claim = &running.claim;
    let job = &claim.definition.job;
    Around {
        execution: claim.id,
        job: job.id,
        job_name: job.name.clone(),
        job_tags: job.tags.clone(),
        attempt: number(running),
        digest: claim.digest.clone(),
        purpose: "pre-hook",
        scheduled_for: claim.scheduled_for,
        cancel: running.cancel.clone(),
        watcher: running.watch.clone(),
        idempotency_key: format!("{}-pre-{}", claim.id, number(running)),
    }
}

fn without_a_run(outcome: Outcome) -> Finished {
    Finished { outcome, metrics: Metrics::default() }
}

fn number(running: &Running) -> u32 {
    u32::try_from(running.claim.attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The attempt as it stands in the record while it lasts.
pub(super) fn begun(executor: &Inner, running: &Running) -> Attempt {
    Attempt {
        number: number(running),
        token: running.claim.token,
        host: executor.settings.host_name.clone(),
        started_at: running.started_at,
        ended_at: None,
        status: Status::Running,
        error: None,
        interrupted: false,
        reads: Vec::new(),
    }
}

fn settle(executor: &Inner, running: &Running, finished: &Finished) -> Settled {
    let claim = &running.claim;
    let job = &claim.definition.job;
    let now = executor.clock.now().max(running.started_at);
    let verdict = retry::decide(Case {
        execution: claim.id,
        policy: &job.retry_policy,
        earlier: &claim.attempts,
        outcome: &finished.outcome,
        cancel_requested: running.cancel_requested.load(Ordering::Acquire),
        draining: executor.drain.is_cancelled(),
    });
    let mut attempt = begun(executor, running);
    attempt.ended_at = Some(now);
    attempt.reads = running.watch.take_reads();
    let attempts = |attempt: Attempt| claim.attempts.iter().cloned().chain([attempt]).collect::<Vec<_>>();
    match verdict {
        Verdict::End { status, error, result } => {
            attempt.status = status;
            attempt.error.clone_from(&error);
            let attempts = attempts(attempt);
            Settled::Final(Box::new(End {
                status,
                started_at: attempts.first().map(|first| first.started_at),
                completed_at: now,
                attempts,
                result,
                error,
                metrics: Some(finished.metrics),
                outbox: outbox::due(job, status),
            }))
        }
        Verdict::Again { after, status, error } => {
            attempt.status = status;
            attempt.error = Some(error);
            Settled::Again { at: now + after, attempts: attempts(attempt) }
        }
        Verdict::HandOver { error } => {
            attempt.status = Status::Cancelled;
            attempt.error = Some(error);
            attempt.interrupted = true;
            Settled::Again { at: now, attempts: attempts(attempt) }
        }
    }
}
