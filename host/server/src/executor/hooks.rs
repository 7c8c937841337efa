//! Pre- and post-hooks: a request, or a template with parameters of its own. Each has its bound of time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::attempt::guarded;
use super::handle::Inner;
use super::ports::HttpCall;
use crate::capabilities::Origin;
use crate::model::job::{Hook, HttpHook};
use crate::model::outcome::Outcome;
use crate::model::{Digest, ExecutionId, JobId};
use crate::sandbox::{Run, Watcher};

/// The run that a hook belongs to.
pub struct Around {
    pub execution: ExecutionId,
    pub job: JobId,
    pub job_name: String,
    pub job_tags: Vec<String>,
    pub attempt: u32,
    /// Of the run, not of the hook.
    pub digest: Digest,
    /// `pre-hook` or `post-hook`, for the record.
    pub purpose: &'static str,
    pub scheduled_for: DateTime<Utc>,
    pub cancel: CancellationToken,
    pub watcher: Arc<dyn Watcher>,
    /// The same for every repetition of this hook.
    pub idempotency_key: String,
}

/// Calls one hook.
///
/// # Errors
/// In words: what the hook answered, or why it did not.
pub async fn call(executor: &Inner, hook: &Hook, around: Around) -> Result<(), String> {
    match hook {
        Hook::Http { http } => request(executor, http, around).await,
        Hook::Template { template, parameters } => {
            let digest = executor.templates.ready(template, None)?;
            let cancel = around.cancel.clone();
            let run = Run {
                execution: around.execution,
                job: around.job,
                job_name: around.job_name,
                job_tags: around.job_tags,
                attempt: around.attempt,
                template_type: template.clone(),
                digest,
                parameters: parameters.to_string().into(),
                scheduled_for: around.scheduled_for,
                timeout: executor.settings.hook_timeout,
                lease: Arc::clone(&executor.lease),
                cancel: around.cancel,
                drain: executor.drain.clone(),
                watcher: around.watcher,
            };
            match guarded(executor, &cancel, run).await.outcome {
                Outcome::Success(_) => Ok(()),
                Outcome::Failure { message, .. }
                | Outcome::LimitReached { message, .. }
                | Outcome::Trap { message }
                | Outcome::HostFault { message } => Err(format!("{template}: {message}")),
                Outcome::Timeout => Err(format!("{template} did not end within its time")),
                Outcome::Cancelled => Err(format!("{template} was cancelled")),
            }
        }
    }
}

/// Makes the request of an HTTP hook.
///
/// # Errors
/// In words: no answer, or one that is no success.
async fn request(executor: &Inner, hook: &HttpHook, around: Around) -> Result<(), String> {
    let Around { execution, job, attempt, digest, purpose, idempotency_key, .. } = around;
    let call = HttpCall {
        origin: Origin { execution, job, attempt, digest, purpose },
        method: hook.method.clone(),
        url: hook.url.clone(),
        headers: hook.headers.clone(),
        body: hook.body.clone(),
        idempotency_key,
        timeout: executor.settings.hook_timeout,
    };
    let answer = executor.deliver.http(call);
    let answer = tokio::time::timeout(executor.settings.hook_timeout, answer)
        .await
        .map_err(|_| format!("{} did not answer in time", hook.url))??;
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(format!("{} answered {}", hook.url, answer.status)) }
}
