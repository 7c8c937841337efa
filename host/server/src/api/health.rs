//! Probes: is the process alive, and can it work?

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::query::NoQuery;
use super::state::Shared;

/// The answer of a probe.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "machines", security(()), responses((status = 200, body = Health)))]
pub(super) async fn alive(_: NoQuery) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether store and planner work; 503 if not.
#[utoipa::path(get, path = "/readyz", tag = "machines", security(()), responses(
    (status = 200, body = Health),
    (status = 503, description = "Not now", body = super::error::ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn ready(State(api): State<Shared>, _: NoQuery) -> Result<Json<Health>, ApiError> {
    if api.stopping.is_cancelled() {
        return Err(ApiError::unavailable("the server is stopping"));
    }
    if api.scheduler.is_stopped() {
        return Err(ApiError::unavailable("the planner has stopped"));
    }
    // Why is for whoever runs the server, who asks this address first.
    api.database.ping().await.map_err(|error| ApiError::unavailable(format!("the store does not work: {error}")))?;
    Ok(Json(Health { status: "ok" }))
}
