//! What a grant would do, before it is given.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ProblemBody, ProblemItem};
use super::forecast_view::DenialView;
use super::grants::GrantRequest;
use super::headers::Name;
use super::json::Json as Body;
use super::query::NoQuery;
use super::state::Shared;
use crate::registry::{GrantCheck, JobAffected};

/// What a grant would come to for the jobs that are there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GrantCheck)]
pub struct GrantCheckView {
    /// What is right in form but may not do what was meant.
    pub warnings: Vec<ProblemItem>,
    /// Jobs of this version that were looked at: at most about 2,000.
    pub jobs: u64,
    /// Whether these are all.
    pub is_complete: bool,
    /// How many of them would be denied what they cannot do without.
    pub affected: u64,
    /// Those, at most 50.
    pub affected_jobs: Vec<JobAffectedView>,
}

/// A job that could not do its work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobAffected)]
pub struct JobAffectedView {
    pub id: String,
    pub name: String,
    /// Whether the grant in force lets it do its work.
    pub is_new: bool,
    pub denied: Vec<DenialView>,
}

impl From<GrantCheck> for GrantCheckView {
    fn from(check: GrantCheck) -> Self {
        let GrantCheck { warnings, jobs, is_complete, affected, named } = check;
        Self {
            warnings: warnings.into_iter().map(ProblemItem::from).collect(),
            jobs,
            is_complete,
            affected,
            affected_jobs: named.into_iter().map(JobAffectedView::from).collect(),
        }
    }
}

impl From<JobAffected> for JobAffectedView {
    fn from(job: JobAffected) -> Self {
        let JobAffected { id, name, is_new, denied } = job;
        Self { id: id.to_string(), name, is_new, denied: denied.into_iter().map(DenialView::from).collect() }
    }
}

/// What a grant would come to: its faults, and the jobs that could not do their work under it. Nothing is changed.
#[utoipa::path(post, path = "/api/admin/scheduler/templates/{type}/grant/check", tag = "templates",
    request_body = GrantRequest, params(("type" = String, Path)), responses(
    (status = 200, body = GrantCheckView),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn check(
    State(api): State<Shared>,
    Name(name): Name,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<GrantCheckView>, ApiError> {
    Ok(Json(api.grants.check(&name, &body, &api.stored_jobs).await?.into()))
}
