//! Jobs: create, read, change, delete, pause; and why one did not run.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::Principal;
use super::error::{ApiError, ProblemBody};
use super::forecast_view::ForecastView;
use super::headers::{Id, if_match, tagged};
use super::idempotency::{Answer, Key, once};
use super::job_view::{JobList, JobRequest, JobView, RunMark};
use super::json::Json as Body;
use super::query::{NoQuery, Query};
use super::state::{ApiState, Shared};
use super::time::Time;
use super::words::{JobOrderWord, JobStatusWord};
use crate::model::job::JobStatus;
use crate::model::{Job, JobId};
use crate::registry::JobError;
use crate::repository::{JobFilter, JobOrder, Listed};

/// Newest executions that a list tells of each job.
const MOST_RECENT: u32 = 50;

/// A job that is not stored, and whether it would run.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPreview {
    #[serde(flatten)]
    pub job: JobView,
    /// What it would be denied today. That has nothing to do with whether it can be stored: grants change.
    pub forecast: Option<ForecastView>,
}

/// What is left of a job that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDeleted {
    pub id: String,
    pub deleted: bool,
    pub deleted_at: Option<Time>,
}

/// The walk through everything that decides about one instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Why)]
pub struct WhyView {
    pub job_id: String,
    pub at: Time,
    /// In one sentence.
    pub answer: String,
    pub steps: Vec<WhyStepView>,
    /// What stands in the history for this instant.
    pub execution: Option<String>,
}

/// One check of the walk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyStep)]
pub struct WhyStepView {
    pub check: String,
    pub passed: bool,
    pub detail: String,
}

impl ApiState {
    pub(super) fn show(&self, job: &Job) -> JobView {
        JobView::of(job, &self.templates.readiness(&job.template_type, job.template_digest.as_ref()))
    }

    pub(super) async fn job(&self, id: JobId) -> Result<Job, ApiError> {
        let error = match self.stored_jobs.get(id).await {
            Ok(found) => return found.ok_or_else(|| ApiError::not_found("job")),
            Err(error) => error,
        };
        Err(self.jobs.explain(id, error.into()).await.into())
    }

    /// The job with its version as ETag.
    fn versioned(&self, job: &Job) -> Response {
        tagged(job.version, Json(self.show(job)))
    }

    pub(super) fn row(&self, listed: &Listed) -> JobView {
        match listed {
            Listed::Job(job) => self.show(job),
            Listed::Damaged(damaged) => JobView::damaged(damaged),
        }
    }
}

/// A new job.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs", tag = "jobs", request_body = JobRequest, params(
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within a day give the same answer"),
), responses(
    (status = 200, body = JobView),
    (status = 409, description = "The same request is being answered", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "It was stored, but too many runs wait for `run_now`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create(
    State(api): State<Shared>,
    principal: Principal,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let text = body.to_string();
    let key = Key::read(&headers, &[&principal.name, "job.create"])?;
    let id = Key::read(&headers, &[&principal.name, "job.create", &text])?.map(|key| JobId(key.object_id()));
    let work = {
        let (api, body) = (api.clone(), body.clone());
        async move {
            let job = api.jobs.create(&body, id, &principal.name).await?;
            Ok(Answer { body: json!(api.show(&job)), version: Some(job.version) })
        }
    };
    once(&api, key, &body, |_| work).await
}

/// The job as it would be stored, with the defaults filled in, and what it would be denied under today's grants; nothing
/// is stored.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs/validate", tag = "jobs", request_body = JobRequest, responses((status = 200, body = JobPreview)))]
pub(super) async fn validate(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<JobPreview>, ApiError> {
    let job = api.jobs.validate(&body, &principal.name).await?;
    let forecast = api.templates.forecast(&job);
    Ok(Json(JobPreview { forecast: forecast.map(ForecastView::from), job: api.show(&job) }))
}

/// A page of jobs.
#[utoipa::path(get, path = "/api/admin/scheduler/jobs", tag = "jobs", params(
    ("template_type" = Option<String>, Query),
    ("enabled" = Option<bool>, Query),
    ("status" = Option<JobStatusWord>, Query, description = "A job that cannot be read is shown as blocked wherever its stored fields match"),
    ("tag" = Option<String>, Query),
    ("search" = Option<String>, Query, description = "A part of name or description"),
    ("created_by" = Option<String>, Query),
    ("sort" = Option<JobOrderWord>, Query, description = "The newest first, unless asked for otherwise"),
    ("recent" = Option<u32>, Query, minimum = 1, maximum = 50, description = "How many of its newest executions to tell with each job"),
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses((status = 200, body = JobList)))]
pub(super) async fn list(State(api): State<Shared>, mut query: Query) -> Result<Json<JobList>, ApiError> {
    let status = [
        ("active", JobStatus::Active),
        ("disabled", JobStatus::Disabled),
        ("finished", JobStatus::Finished),
        ("blocked", JobStatus::Blocked),
    ];
    let orders = [
        ("-created_at", JobOrder::Newest),
        ("created_at", JobOrder::Oldest),
        ("name", JobOrder::Name),
        ("next_run_at", JobOrder::NextRun),
        ("-last_run_at", JobOrder::LastRun),
    ];
    let filter = JobFilter {
        template_type: query.text("template_type"),
        enabled: query.boolean("enabled"),
        status: query.word("status", &status),
        tag: query.text("tag"),
        search: query.text("search"),
        created_by: query.text("created_by"),
        blocked_types: Vec::new(),
    };
    let order = query.word("sort", &orders).unwrap_or_default();
    let recent = query.whole("recent", 1, MOST_RECENT);
    let (page, page_size) = query.page();
    query.finish()?;
    // Only then does it matter, and it looks at every job.
    let by_readiness = filter.status.is_some_and(|status| status != JobStatus::Disabled);
    let blocked_types = if by_readiness { api.blocked_types().await? } else { Vec::new() };
    let filter = JobFilter { blocked_types, ..filter };
    let found = api.stored_jobs.list(&filter, order, u64::from(page), u64::from(page_size)).await?;
    let mut jobs: Vec<JobView> = found.jobs.iter().map(|listed| api.row(listed)).collect();
    if let Some(recent) = recent {
        // One after the other: each is a short walk along an index, and the store has other callers.
        for (view, listed) in jobs.iter_mut().zip(&found.jobs) {
            let marks = api.executions.marks(listed.job().id, None, recent.into()).await?;
            view.recent_runs = Some(marks.iter().map(RunMark::from).collect());
        }
    }
    Ok(Json(JobList { jobs, total: found.total, page, page_size }))
}

/// One job.
#[utoipa::path(get, path = "/api/admin/scheduler/jobs/{id}", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
pub(super) async fn get(State(api): State<Shared>, Id(id): Id<JobId>, _: NoQuery) -> Result<Response, ApiError> {
    let job = api.job(id).await?;
    Ok(api.versioned(&job))
}

/// Changes the top-level fields that the body names.
#[utoipa::path(put, path = "/api/admin/scheduler/jobs/{id}", tag = "jobs", request_body = JobRequest, params(
    ("id" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The version that was seen, in quotes"),
), responses(
    (status = 200, body = JobView),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn change(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let job = api.jobs.change(id, &body, if_match(&headers)?, &principal.name).await?;
    Ok(api.versioned(&job))
}

/// Deletes a job: its runs are cancelled, its history stays. It can be taken back for ten seconds.
#[utoipa::path(delete, path = "/api/admin/scheduler/jobs/{id}", tag = "jobs", params(
    ("id" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The version that was seen, in quotes"),
), responses(
    (status = 200, body = JobDeleted),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn delete(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    headers: HeaderMap,
    _: NoQuery,
) -> Result<Json<JobDeleted>, ApiError> {
    let job = api.jobs.delete(id, if_match(&headers)?, &principal.name).await?;
    Ok(Json(JobDeleted { id: id.to_string(), deleted: true, deleted_at: job.deleted_at.map(Time) }))
}

/// Takes a deletion back within its ten seconds.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs/{id}/restore", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
pub(super) async fn restore(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let job = api.jobs.restore(id, &principal.name).await?;
    Ok(api.versioned(&job))
}

/// Lets a job run by its schedule again; what was due meanwhile does not run.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs/{id}/enable", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
pub(super) async fn enable(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let job = api.jobs.enable(id, true, &principal.name).await?;
    Ok(api.versioned(&job))
}

/// Stops a job from running by its schedule.
#[utoipa::path(post, path = "/api/admin/scheduler/jobs/{id}/disable", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView)))]
pub(super) async fn disable(
    State(api): State<Shared>,
    principal: Principal,
    Id(id): Id<JobId>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let job = api.jobs.enable(id, false, &principal.name).await?;
    Ok(api.versioned(&job))
}

/// Why a job did or did not run at an instant.
#[utoipa::path(get, path = "/api/admin/scheduler/jobs/{id}/why", tag = "jobs", params(
    ("id" = String, Path),
    ("at" = Option<String>, Query, description = "The instant, RFC 3339; now if absent"),
), responses((status = 200, body = WhyView)))]
pub(super) async fn why(
    State(api): State<Shared>,
    Id(id): Id<JobId>,
    mut query: Query,
) -> Result<Json<WhyView>, ApiError> {
    let at = query.instant("at");
    query.finish()?;
    let at = at.unwrap_or_else(|| api.clock.now());
    let Some(why) = api.scheduler.why(id, at).await? else {
        return Err(api.jobs.explain(id, JobError::NotFound).await.into());
    };
    let steps = why.steps.into_iter().map(|step| WhyStepView {
        check: step.check.to_owned(),
        passed: step.passed,
        detail: step.detail,
    });
    Ok(Json(WhyView {
        job_id: why.job_id.to_string(),
        at: why.at.into(),
        answer: why.answer,
        steps: steps.collect(),
        execution: why.execution.map(|id| id.to_string()),
    }))
}
