//! The one place that decides who may call what: by the matched route, never by the look of a path.
//!
//! A route that is not in the table is refused, so a new one cannot be open by mistake.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio_util::sync::CancellationToken;

use super::error::{ApiError, Code};
use super::state::Shared;
use super::{cookie, origin};
pub(super) use crate::model::Principal;
use crate::model::Role;
use crate::registry::Caller;

/// Says that nobody caused this request, so that it does not keep a session from ending.
const BACKGROUND: HeaderName = HeaderName::from_static("x-sandglass-background");

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing at all.
    Open,
    /// Somebody who is known, for what is theirs.
    Own,
    Read,
    /// Run, cancel, pause.
    Operate,
    /// Look at what belongs to others: accounts, sessions, tokens.
    Oversee,
    /// Change what is defined, or remove history.
    Define,
}

impl Need {
    /// What a role is asked for, with the word by which clients know it.
    pub const ASKED: [(Self, &str); 4] =
        [(Self::Read, "read"), (Self::Operate, "operate"), (Self::Oversee, "oversee"), (Self::Define, "define")];
}

/// Whether a role may take a route.
pub(super) fn may(role: Role, need: Need) -> bool {
    match need {
        Need::Open | Need::Own | Need::Read => true,
        Need::Operate => role >= Role::Operator,
        Need::Oversee => role != Role::Operator,
        Need::Define => role == Role::Admin,
    }
}

macro_rules! auth {
    ($tail:literal) => {
        concat!("/api/auth", $tail)
    };
}

macro_rules! path {
    ($tail:literal) => {
        concat!("/api/admin/scheduler", $tail)
    };
}

/// Method, route and what it takes.
pub(super) const RULES: &[(Method, &str, Need)] = &[
    (Method::GET, "/healthz", Need::Open),
    (Method::GET, "/readyz", Need::Open),
    (Method::GET, "/docs", Need::Open),
    (Method::GET, "/docs/reference.js", Need::Open),
    (Method::GET, "/docs/reference.css", Need::Open),
    (Method::GET, auth!("/setup"), Need::Open),
    (Method::POST, auth!("/setup"), Need::Open),
    (Method::POST, auth!("/login"), Need::Open),
    (Method::POST, auth!("/invitation"), Need::Open),
    (Method::POST, auth!("/logout"), Need::Own),
    (Method::GET, auth!("/me"), Need::Own),
    (Method::PUT, auth!("/password"), Need::Own),
    (Method::GET, auth!("/sessions"), Need::Own),
    (Method::DELETE, auth!("/sessions"), Need::Own),
    (Method::DELETE, auth!("/sessions/{id}"), Need::Own),
    (Method::GET, auth!("/tokens"), Need::Own),
    (Method::POST, auth!("/tokens"), Need::Own),
    (Method::DELETE, auth!("/tokens/{id}"), Need::Own),
    (Method::GET, auth!("/users"), Need::Oversee),
    (Method::POST, auth!("/users"), Need::Define),
    (Method::PUT, auth!("/users/{name}"), Need::Define),
    (Method::DELETE, auth!("/users/{name}"), Need::Define),
    (Method::POST, auth!("/users/{name}/invitation"), Need::Define),
    (Method::DELETE, auth!("/users/{name}/sessions"), Need::Define),
    (Method::GET, "/metrics", Need::Read),
    (Method::GET, "/openapi.json", Need::Read),
    (Method::GET, path!("/templates"), Need::Read),
    (Method::POST, path!("/templates"), Need::Define),
    (Method::GET, path!("/templates/{type}"), Need::Read),
    (Method::GET, path!("/templates/{type}/grant"), Need::Read),
    (Method::PUT, path!("/templates/{type}/grant"), Need::Define),
    (Method::POST, path!("/templates/{type}/grant/check"), Need::Read),
    (Method::GET, path!("/templates/{type}/capabilities"), Need::Read),
    (Method::DELETE, path!("/templates/{type}/grant"), Need::Define),
    (Method::DELETE, path!("/templates/{type}"), Need::Define),
    (Method::POST, path!("/templates/{type}/approve"), Need::Define),
    (Method::POST, path!("/jobs"), Need::Define),
    (Method::GET, path!("/jobs"), Need::Read),
    (Method::POST, path!("/jobs/validate"), Need::Read),
    (Method::GET, path!("/jobs/{id}"), Need::Read),
    (Method::PUT, path!("/jobs/{id}"), Need::Define),
    (Method::DELETE, path!("/jobs/{id}"), Need::Define),
    (Method::POST, path!("/jobs/{id}/restore"), Need::Define),
    (Method::POST, path!("/jobs/{id}/enable"), Need::Operate),
    (Method::POST, path!("/jobs/{id}/disable"), Need::Operate),
    (Method::POST, path!("/jobs/{id}/run"), Need::Operate),
    (Method::GET, path!("/jobs/{id}/why"), Need::Read),
    (Method::GET, path!("/jobs/{id}/executions"), Need::Read),
    (Method::GET, path!("/executions"), Need::Read),
    (Method::GET, path!("/executions/{id}"), Need::Read),
    (Method::DELETE, path!("/executions/{id}"), Need::Define),
    (Method::POST, path!("/executions/{id}/cancel"), Need::Operate),
    (Method::POST, path!("/executions/{id}/rerun"), Need::Operate),
    (Method::GET, path!("/executions/{id}/logs"), Need::Read),
    (Method::GET, path!("/executions/{id}/effects"), Need::Read),
    (Method::GET, path!("/secrets"), Need::Read),
    (Method::POST, path!("/secrets"), Need::Define),
    (Method::DELETE, path!("/secrets/{label}"), Need::Define),
    (Method::GET, path!("/audit"), Need::Read),
    (Method::POST, path!("/schedules/preview"), Need::Read),
    (Method::GET, path!("/status"), Need::Read),
    (Method::GET, path!("/timeline"), Need::Read),
    (Method::GET, path!("/events"), Need::Read),
];

enum Rule {
    Known(Need),
    /// The route takes other methods only; any token may learn that.
    OtherMethod,
    Unknown,
}

fn rule(method: &Method, path: Option<&str>) -> Rule {
    let Some(path) = path else { return Rule::OtherMethod };
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut of_path = RULES.iter().filter(|(_, known, _)| *known == path).peekable();
    if of_path.peek().is_none() {
        return Rule::Unknown;
    }
    of_path.find(|(known, ..)| known == method).map_or(Rule::OtherMethod, |(.., need)| Rule::Known(*need))
}

/// Lets a request through, or answers 401 or 403. Addresses that do not exist ask who is there too.
pub(super) async fn decide(State(api): State<Shared>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let rule = rule(request.method(), path);
    if matches!(rule, Rule::Known(Need::Open)) {
        if !request.method().is_safe() {
            origin::check(request.headers(), &api.address, origin::Silence::IsProgram)?;
        }
        return Ok(next.run(request).await);
    }
    let Caller { principal, ended } = caller(&api, request.method(), request.headers())?;
    let allowed = match rule {
        Rule::Known(need) => may(principal.role, need),
        Rule::OtherMethod => true,
        Rule::Unknown => false,
    };
    if !allowed {
        let Principal { name, role, .. } = &principal;
        return Err(ApiError::new(Code::Forbidden, format!("{name} may not do that, as {role}")));
    }
    request.extensions_mut().insert(principal);
    request.extensions_mut().insert(Ended(ended));
    Ok(next.run(request).await)
}

/// Whoever shows a token, or else the cookie of a session. Only a cookie is sent without its holder's doing, so only then
/// a change has to come from our own pages.
fn caller(api: &Shared, method: &Method, headers: &HeaderMap) -> Result<Caller, ApiError> {
    if let Some(token) = bearer(headers) {
        let caller = api.access.by_token(token);
        return caller.ok_or_else(|| unauthenticated("this token is not known, or it has expired"));
    }
    let missing = || unauthenticated("sign in, or send `Authorization: Bearer …`");
    let session = cookie::SESSION.shown(headers, &api.address).ok_or_else(missing)?;
    let caller = api.access.by_session(session, !headers.contains_key(BACKGROUND));
    let caller = caller.ok_or_else(|| unauthenticated("this session has ended: sign in again"))?;
    if !method.is_safe() {
        origin::check(headers, &api.address, origin::Silence::IsForeign)?;
    }
    Ok(caller)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn unauthenticated(detail: &str) -> ApiError {
    challenge(ApiError::new(Code::Unauthenticated, detail))
}

/// Every 401 says how to do better.
pub(super) fn challenge(mut error: ApiError) -> ApiError {
    error.headers.push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sandglass\"")));
    error
}

/// Ends with the session or token of the caller: what lasts longer than a moment has to watch it.
#[derive(Clone)]
pub(super) struct Ended(pub CancellationToken);

fn from_access<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, ApiError> {
    parts.extensions.get::<T>().cloned().ok_or_else(|| ApiError::internal(&"a route without access control"))
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        from_access(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ended {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        from_access(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_exactly_what_it_is_for() {
        let all = |role: Role| Need::ASKED.map(|(need, _)| may(role, need));
        // read, operate, oversee, define
        assert_eq!(all(Role::Admin), [true, true, true, true]);
        assert_eq!(all(Role::Operator), [true, true, false, false]);
        assert_eq!(all(Role::Auditor), [true, false, true, false]);
    }

    #[test]
    fn a_route_that_the_table_does_not_know_is_closed() {
        assert!(matches!(rule(&Method::GET, Some("/new")), Rule::Unknown));
        assert!(matches!(rule(&Method::HEAD, Some("/healthz")), Rule::Known(Need::Open)));
        assert!(matches!(rule(&Method::POST, Some("/healthz")), Rule::OtherMethod));
    }
}
