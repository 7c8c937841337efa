//! Choosing a password by the link of an invitation.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa::ToSchema;

use super::me::MeView;
use super::{begun, check_browser, whole};
use crate::api::error::{ApiError, ProblemBody};
use crate::api::json::Json as Body;
use crate::api::query::NoQuery;
use crate::api::state::Shared;
use crate::registry::Client;

/// A password that is chosen by a link.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct InvitationRequest {
    /// What stands behind `#token=` in the link.
    #[schema(write_only)]
    token: String,
    /// From 12 characters to 1,024 bytes; none of those that are guessed first.
    #[schema(write_only, format = Password, min_length = 12)]
    password: String,
}

/// Chooses a password by a link that an admin made, and signs in. Sessions of the same account end.
#[utoipa::path(post, path = "/api/auth/invitation", tag = "access", security(()), request_body = InvitationRequest,
    responses(
    (status = 200, body = MeView, description = "With the cookie of a session"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn accept(
    State(api): State<Shared>,
    client: Client,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    check_browser(&api, &headers)?;
    let access = api.access.clone();
    let new = whole(async move { access.accept_invitation(body, client).await }).await?;
    Ok(begun(&api, &new))
}
