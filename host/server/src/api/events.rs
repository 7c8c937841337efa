//! What happens, as it happens: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use futures::{Stream, StreamExt as _, future};
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::access::Ended;
use super::error::ApiError;
use super::query::Query;
use super::state::Shared;
use super::time::text;
use crate::model::event::Event;
use crate::model::{ExecutionId, JobId};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Which events are wanted; without a condition all are.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    job: Option<JobId>,
    execution: Option<ExecutionId>,
}

impl Wanted {
    fn takes(&self, event: &Event) -> bool {
        let (job, execution) = match event {
            Event::Job { id, .. } => (Some(*id), None),
            Event::Execution { id, job_id, .. }
            | Event::Progress { id, job_id, .. }
            | Event::Log { id, job_id, .. } => (Some(*job_id), Some(*id)),
            Event::Host { .. } | Event::Template { .. } => (None, None),
        };
        (self.job.is_none() || self.job == job) && (self.execution.is_none() || self.execution == execution)
    }
}

/// Changes of jobs, executions, logs, templates and hosts as server-sent events (`job`, `execution`, `progress`, `log`,
/// `template`, `host`). A watcher that is too slow is told so by `missed`, and reads anew.
#[utoipa::path(get, path = "/api/admin/scheduler/events", tag = "scheduler", params(
    ("job_id" = Option<String>, Query, description = "Only of this job and its executions"),
    ("execution_id" = Option<String>, Query, description = "Only of this execution"),
), responses(
    (status = 200, description = "A stream that does not end", body = String, content_type = "text/event-stream"),
))]
pub(super) async fn stream(
    State(api): State<Shared>,
    ended: Ended,
    mut query: Query,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = Wanted { job: query.parsed("job_id"), execution: query.parsed("execution_id") };
    query.finish()?;
    let events = BroadcastStream::new(api.events.subscribe()).filter_map(move |event| {
        future::ready(match event {
            Ok(event) => wanted.takes(&event).then(|| frame(&event)),
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                Some(Frame::default().event("missed").data(json!({ "missed": missed }).to_string()))
            }
        })
    });
    Ok(answer(api, ended, events))
}

/// A stream that begins at once, and ends when the server stops or the caller's session or token is over.
pub(super) fn answer(
    api: Shared,
    Ended(ended): Ended,
    frames: impl Stream<Item = Frame> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Frame, Infallible>>> {
    // A first comment, so that a watcher knows that it is connected.
    let hello = futures::stream::once(future::ready(Frame::default().comment("connected")));
    let stopping = api.stopping.clone();
    let frames = hello.chain(frames).map(Ok).take_until(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = ended.cancelled() => {}
        }
    });
    Sse::new(frames).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn frame(event: &Event) -> Frame {
    let (name, data) = shown(event);
    Frame::default().event(name).data(data.to_string())
}

fn shown(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Job { id, change, next_run_at } => {
            ("job", json!({ "id": id, "change": change, "next_run_at": next_run_at.map(text) }))
        }
        Event::Execution { id, job_id, status, at } => {
            ("execution", json!({ "id": id, "job_id": job_id, "status": status, "at": text(*at) }))
        }
        Event::Progress { id, job_id, progress } => {
            ("progress", json!({ "id": id, "job_id": job_id, "progress": progress }))
        }
        Event::Log { id, job_id, timestamp, level, message } => (
            "log",
            json!({ "id": id, "job_id": job_id, "timestamp": text(*timestamp), "level": level, "message": message }),
        ),
        Event::Host { host, change } => ("host", json!({ "host": host, "change": change })),
        Event::Template { template_type, digest, change } => {
            ("template", json!({ "type": template_type, "digest": digest, "change": change }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use crate::model::log::Level;
    use chrono::Utc;

    #[test]
    fn a_watcher_of_one_job_hears_of_no_other() {
        let (job, other) = (JobId::generate(), JobId::generate());
        let (id, at) = (ExecutionId::generate(), Utc::now());
        let wanted = Wanted { job: Some(job), execution: None };
        let moved = |job_id| Event::Execution { id, job_id, status: Status::Queued, at };
        let said = |job_id| Event::Log { id, job_id, timestamp: at, level: Level::Info, message: "line".into() };
        for event in [&moved as &dyn Fn(JobId) -> Event, &said] {
            assert!(wanted.takes(&event(job)));
            assert!(!wanted.takes(&event(other)));
            assert!(Wanted::default().takes(&event(other)));
        }
    }
}
