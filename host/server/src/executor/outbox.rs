//! What is sent after an end is stored: notifications and post-hooks. The marker stands in the record until all of it
//! has been tried, so a host that dies in the middle leaves it to the next one; the keys let a receiver see repeats.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::handle::Inner;
use super::hooks::{self, Around};
use super::letter::Letter;
use super::ports::{HttpCall, Message, Undelivered};
use super::watch::Watch;
use crate::capabilities::Origin;
use crate::model::execution::Delivery;
use crate::model::log::{Level, LogLine};
use crate::model::{Digest, Execution, ExecutionId, Job, Status};

/// Waits between the tries of one notification.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// What is due after this end: notifications on the final `success`, or `failed`, `timeout`, `lost`; post-hooks always.
pub fn due(job: &Job, status: Status) -> Vec<Delivery> {
    let receivers: &[String] = match status {
        Status::Success => &job.notifications.on_success,
        Status::Failed | Status::Timeout | Status::Lost => &job.notifications.on_failure,
        _ => &[],
    };
    let notifications = receivers.iter().map(|to| Delivery::Notification { to: to.clone() });
    let hooks = job.hooks.post.iter().map(|hook| Delivery::PostHook { hook: hook.clone() });
    notifications.chain(hooks).collect()
}

/// Sends everything that stands in the record's outbox, then removes the marker.
pub async fn send(executor: Arc<Inner>, id: ExecutionId) {
    let execution = match executor.executions.get(id).await {
        Ok(Some(execution)) => execution,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(execution = %id, %error, "notifications wait: the record could not be read");
            return;
        }
    };
    for (place, delivery) in execution.outbox.iter().enumerate() {
        let key = format!("{id}-{place}");
        let sent = match delivery {
            Delivery::Notification { to } => {
                notify(&executor, &execution, to, key).await.map_err(|error| format!("not notified: {to}: {error}"))
            }
            Delivery::PostHook { hook } => post_hook(&executor, &execution, hook, key)
                .await
                .map_err(|error| format!("a post-hook failed: {error}")),
        };
        if let Err(warning) = sent {
            remark(&executor, id, warning).await;
        }
    }
    if let Err(error) = executor.executions.outbox_sent(id).await {
        tracing::warn!(execution = %id, %error, "notifications will be sent again after a restart");
    }
}

async fn notify(executor: &Inner, execution: &Execution, to: &str, key: String) -> Result<(), String> {
    let origin = Origin {
        execution: execution.id,
        job: execution.job_id,
        attempt: attempt_of(execution),
        digest: digest_of(execution),
        purpose: "notification",
    };
    if !to.contains("://") {
        return write(executor, execution, to, key, origin).await;
    }
    let call = HttpCall {
        origin,
        method: "POST".into(),
        url: to.to_owned(),
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body: Some(news(execution)),
        idempotency_key: key,
        timeout: executor.settings.hook_timeout,
    };
    let mut waits = WAITS.into_iter();
    loop {
        let refused = match executor.deliver.http(call.clone()).await {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Ok(answer) if answer.status < 500 && answer.status != 429 => {
                return Err(format!("answered {}", answer.status));
            }
            Ok(answer) => format!("answered {}", answer.status),
            Err(error) => error,
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(refused),
        }
    }
}

/// By e-mail.
async fn write(executor: &Inner, execution: &Execution, to: &str, key: String, origin: Origin) -> Result<(), String> {
    let Letter { subject, text, html } = Letter::about(execution);
    let timeout = executor.settings.hook_timeout;
    let message = Message { origin, to: to.to_owned(), subject, text, html, idempotency_key: key, timeout };
    let mut waits = WAITS.into_iter();
    loop {
        let reason = match executor.deliver.email(message.clone()).await {
            Ok(()) => return Ok(()),
            Err(Undelivered::ForGood(reason)) => return Err(reason),
            Err(Undelivered::ForNow(reason)) => reason,
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(reason),
        }
    }
}

async fn post_hook(
    executor: &Arc<Inner>,
    execution: &Execution,
    hook: &crate::model::job::Hook,
    key: String,
) -> Result<(), String> {
    let watch = Arc::new(Watch::new(execution.id, execution.job_id, executor.events.clone()));
    let around = Around {
        execution: execution.id,
        job: execution.job_id,
        job_name: execution.job_name.clone(),
        job_tags: Vec::new(),
        attempt: attempt_of(execution),
        digest: digest_of(execution),
        purpose: "post-hook",
        scheduled_for: execution.scheduled_for,
        cancel: CancellationToken::new(),
        watcher: watch.clone(),
        idempotency_key: key,
    };
    let outcome = hooks::call(executor, hook, around).await;
    for line in watch.take().0 {
        store(executor, execution.id, &line).await;
    }
    outcome
}

/// The last attempt.
fn attempt_of(execution: &Execution) -> u32 {
    u32::try_from(execution.attempts.len()).unwrap_or(u32::MAX)
}

/// What ran; nothing for an execution that ended before it had a component.
fn digest_of(execution: &Execution) -> Digest {
    execution.template_digest.clone().unwrap_or_else(|| Digest(String::new()))
}

/// What a receiver is told.
fn news(execution: &Execution) -> Value {
    json!({
        "event": format!("execution.{}", execution.status.as_str()),
        "execution_id": execution.id.to_string(),
        "job_id": execution.job_id.to_string(),
        "job_name": execution.job_name,
        "template_type": execution.template_type,
        "status": execution.status.as_str(),
        "scheduled_for": execution.scheduled_for,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
        "duration_seconds": execution.duration_seconds,
        "attempts": execution.attempts.len(),
        "result": execution.result,
        "error": execution.error,
    })
}

async fn remark(executor: &Inner, id: ExecutionId, message: String) {
    tracing::warn!(execution = %id, "{message}");
    let line = LogLine { timestamp: executor.clock.now(), level: Level::Warning, message };
    store(executor, id, &line).await;
}

async fn store(executor: &Inner, id: ExecutionId, line: &LogLine) {
    if let Err(error) = executor.executions.remark(id, line).await {
        tracing::warn!(execution = %id, %error, "a log line could not be stored: {}", line.message);
    }
}
