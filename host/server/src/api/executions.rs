//! Executions: the history, one record, what crossed its sandbox.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::access::Principal;
use super::error::{ApiError, Code, ProblemBody};
use super::execution_view::{EffectView, ExecutionView};
use super::headers::Id;
use super::query::{NoQuery, Query};
use super::state::{ApiState, Shared};
use super::words::{StatusWord, TriggerWord};
use crate::model::audit::{ChangeRecord, EffectRecord};
use crate::model::execution::Attempt;
use crate::model::{Digest, Execution, ExecutionId, JobId, Status, Trigger};
use crate::repository::{DeleteOutcome, ExecutionFilter, Position};

/// How far a page number reaches; beyond it the cursor goes on.
const DEEPEST_ROW: u32 = 10_000;

/// A page of the history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionList {
    pub executions: Vec<ExecutionView>,
    /// On all pages, where the counters know it.
    pub total: Option<u64>,
    /// Null when the page was reached by cursor.
    pub page: Option<u32>,
    pub page_size: u32,
    /// Where the next page begins (`?cursor=`); null on the last one.
    pub next_cursor: Option<String>,
}

/// A record that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionDeleted {
    pub id: String,
    pub deleted: bool,
}

/// What crossed the sandbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct EffectList {
    pub effects: Vec<EffectView>,
}

/// What both histories are asked for.
#[expect(dead_code, reason = "documents the query, which is read one by one to tell every problem at once")]
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryParams {
    #[param(value_type = Option<StatusWord>)]
    status: Option<String>,
    template_type: Option<String>,
    #[param(value_type = Option<TriggerWord>)]
    trigger: Option<String>,
    /// Nominal instant, inclusive.
    from: Option<String>,
    /// Nominal instant, exclusive.
    until: Option<String>,
    /// A part of a log line, wherever in the log it stands; of executions with more than a thousand lines the newest
    /// 10,000 are looked through.
    search: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    #[param(minimum = 1)]
    page: Option<u32>,
    #[param(minimum = 1, maximum = 200)]
    page_size: Option<u32>,
}

impl ApiState {
    pub(super) async fn execution(&self, id: ExecutionId) -> Result<Execution, ApiError> {
        self.executions.get(id).await?.ok_or_else(|| ApiError::not_found("execution"))
    }

    /// The change is made already: that its record is not must be seen, but undoes nothing.
    pub(super) async fn note(&self, by: &Principal, action: &str, subject: &str, details: serde_json::Value) {
        let record = ChangeRecord {
            at: self.clock.now(),
            actor: by.name.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            details,
        };
        if let Err(error) = self.audit.change(record).await {
            tracing::error!(%error, action, subject, "the audit record of a change could not be stored");
        }
    }

    async fn history(&self, mut query: Query, job: Option<JobId>) -> Result<Json<ExecutionList>, ApiError> {
        let status = Status::ALL.map(|status| (status.as_str(), status));
        let triggers = [Trigger::Schedule, Trigger::Manual, Trigger::RetryOf, Trigger::Rerun];
        let filter = ExecutionFilter {
            status: query.word("status", &status),
            template_type: query.text("template_type"),
            job: job.or_else(|| query.parsed("job_id")),
            trigger: query.word("trigger", &triggers.map(|trigger| (trigger.as_str(), trigger))),
            from: query.instant("from"),
            until: query.instant("until"),
            log_text: query.text("search"),
        };
        let cursor: Option<ExecutionId> = query.parsed("cursor");
        let asked_page = query.text("page").is_some();
        let (page, page_size) = query.page();
        if cursor.is_some() && asked_page {
            query.fault("page", "conflict", "goes without `cursor`, or `cursor` without it");
        }
        if cursor.is_none() && page.saturating_mul(page_size) > DEEPEST_ROW {
            let message =
                format!("reaches beyond row {DEEPEST_ROW}; go on with `cursor` (`next_cursor` of the page before)");
            query.fault("page", "too_deep", message);
        }
        query.finish()?;
        let position = cursor.map_or(Position::Page(page.into()), Position::After);
        let found = self.executions.list(&filter, position, page_size.into()).await?;
        Ok(Json(ExecutionList {
            executions: found.executions.iter().map(ExecutionView::of).collect(),
            total: found.total,
            page: cursor.is_none().then_some(page),
            page_size,
            next_cursor: found.next.map(|id| id.to_string()),
        }))
    }
}

/// A page of the history of all jobs.
#[utoipa::path(get, path = "/api/admin/scheduler/executions", tag = "executions", params(
    HistoryParams,
    ("job_id" = Option<String>, Query),
), responses((status = 200, body = ExecutionList)))]
pub(super) async fn list(State(api): State<Shared>, query: Query) -> Result<Json<ExecutionList>, ApiError> {
    api.history(query, None).await
}

/// A page of the history of one job; it stays when the job is deleted.
#[utoipa::path(get, path = "/api/admin/scheduler/jobs/{id}/executions", tag = "executions", params(
    ("id" = String, Path),
    HistoryParams,
), responses((status = 200, body = ExecutionList)))]
pub(super) async fn of_job(
    State(api): State<Shared>,
    Id(id): Id<JobId>,
    query: Query,
) -> Result<Json<ExecutionList>, ApiError> {
    let answer = api.history(query, Some(id)).await?;
    if answer.executions.is_empty() && api.stored_jobs.get_any(id).await?.is_none() {
        let kept = ExecutionFilter { job: Some(id), ..ExecutionFilter::default() };
        if api.executions.list(&kept, Position::Page(1), 1).await?.executions.is_empty() {
            return Err(ApiError::not_found("job"));
        }
    }
    Ok(answer)
}

/// One execution with its first log lines.
#[utoipa::path(get, path = "/api/admin/scheduler/executions/{id}", tag = "executions", params(("id" = String, Path)), responses((status = 200, body = ExecutionView)))]
pub(super) async fn get(
    State(api): State<Shared>,
    Id(id): Id<ExecutionId>,
    _: NoQuery,
) -> Result<Json<ExecutionView>, ApiError> {
    Ok(Json(ExecutionView::whole(&api.execution(id).await?)))
}

/// Removes an ended execution from the history.
#[utoipa::path(delete, path = "/api/admin/scheduler/executions/{id}", tag = "executions", params(("id" = String, Path)), responses(
    (status = 200, body = ExecutionDeleted),
    (status = 409, description = "It has not ended, or its instant could be decided again", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn delete(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<ExecutionId>,
    _: NoQuery,
) -> Result<Json<ExecutionDeleted>, ApiError> {
    match api.executions.delete(id).await? {
        DeleteOutcome::Deleted => {
            api.note(&principal, "execution.delete", &id.to_string(), json!({})).await;
            Ok(Json(ExecutionDeleted { id: id.to_string(), deleted: true }))
        }
        DeleteOutcome::NotFound => Err(ApiError::not_found("execution")),
        DeleteOutcome::Active(status) => {
            Err(ApiError::new(Code::Active, format!("it is {}; cancel it first", status.as_str())))
        }
        DeleteOutcome::Undecided => Err(ApiError::new(
            Code::Undecided,
            "without this record its instant would be decided a second time; try later",
        )),
    }
}

/// Every call that crossed the sandbox of one execution, or was refused; reads and repeated refusals are summed.
#[utoipa::path(get, path = "/api/admin/scheduler/executions/{id}/effects", tag = "executions", params(("id" = String, Path)), responses((status = 200, body = EffectList)))]
pub(super) async fn effects(
    State(api): State<Shared>,
    Id(id): Id<ExecutionId>,
    _: NoQuery,
) -> Result<Json<EffectList>, ApiError> {
    let execution = api.execution(id).await?;
    // How the last effects ended may still be on its way to the store.
    api.audit.flush().await?;
    let mut records = api.audit.of_execution(id).await?;
    records.extend(execution.attempts.iter().flat_map(|attempt| reads_of(&execution, attempt)));
    records.sort_by_key(|record| (record.attempt, record.at));
    Ok(Json(EffectList { effects: records.iter().map(EffectView::from).collect() }))
}

/// The sums that were stored with an attempt's end, as records like the others.
fn reads_of(execution: &Execution, attempt: &Attempt) -> impl Iterator<Item = EffectRecord> {
    attempt.reads.iter().map(move |sum| EffectRecord {
        execution: execution.id,
        job: execution.job_id,
        attempt: attempt.number,
        digest: execution.template_digest.clone().unwrap_or_else(|| Digest(String::new())),
        at: attempt.started_at,
        capability: sum.capability.clone(),
        operation: sum.operation.clone(),
        target: sum.target.clone(),
        verdict: sum.verdict.clone(),
        usage: sum.usage,
        calls: sum.calls,
    })
}
