//! Runs that a person or program asks for, and their end before its time.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bson::oid::ObjectId;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::access::Principal;
use super::error::{ApiError, Code, ProblemBody};
use super::execution_view::ExecutionView;
use super::headers::Id;
use super::idempotency::{Answer, Key, once};
use super::json::OptionalJson;
use super::query::{NoQuery, Query};
use super::state::Shared;
use super::wait;
use super::words::CancelWord;
use crate::model::{ExecutionId, JobId};
use crate::registry;
use crate::scheduler::CancelOutcome;

/// Longest `?wait=`, in seconds.
const MOST_WAIT: u32 = 300;

/// A manual run; everything may be left out.
#[expect(dead_code, reason = "documents the request, which is read field by field to tell every problem at once")]
#[derive(ToSchema)]
pub struct RunRequest {
    /// Laid over the job's own, one by one; null gives one back to its default.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    /// Past the overlap policy.
    #[schema(default = false)]
    force: Option<bool>,
}

/// What became of the wish to stop an execution.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cancelled {
    pub id: String,
    /// Cancelled: it had not begun. Requested: it was told to stop, and ends within a second.
    #[schema(value_type = CancelWord)]
    pub outcome: &'static str,
}

/// Runs a job now, whatever its schedule says.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs/{id}/run", tag = "jobs", request_body = Option<RunRequest>, params(
    ("id" = String, Path),
    ("wait" = Option<u32>, Query, maximum = 300, description = "Answer when it has ended, or after so many seconds"),
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within a day give the same answer"),
), responses(
    (status = 200, body = ExecutionView),
    (status = 409, description = "A run is active, or the template is not ready", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many runs are waiting", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn run(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    headers: HeaderMap,
    mut query: Query,
    OptionalJson(body): OptionalJson,
) -> Result<Response, ApiError> {
    let patience = patience(&mut query);
    query.finish()?;
    let body = body.unwrap_or_else(|| json!({}));
    let key = Key::read(&headers, &[&principal.name, "job.run", &id.to_string()])?;
    let work = |subject: Option<ObjectId>| {
        let (api, body) = (api.clone(), body.clone());
        async move {
            let request = registry::RunRequest::read(&body)?;
            let watch = wait::Watch::start(&api);
            let execution = api.jobs.run(id, request, subject.map(ExecutionId), &principal.name).await?;
            // It has started: an error from here on must not say that nothing was done.
            let execution = match watch.until_end(&api, execution.clone(), patience).await {
                Ok(execution) => execution,
                Err(error) => {
                    tracing::warn!(error = error.detail, execution = %execution.id, "nobody waits for the end of a run");
                    execution
                }
            };
            Ok(Answer { body: json!(ExecutionView::whole(&execution)), version: None })
        }
    };
    once(&api, key, &body, work).await
}

/// Runs an ended execution's job again, with the parameters as they were.
#[utoipa::path(post, path = "/api/admin/scheduler/executions/{id}/rerun", tag = "executions", params(
    ("id" = String, Path),
    ("wait" = Option<u32>, Query, maximum = 300, description = "Answer when it has ended, or after so many seconds"),
), responses(
    (status = 200, body = ExecutionView),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many runs are waiting", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn rerun(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<ExecutionId>,
    mut query: Query,
) -> Result<Json<ExecutionView>, ApiError> {
    let patience = patience(&mut query);
    query.finish()?;
    let earlier = api.executions.get(id).await?.ok_or_else(|| ApiError::not_found("execution"))?;
    if !earlier.status.is_final() {
        return Err(ApiError::new(Code::Active, "it has not ended; run the job instead"));
    }
    let watch = wait::Watch::start(&api);
    let execution = api.jobs.rerun(&earlier, &principal.name).await?;
    let execution = watch.until_end(&api, execution, patience).await?;
    Ok(Json(ExecutionView::whole(&execution)))
}

/// Stops an execution: at once if it has not begun, else within a second.
#[utoipa::path(post, path = "/api/admin/scheduler/executions/{id}/cancel", tag = "executions", params(("id" = String, Path)), responses(
    (status = 200, body = Cancelled),
    (status = 409, description = "It has ended", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn cancel(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<ExecutionId>,
    _: NoQuery,
) -> Result<Json<Cancelled>, ApiError> {
    let outcome = match api.scheduler.cancel(id, principal.name.clone()).await? {
        CancelOutcome::Cancelled => "cancelled",
        CancelOutcome::Requested => "requested",
        CancelOutcome::AlreadyEnded(status) => {
            return Err(ApiError::new(Code::Ended, format!("it has ended already: {}", status.as_str())));
        }
        CancelOutcome::NotFound => return Err(ApiError::not_found("execution")),
    };
    api.note(&principal, "execution.cancel", &id.to_string(), json!({ "outcome": outcome })).await;
    Ok(Json(Cancelled { id: id.to_string(), outcome }))
}

fn patience(query: &mut Query) -> Duration {
    Duration::from_secs(query.whole("wait", 0, MOST_WAIT).unwrap_or(0).into())
}
