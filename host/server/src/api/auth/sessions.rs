//! Sessions in force: one's own; with the right to look at others', theirs.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Whose, page, whole, whose};
use crate::api::access::{Need, Principal, may};
use crate::api::error::ApiError;
use crate::api::headers::Name;
use crate::api::query::{NoQuery, Query};
use crate::api::state::Shared;
use crate::api::time::Time;
use crate::model::{Session, Way};

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    pub id: String,
    pub user: String,
    /// Whether this request came with it.
    pub current: bool,
    pub created_at: Time,
    /// Behind by up to a minute.
    pub seen_at: Time,
    /// When it ends if it is not used any more.
    pub ends_at: Time,
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

impl SessionView {
    pub(super) fn of(session: &Session, principal: &Principal) -> Self {
        Self {
            id: session.id.clone(),
            user: session.user.to_string(),
            current: matches!(&principal.way, Way::Session(id) if *id == session.id),
            created_at: session.created_at.into(),
            seen_at: session.seen_at.into(),
            ends_at: session.ends_at().into(),
            address: session.address.clone(),
            agent: session.agent.clone(),
        }
    }
}

/// A page of sessions, the latest used first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    pub sessions: Vec<SessionView>,
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// What is left of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionEnded {
    pub id: String,
    pub ended: bool,
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsEnded {
    pub ended: usize,
}

/// Sessions in force: one's own, or those of `?user=` (`*`: of everybody) for admins and auditors.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "access", params(
    ("user" = Option<String>, Query, description = "A user, or `*`"),
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses((status = 200, body = SessionList)))]
pub(in crate::api) async fn list(
    State(api): State<Shared>,
    principal: Principal,
    mut query: Query,
) -> Result<Json<SessionList>, ApiError> {
    let whose = whose(&principal, &mut query)?;
    let at = query.page();
    query.finish()?;
    let all = match whose {
        Whose::All => api.access.sessions(None),
        Whose::One(Some(user)) => api.access.sessions(Some(&user)),
        // The token of the configuration has none.
        Whose::One(None) => Vec::new(),
    };
    let (sessions, total) = page(all, at);
    let sessions = sessions.iter().map(|session| SessionView::of(session, &principal)).collect();
    Ok(Json(SessionList { sessions, total, page: at.0, page_size: at.1 }))
}

/// Ends a session: one's own, or anybody's for admins.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "access", params(("id" = String, Path)), responses(
    (status = 200, body = SessionEnded),
))]
pub(in crate::api) async fn end(
    State(api): State<Shared>,
    principal: Principal,
    Name(id): Name,
    _: NoQuery,
) -> Result<Json<SessionEnded>, ApiError> {
    let (access, named) = (api.access.clone(), id.clone());
    whole(async move {
        if may(principal.role, Need::Define) {
            access.end_session(&named, None, &principal.name).await
        } else {
            let own = principal.user.as_ref().ok_or(crate::registry::AccessError::NotFound("session"))?;
            access.end_session(&named, Some(own), &principal.name).await
        }
    })
    .await?;
    Ok(Json(SessionEnded { id, ended: true }))
}

/// Ends all of one's own sessions but the one that the request came with.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "access", responses((status = 200, body = SessionsEnded)))]
pub(in crate::api) async fn end_others(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
) -> Result<Json<SessionsEnded>, ApiError> {
    let Some(user) = principal.user.clone() else { return Ok(Json(SessionsEnded { ended: 0 })) };
    let access = api.access.clone();
    let ended = whole(async move {
        let current = match &principal.way {
            Way::Session(id) => Some(id.as_str()),
            Way::Token(_) | Way::AdminToken => None,
        };
        access.end_sessions_of(&user, current, &principal.name).await
    })
    .await?;
    Ok(Json(SessionsEnded { ended }))
}
