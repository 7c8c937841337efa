//! Tokens of programs: made, listed, revoked.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Whose, page, whole, whose};
use crate::api::access::{Need, Principal, may};
use crate::api::error::ApiError;
use crate::api::headers::Name;
use crate::api::json::Json as Body;
use crate::api::query::{NoQuery, Query};
use crate::api::state::Shared;
use crate::api::time::Time;
use crate::api::words::RoleWord;
use crate::model::{ApiToken, Role, UserName};

/// A token. What the program shows is not known any more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub struct TokenView {
    pub id: String,
    #[schema(example = "deploy")]
    pub name: String,
    /// Whose it is; null: of whoever holds the token of the configuration.
    pub owner: Option<String>,
    /// The most it may; less when its owner may less.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    pub created_at: Time,
    /// Null: never.
    pub expires_at: Option<Time>,
    /// Behind by up to a minute; null: not used yet.
    pub used_at: Option<Time>,
}

impl From<&ApiToken> for TokenView {
    fn from(token: &ApiToken) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            owner: token.owner.as_ref().map(ToString::to_string),
            role: token.role,
            created_at: token.created_at.into(),
            expires_at: token.expires_at.map(Time::from),
            used_at: token.used_at.map(Time::from),
        }
    }
}

/// A page of tokens, by owner and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    pub tokens: Vec<TokenView>,
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenMade {
    #[serde(flatten)]
    pub token: TokenView,
    /// What the program sends as `Authorization: Bearer …`. Shown this once.
    pub secret: String,
}

/// A token as it is asked for.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct TokenRequest {
    /// Letters, digits, dots, underscores and hyphens, at most 64. It stands in records as `user/name`.
    #[schema(example = "deploy")]
    name: String,
    /// At most the caller's, which it is when this is left out.
    #[schema(value_type = Option<RoleWord>)]
    role: Option<String>,
    #[schema(minimum = 1, maximum = 3650, default = 90)]
    expires_in_days: Option<u32>,
    /// In the place of `expires_in_days`.
    never_expires: Option<bool>,
}

/// What is left of a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenRevoked {
    pub id: String,
    pub revoked: bool,
}

/// Tokens that have not expired: one's own, or those of `?user=` (`*`: of everybody) for admins and auditors.
#[utoipa::path(get, path = "/api/auth/tokens", tag = "access", params(
    ("user" = Option<String>, Query, description = "A user, or `*`"),
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses((status = 200, body = TokenList)))]
pub(in crate::api) async fn list(
    State(api): State<Shared>,
    principal: Principal,
    mut query: Query,
) -> Result<Json<TokenList>, ApiError> {
    let whose = whose(&principal, &mut query)?;
    let at = query.page();
    query.finish()?;
    let all = match &whose {
        Whose::All => api.access.tokens(None),
        Whose::One(owner) => api.access.tokens(Some(owner.as_ref())),
    };
    let (tokens, total) = page(all, at);
    Ok(Json(TokenList { tokens: tokens.iter().map(TokenView::from).collect(), total, page: at.0, page_size: at.1 }))
}

/// Makes a token for oneself. Not with a token that was made here: whoever finds one must not be able to outlive it.
#[utoipa::path(post, path = "/api/auth/tokens", tag = "access", request_body = TokenRequest, responses(
    (status = 200, body = TokenMade),
))]
pub(in crate::api) async fn create(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<TokenMade>, ApiError> {
    let access = api.access.clone();
    let made = whole(async move { access.create_token(&principal, body).await }).await?;
    Ok(Json(TokenMade { token: TokenView::from(&made.token), secret: made.secret.to_string() }))
}

/// Revokes a token: one's own, or anybody's for admins. It is over at once, and so are its event streams.
#[utoipa::path(delete, path = "/api/auth/tokens/{id}", tag = "access", params(("id" = String, Path)), responses(
    (status = 200, body = TokenRevoked),
))]
pub(in crate::api) async fn revoke(
    State(api): State<Shared>,
    principal: Principal,
    Name(id): Name,
    _: NoQuery,
) -> Result<Json<TokenRevoked>, ApiError> {
    let (access, named) = (api.access.clone(), id.clone());
    whole(async move {
        let own: Option<&UserName> = principal.user.as_ref();
        let only_of = (!may(principal.role, Need::Define)).then_some(own);
        access.revoke_token(&named, only_of, &principal.name).await
    })
    .await?;
    Ok(Json(TokenRevoked { id, revoked: true }))
}
