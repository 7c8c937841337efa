//! The one place that decides who may call what: by the matched route, never by the look of a path.
//!
//! A route that is not in the table is refused, so a new one cannot be open by mistake.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::error::{ApiError, Code};
use super::state::Shared;

/// What a person or program is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Runs and pauses; changes no definition.
    Operator,
    /// Reads everything.
    Auditor,
}

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing at all.
    Open,
    Read,
    /// Run, cancel, pause.
    Operate,
    /// Change what is defined, or remove history.
    Define,
}

impl Role {
    fn may(self, need: Need) -> bool {
        match need {
            Need::Open | Need::Read => true,
            Need::Operate => self != Self::Auditor,
            Need::Define => self == Self::Admin,
        }
    }
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub role: Role,
}

/// The tokens that are accepted; only their SHA-256 is kept.
#[derive(Clone)]
pub struct Access {
    tokens: Vec<([u8; 32], Principal)>,
}

impl Access {
    /// One administrator's token.
    pub fn admin(hash: [u8; 32]) -> Self {
        Self { tokens: vec![(hash, Principal { name: "admin".to_owned(), role: Role::Admin })] }
    }

    fn principal(&self, token: &str) -> Option<&Principal> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        // Every token is compared, and each in constant time.
        self.tokens.iter().fold(
            None,
            |found, (known, principal)| {
                if bool::from(known.ct_eq(&hash)) { Some(principal) } else { found }
            },
        )
    }
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
    (Method::GET, "/metrics", Need::Read),
    (Method::GET, "/openapi.json", Need::Read),
    (Method::GET, path!("/templates"), Need::Read),
    (Method::POST, path!("/templates"), Need::Define),
    (Method::GET, path!("/templates/{type}"), Need::Read),
    (Method::GET, path!("/templates/{type}/grant"), Need::Read),
    (Method::PUT, path!("/templates/{type}/grant"), Need::Define),
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

/// Lets a request through, or answers 401 or 403. Addresses that do not exist ask for a token too.
pub(super) async fn decide(State(api): State<Shared>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let rule = rule(request.method(), path);
    if matches!(rule, Rule::Known(Need::Open)) {
        return Ok(next.run(request).await);
    }
    let token = bearer(request.headers()).ok_or_else(|| unauthenticated("send `Authorization: Bearer …`"))?;
    let principal = api.access.principal(token).ok_or_else(|| unauthenticated("this token is not known"))?.clone();
    let allowed = match rule {
        Rule::Known(need) => principal.role.may(need),
        Rule::OtherMethod => true,
        Rule::Unknown => false,
    };
    if !allowed {
        return Err(ApiError::new(Code::Forbidden, format!("{} may not do that", principal.name)));
    }
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn unauthenticated(detail: &str) -> ApiError {
    let challenge = HeaderValue::from_static("Bearer realm=\"sandglass\"");
    ApiError { headers: vec![(header::WWW_AUTHENTICATE, challenge)], ..ApiError::new(Code::Unauthenticated, detail) }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::internal(&"a route without access control"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_exactly_what_it_is_for() {
        let may = |role: Role| [Need::Read, Need::Operate, Need::Define].map(|need| role.may(need));
        assert_eq!(may(Role::Admin), [true, true, true]);
        assert_eq!(may(Role::Operator), [true, true, false]);
        assert_eq!(may(Role::Auditor), [true, false, false]);
    }

    #[test]
    fn a_token_is_known_by_its_hash_only() {
        let access = Access::admin(Sha256::digest(b"right").into());
        assert_eq!(access.principal("right").map(|principal| principal.role), Some(Role::Admin));
        for wrong in ["", "righ", "right ", "RIGHT"] {
            assert_eq!(access.principal(wrong), None);
        }
    }

    #[test]
    fn a_route_that_the_table_does_not_know_is_closed() {
        assert!(matches!(rule(&Method::GET, Some("/new")), Rule::Unknown));
        assert!(matches!(rule(&Method::HEAD, Some("/healthz")), Rule::Known(Need::Open)));
        assert!(matches!(rule(&Method::POST, Some("/healthz")), Rule::OtherMethod));
    }
}
