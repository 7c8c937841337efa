//! Who may call: signing in and out, accounts, sessions, tokens.

pub(super) mod invitation;
pub(super) mod me;
pub(super) mod sessions;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod tokens;
pub(super) mod users;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::access::{Need, may};
use super::connection::Activity;
use super::error::{ApiError, Code};
use super::query::Query;
use super::state::Shared;
use super::{cookie, origin};
use crate::model::{Principal, UserName};
use crate::registry::{AccessError, Begun, Client};

impl FromRequestParts<Shared> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, ApiError> {
        let address = parts.extensions.get::<ConnectInfo<Activity>>().and_then(|ConnectInfo(activity)| activity.peer());
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
        let device = cookie::DEVICE.shown(&parts.headers, &api.address).map(str::to_owned);
        Ok(Self { address, agent, device })
    }
}

/// Makes a change whole, also when the one who asked for it goes away meanwhile: memory and store stay together.
async fn whole<T: Send + 'static>(
    change: impl Future<Output = Result<T, AccessError>> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::spawn(change.in_current_span()).await {
        Ok(done) => done.map_err(ApiError::from),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// The answer to somebody whose session begins.
fn begun(api: &Shared, begun: &Begun) -> Response {
    let mut response = axum::Json(me::MeView::of_session(api, &begun.user, &begun.session)).into_response();
    let kept = [cookie::SESSION.keep(&begun.secret, &api.address), cookie::DEVICE.keep(&begun.device, &api.address)];
    for cookie in kept.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// # Errors
/// [`Code::PlainHttp`].
fn check_browser(api: &Shared, headers: &HeaderMap) -> Result<(), ApiError> {
    origin::check_keeps_cookies(headers, &api.address)
}

/// Whose things are meant: one's own, or what `?user=` says to those who may look at others' (`*`: everybody's).
fn whose(principal: &Principal, query: &mut Query) -> Result<Whose, ApiError> {
    let Some(asked) = query.text("user") else { return Ok(Whose::One(principal.user.clone())) };
    let one = if asked == "*" { None } else { asked.parse::<UserName>().ok() };
    let is_own = one.is_some() && one == principal.user;
    if !is_own && !may(principal.role, Need::Oversee) {
        return Err(ApiError::new(
            Code::Forbidden,
            format!("{} may not look at what belongs to others", principal.name),
        ));
    }
    match (one, asked.as_str()) {
        (Some(name), _) => Ok(Whose::One(Some(name))),
        (None, "*") => Ok(Whose::All),
        (None, _) => Err(ApiError::not_found("user")),
    }
}

/// Whose things are meant.
enum Whose {
    /// Of one user, or of whoever holds the token of the configuration.
    One(Option<UserName>),
    All,
}

/// A page of what is whole in memory, and how much there is.
fn page<T>(all: Vec<T>, (page, page_size): (u32, u32)) -> (Vec<T>, u64) {
    let total = all.len() as u64;
    let before = (page as usize).saturating_sub(1).saturating_mul(page_size as usize);
    (all.into_iter().skip(before).take(page_size as usize).collect(), total)
}
