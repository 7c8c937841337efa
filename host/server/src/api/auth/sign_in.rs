//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::me::MeView;
use super::{begun, check_browser, whole};
use crate::api::access::Principal;
use crate::api::cookie;
use crate::api::error::{ApiError, ProblemBody};
use crate::api::json::Json as Body;
use crate::api::query::NoQuery;
use crate::api::state::Shared;
use crate::registry::Client;

/// Name and password.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct SignInRequest {
    name: String,
    #[schema(write_only, format = Password)]
    password: String,
}

/// The end of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOut {
    pub signed_out: bool,
}

/// Signs in with name and password. After some failures the next attempt has to wait (`Retry-After`).
#[utoipa::path(post, path = "/api/auth/login", tag = "access", security(()), request_body = SignInRequest, responses(
    (status = 200, body = MeView, description = "With the cookie of a session"),
    (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn sign_in(
    State(api): State<Shared>,
    client: Client,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    check_browser(&api, &headers)?;
    let access = api.access.clone();
    let new = whole(async move { access.sign_in(body, client).await }).await?;
    Ok(begun(&api, &new))
}

/// Ends the session that the request came with; its event streams end too.
#[utoipa::path(post, path = "/api/auth/logout", tag = "access", responses((status = 200, body = SignedOut)))]
pub(in crate::api) async fn sign_out(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let access = api.access.clone();
    whole(async move { access.sign_out(&principal).await }).await?;
    let mut response = Json(SignedOut { signed_out: true }).into_response();
    if let Some(cookie) = cookie::SESSION.forget(&api.address) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
