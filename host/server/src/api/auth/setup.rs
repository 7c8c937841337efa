//! The first admin, by the link that a start without users prints.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::me::MeView;
use super::{begun, check_browser, whole};
use crate::api::error::{ApiError, ProblemBody};
use crate::api::json::Json as Body;
use crate::api::query::NoQuery;
use crate::api::state::Shared;
use crate::registry::Client;

/// Whether this server waits for its first admin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SetupState)]
pub struct SetupView {
    /// A set-up link was printed, and is still good.
    pub open: bool,
    /// Somebody can sign in.
    pub has_users: bool,
}

/// The first admin.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct SetupRequest {
    /// What stands behind `#token=` in the link.
    #[schema(write_only)]
    token: String,
    /// Small letters, digits, dots, underscores, hyphens and at signs, at most 64; not `admin`.
    #[schema(example = "ann")]
    name: String,
    /// From 12 characters to 1,024 bytes; none of those that are guessed first.
    #[schema(write_only, format = Password, min_length = 12)]
    password: String,
}

/// Whether this server waits for its first admin. Says nothing else, and needs no session.
#[utoipa::path(get, path = "/api/auth/setup", tag = "access", security(()), responses((status = 200, body = SetupView)))]
pub(in crate::api) async fn state(State(api): State<Shared>, _: NoQuery) -> Json<SetupView> {
    Json(SetupView { open: api.access.is_setup_open(), has_users: api.access.has_users() })
}

/// Makes the first admin, by the link that the server printed, and signs in.
#[utoipa::path(post, path = "/api/auth/setup", tag = "access", security(()), request_body = SetupRequest, responses(
    (status = 200, body = MeView, description = "With the cookie of a session"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn run(
    State(api): State<Shared>,
    client: Client,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    check_browser(&api, &headers)?;
    let access = api.access.clone();
    let new = whole(async move { access.set_up(body, client).await }).await?;
    Ok(begun(&api, &new))
}
