//! Templates that people bring along: sent, approved, taken away.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::header;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::access::Principal;
use super::error::{ApiError, Code, ProblemBody, ProblemItem};
use super::headers::Name;
use super::json::OptionalJson;
use super::query::{NoQuery, Query};
use super::state::Shared;
use super::templates::TemplateView;
use crate::model::Digest;
use crate::model::template::Source;
use crate::registry::{Approval, JobLeft};

/// A template that was approved, and what became of its jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approved {
    pub template: TemplateView,
    /// Jobs that run it from now on.
    pub jobs_moved: u64,
    /// Jobs that stay with the version before, because their parameters do not fit: at most 50.
    pub jobs_left: Vec<JobLeftView>,
}

/// A job that stays with the version that it runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobLeft)]
pub struct JobLeftView {
    pub id: String,
    pub name: String,
    /// With pointers into its parameters.
    pub problems: Vec<ProblemItem>,
}

impl From<JobLeft> for JobLeftView {
    fn from(left: JobLeft) -> Self {
        let JobLeft { id, name, problems } = left;
        Self { id: id.to_string(), name, problems: problems.into_iter().map(ProblemItem::from).collect() }
    }
}

/// The body of an approval.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct ApproveRequest {
    /// The version that was looked at. Left out: whichever waits.
    digest: Option<String>,
    /// Whether what it asks for beyond the version before is granted with it. Otherwise it has the grant of the version
    /// before.
    #[schema(default = false)]
    grant_needs: Option<bool>,
}

/// A template that was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retired {
    #[serde(rename = "type")]
    pub kind: String,
    pub digest: String,
    pub retired: bool,
    /// Jobs that are blocked by it: at most 50.
    pub jobs: Vec<BlockedJob>,
}

/// A job whose template is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedJob {
    pub id: String,
    pub name: String,
}

/// Sends a component. It is examined and compiled; a new one is in force without any grant, one that asks for no more than
/// the version before takes over with its grant, any other waits for approval.
#[utoipa::path(post, path = "/api/admin/scheduler/templates", tag = "templates",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component's bytes, at most sandbox.component_bytes"),
    responses(
        (status = 200, body = TemplateView),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn install(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
    mut request: Request,
) -> Result<Json<TemplateView>, ApiError> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/wasm")) {
        return Err(ApiError::new(Code::MediaType, "send the component's bytes as `Content-Type: application/wasm`"));
    }
    let limit = api.drop_in.component_bytes();
    DefaultBodyLimit::max(limit).apply(&mut request);
    let bytes = timeout(api.request_timeout, Bytes::from_request(request, &api)).await;
    let bytes = bytes.map_err(|_| ApiError::new(Code::Timeout, "the body did not arrive in time"))?;
    let bytes = bytes.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::new(Code::TooLarge, format!("at most {limit} bytes are taken (sandbox.component_bytes)"))
        }
        other => ApiError::new(Code::BadRequest, other.to_string()),
    })?;
    let view = api.drop_in.install(bytes.to_vec(), Source::Upload, &principal.name).await?;
    Ok(Json(view.into()))
}

/// Takes a template away: its jobs are blocked, its history stays. With `digest` of the version that waits, only that
/// one is declined.
#[utoipa::path(delete, path = "/api/admin/scheduler/templates/{type}", tag = "templates", params(
    ("type" = String, Path, description = "As jobs name it"),
    ("force" = Option<bool>, Query, description = "Also when jobs use it"),
    ("digest" = Option<String>, Query, description = "Only this version"),
), responses(
    (status = 200, body = Retired),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn retire(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    mut query: Query,
) -> Result<Json<Retired>, ApiError> {
    let force = query.boolean("force").unwrap_or(false);
    let digest = query.text("digest").map(Digest);
    query.finish()?;
    let retirement = api.drop_in.retire(&name, digest.as_ref(), force, &principal.name).await?;
    let jobs = retirement.jobs.into_iter().map(|(id, name)| BlockedJob { id: id.to_string(), name }).collect();
    Ok(Json(Retired { kind: name, digest: retirement.digest.to_string(), retired: true, jobs }))
}

/// Lets the version that waits take over. Jobs whose parameters fit move to it.
#[utoipa::path(post, path = "/api/admin/scheduler/templates/{type}/approve", tag = "templates", params(
    ("type" = String, Path, description = "As jobs name it"),
), request_body = Option<ApproveRequest>, responses(
    (status = 200, body = Approved),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn approve(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    _: NoQuery,
    OptionalJson(body): OptionalJson,
) -> Result<Json<Approved>, ApiError> {
    let approval = Approval::read(body.as_ref())?;
    let (view, moved) = api.drop_in.approve(&name, &approval, &principal.name).await?;
    let jobs_left = moved.left.into_iter().map(JobLeftView::from).collect();
    Ok(Json(Approved { template: view.into(), jobs_moved: moved.moved, jobs_left }))
}
