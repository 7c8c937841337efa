//! The caller itself.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::sessions::SessionView;
use super::{begun, whole};
use crate::api::access::{Need, Principal, may};
use crate::api::error::{ApiError, ProblemBody};
use crate::api::json::Json as Body;
use crate::api::query::NoQuery;
use crate::api::state::Shared;
use crate::api::words::{PermissionWord, RoleWord, WayWord};
use crate::model::{Role, Session, User, Way};
use crate::registry::Client;

/// Who is calling, and what that allows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    /// As it stands in the audit: the user, a token as in `ann/deploy`, or what the token of the configuration is called.
    pub name: String,
    /// Null with the token of the configuration.
    pub user: Option<String>,
    #[schema(value_type = RoleWord)]
    pub role: Role,
    #[schema(value_type = WayWord)]
    pub way: &'static str,
    #[schema(value_type = Vec<PermissionWord>)]
    pub permissions: Vec<&'static str>,
    /// Null with a token.
    pub session: Option<SessionView>,
    /// Whether the server is configured for plain HTTP, where others on the network can read along.
    pub over_plain_http: bool,
}

impl MeView {
    fn of(api: &Shared, principal: &Principal, session: Option<&Session>) -> Self {
        let allowed = Need::ASKED.into_iter().filter(|(need, _)| may(principal.role, *need));
        Self {
            name: principal.name.clone(),
            user: principal.user.as_ref().map(ToString::to_string),
            role: principal.role,
            way: principal.way.as_str(),
            permissions: allowed.map(|(_, word)| word).collect(),
            session: session.map(|session| SessionView::of(session, principal)),
            over_plain_http: api.address.is_plain(),
        }
    }

    pub(super) fn of_session(api: &Shared, user: &User, session: &Session) -> Self {
        let principal = Principal {
            name: user.name.to_string(),
            role: user.role,
            user: Some(user.name.clone()),
            way: Way::Session(session.id.clone()),
        };
        Self::of(api, &principal, Some(session))
    }
}

/// Who is calling.
#[utoipa::path(get, path = "/api/auth/me", tag = "access", responses((status = 200, body = MeView)))]
pub(in crate::api) async fn read(State(api): State<Shared>, principal: Principal, _: NoQuery) -> Json<MeView> {
    let session = match &principal.way {
        Way::Session(id) => api.access.session(id),
        Way::Token(_) | Way::AdminToken => None,
    };
    Json(MeView::of(&api, &principal, session.as_ref()))
}

/// A change of one's own password.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct PasswordRequest {
    #[schema(write_only, format = Password)]
    current_password: String,
    /// From 12 characters to 1,024 bytes; none of those that are guessed first.
    #[schema(write_only, format = Password, min_length = 12)]
    new_password: String,
}

/// Changes one's own password. Every session of the user ends, and a new one begins here.
#[utoipa::path(put, path = "/api/auth/password", tag = "access", request_body = PasswordRequest, responses(
    (status = 200, body = MeView, description = "With the cookie of a new session"),
    (status = 429, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn change_password(
    State(api): State<Shared>,
    principal: Principal,
    client: Client,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let access = api.access.clone();
    let new = whole(async move { access.change_password(&principal, body, client).await }).await?;
    Ok(begun(&api, &new))
}
