//! Accounts, for admins; auditors may look.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::sessions::SessionsEnded;
use super::{page, whole};
use crate::api::access::Principal;
use crate::api::error::{ApiError, ProblemBody};
use crate::api::headers::Name;
use crate::api::json::Json as Body;
use crate::api::query::{NoQuery, Query};
use crate::api::state::Shared;
use crate::api::time::Time;
use crate::api::words::RoleWord;
use crate::model::{Role, User, UserName};
use crate::registry::UserWithLink;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    #[schema(example = "ann")]
    pub name: String,
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// Whether it is shut: nobody signs in with it, and its tokens open nothing.
    pub disabled: bool,
    pub created_at: Time,
    pub created_by: String,
    pub changed_at: Time,
    pub changed_by: String,
    /// Null: not yet.
    pub signed_in_at: Option<Time>,
    /// Whether there is a password to sign in with; without one the person has to choose it by a link.
    pub has_password: bool,
    /// Until when the link that was made last is good; null: there is none, or it is over.
    pub invitation_ends_at: Option<Time>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            name: user.name.to_string(),
            role: user.role,
            disabled: user.is_disabled,
            created_at: user.created_at.into(),
            created_by: user.created_by,
            changed_at: user.changed_at.into(),
            changed_by: user.changed_by,
            signed_in_at: user.signed_in_at.map(Time::from),
            has_password: user.password.is_some(),
            invitation_ends_at: user.invitation.map(|invitation| invitation.ends_at.into()),
        }
    }
}

/// A page of accounts, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserList {
    pub users: Vec<UserView>,
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// An account, and the link by which its person chooses a password.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserMade {
    #[serde(flatten)]
    pub user: UserView,
    /// What stands behind `#token=` in the link: `/invitation#token=…`. Shown this once; null where a password was given.
    pub invitation: Option<String>,
}

impl From<UserWithLink> for UserMade {
    fn from(UserWithLink { user, secret }: UserWithLink) -> Self {
        Self { user: user.into(), invitation: secret.map(|secret| secret.to_string()) }
    }
}

/// A new account.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct UserRequest {
    /// Small letters, digits, dots, underscores, hyphens and at signs, at most 64; not `admin`.
    #[schema(example = "ann")]
    name: String,
    #[schema(value_type = RoleWord)]
    role: String,
    /// From 12 characters to 1,024 bytes; none of those that are guessed first.
    #[schema(write_only, format = Password, min_length = 12)]
    password: Option<String>,
    /// In the place of a password: the answer holds a link, good once and for three days, by which the person chooses
    /// one.
    #[schema(default = false)]
    invite: Option<bool>,
}

/// A change of an account; what is left out stays.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct UserChange {
    #[schema(value_type = Option<RoleWord>)]
    role: Option<String>,
    disabled: Option<bool>,
    /// A new one. From 12 characters to 1,024 bytes; none of those that are guessed first.
    #[schema(write_only, format = Password, min_length = 12)]
    password: Option<String>,
}

/// What is left of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserDeleted {
    pub name: String,
    pub deleted: bool,
}

/// Accounts, by name.
#[utoipa::path(get, path = "/api/auth/users", tag = "access", params(
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses((status = 200, body = UserList)))]
pub(in crate::api) async fn list(State(api): State<Shared>, mut query: Query) -> Result<Json<UserList>, ApiError> {
    let at = query.page();
    query.finish()?;
    let (users, total) = page(api.access.users(), at);
    let users = users.into_iter().map(UserView::from).collect();
    Ok(Json(UserList { users, total, page: at.0, page_size: at.1 }))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/auth/users", tag = "access", request_body = UserRequest, responses(
    (status = 200, body = UserMade),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn create(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<UserMade>, ApiError> {
    let access = api.access.clone();
    Ok(Json(whole(async move { access.create_user(body, &principal.name).await }).await?.into()))
}

/// Changes role, state or password of an account. Its sessions end.
#[utoipa::path(put, path = "/api/auth/users/{name}", tag = "access", params(("name" = String, Path)),
    request_body = UserChange, responses(
    (status = 200, body = UserView),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn change(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<UserView>, ApiError> {
    let (access, name) = (api.access.clone(), named(&name)?);
    Ok(Json(whole(async move { access.change_user(&name, body, &principal.name).await }).await?.into()))
}

/// Removes an account with its sessions and tokens. What it made stays, with its name.
#[utoipa::path(delete, path = "/api/auth/users/{name}", tag = "access", params(("name" = String, Path)), responses(
    (status = 200, body = UserDeleted),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn delete(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    _: NoQuery,
) -> Result<Json<UserDeleted>, ApiError> {
    let (access, name) = (api.access.clone(), named(&name)?);
    let shown = name.to_string();
    whole(async move { access.delete_user(&name, &principal.name).await }).await?;
    Ok(Json(UserDeleted { name: shown, deleted: true }))
}

/// Makes a link by which somebody chooses a password: for an account without one, or one whose password is forgotten. Good
/// once and for three days; earlier links are over. The present password stays until then.
#[utoipa::path(post, path = "/api/auth/users/{name}/invitation", tag = "access", params(("name" = String, Path)),
    responses((status = 200, body = UserMade)))]
pub(in crate::api) async fn invite(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    _: NoQuery,
) -> Result<Json<UserMade>, ApiError> {
    let (access, name) = (api.access.clone(), named(&name)?);
    Ok(Json(whole(async move { access.invite(&name, &principal.name).await }).await?.into()))
}

/// Signs somebody out everywhere.
#[utoipa::path(delete, path = "/api/auth/users/{name}/sessions", tag = "access", params(("name" = String, Path)),
    responses((status = 200, body = SessionsEnded)))]
pub(in crate::api) async fn end_sessions(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    _: NoQuery,
) -> Result<Json<SessionsEnded>, ApiError> {
    let (access, name) = (api.access.clone(), named(&name)?);
    let ended = whole(async move { access.end_sessions_of(&name, None, &principal.name).await }).await?;
    Ok(Json(SessionsEnded { ended }))
}

/// A name that nobody can have names nobody.
fn named(text: &str) -> Result<UserName, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("user"))
}
