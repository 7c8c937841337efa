//! Everything that can go wrong over HTTP: one table of codes, one way to say it (RFC 9457).
//!
//! Handlers return [`ApiError`]; the frame around all routes writes it down with the request's id.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sandglass_database::Error as DatabaseError;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::challenge;
use super::words::CodeWord;
use crate::model::template::Problem;
use crate::registry::{AccessError, AdmitError, DropInError, GrantError, JobError, SecretError};
use crate::repository::SecretsError;
use crate::repository::audit::AuditError;
use crate::scheduler::{StoreError, TriggerError};

macro_rules! codes {
    ($($name:ident $slug:literal $status:ident $title:literal;)*) => {
        /// Every code that an answer can carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($name),* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Stable, for programs.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }
    };
}

codes! {
    Malformed "malformed_body" BAD_REQUEST "The body cannot be read";
    Query "invalid_query" BAD_REQUEST "The query is not understood";
    Header "invalid_header" BAD_REQUEST "A header is not understood";
    BadRequest "bad_request" BAD_REQUEST "The request cannot be read";
    Unauthenticated "unauthenticated" UNAUTHORIZED "A token or session is required";
    WrongCredentials "wrong_credentials" UNAUTHORIZED "Name or password is not right";
    Forbidden "forbidden" FORBIDDEN "This role may not do that";
    NeedsSession "needs_session" FORBIDDEN "Only whoever signed in may do that";
    CrossSite "cross_site" FORBIDDEN "The request comes from somewhere else";
    PlainHttp "plain_http" FORBIDDEN "The browser would not keep the session";
    SetupClosed "setup_closed" FORBIDDEN "The set-up link does not work";
    InvitationClosed "invitation_closed" FORBIDDEN "The link does not work";
    NotFound "not_found" NOT_FOUND "There is no such thing";
    Method "method_not_allowed" METHOD_NOT_ALLOWED "This address does not take that method";
    Timeout "timeout" REQUEST_TIMEOUT "The request took too long";
    Overlap "overlap" CONFLICT "A run of the job is active";
    NotReady "template_not_ready" CONFLICT "The job's template is not ready";
    Ended "already_ended" CONFLICT "The execution has ended";
    Active "still_active" CONFLICT "The execution has not ended";
    Undecided "instant_not_passed" CONFLICT "The record still decides an instant to come";
    Unreadable "job_unreadable" CONFLICT "The stored job cannot be read";
    InUse "in_use" CONFLICT "Something needs it still";
    BuiltIn "built_in" CONFLICT "It comes with the server";
    NothingWaits "nothing_waits" CONFLICT "Nothing waits for approval";
    OtherWaits "other_digest_waits" CONFLICT "Another version waits for approval";
    Exists "already_exists" CONFLICT "The name is taken";
    LastAdmin "last_admin" CONFLICT "An admin has to be left";
    Full "full" CONFLICT "There are too many already";
    Contended "contended" CONFLICT "Others are changing it at this moment";
    InProgress "request_in_progress" CONFLICT "The same request is being answered";
    AddressTooLong "address_too_long" URI_TOO_LONG "The address is too long";
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "The headers are too large";
    Stale "stale_version" PRECONDITION_FAILED "It was changed meanwhile";
    TooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large";
    MediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body must be JSON";
    Component "component_refused" UNPROCESSABLE_ENTITY "The component is refused";
    Invalid "invalid" UNPROCESSABLE_ENTITY "Something is not right";
    KeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The key was used for another body";
    TooManyAttempts "too_many_attempts" TOO_MANY_REQUESTS "Too many attempts";
    Busy "busy" TOO_MANY_REQUESTS "Too many runs are waiting";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The server cannot do that now";
    Internal "internal" INTERNAL_SERVER_ERROR "The server failed";
}

/// A refusal on its way out.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub code: Code,
    pub detail: String,
    pub errors: Vec<Problem>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of every answer that is no success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: the code says what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// This occurrence, in words.
    pub detail: String,
    #[schema(value_type = CodeWord)]
    pub code: &'static str,
    pub request_id: String,
    pub errors: Vec<ProblemItem>,
}

/// One fault at its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemItem {
    /// JSON pointer into the body; `?name` for a query parameter.
    pub pointer: String,
    pub code: String,
    pub message: String,
}

impl From<Problem> for ProblemItem {
    fn from(Problem { pointer, code, message }: Problem) -> Self {
        Self { pointer, code, message }
    }
}

impl ApiError {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    pub fn with(code: Code, errors: Vec<Problem>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} problems; see `errors`", many.len()),
        };
        Self { code, detail, errors, headers: Vec::new() }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// The host's fault: the log has the reason, the answer does not.
    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed");
        Self::new(Code::Internal, "")
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        let mut error = Self::new(Code::Unavailable, detail);
        error.headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
        error
    }

    pub fn body(self, request_id: &str) -> ProblemBody {
        let hidden = self.code == Code::Internal;
        ProblemBody {
            kind: "about:blank",
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: if hidden { "the log of the server tells more under this request id".into() } else { self.detail },
            code: self.code.slug(),
            request_id: request_id.to_owned(),
            errors: self.errors.into_iter().map(ProblemItem::from).collect(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable { .. } | DatabaseError::Timeout => {
                tracing::warn!(%error, "the store did not answer");
                Self::unavailable("the store cannot answer now; nothing was changed")
            }
            DatabaseError::TooLarge { .. } => Self::new(Code::TooLarge, error.to_string()),
            other => Self::internal(&other),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Stopping => Self::unavailable("the server is stopping"),
        }
    }
}

impl From<AuditError> for ApiError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Database(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<TriggerError> for ApiError {
    fn from(error: TriggerError) -> Self {
        match error {
            TriggerError::NotFound => Self::not_found("job"),
            TriggerError::Overlap { active } => {
                let problem =
                    Problem { pointer: String::new(), code: "active_execution".into(), message: active.to_string() };
                Self { errors: vec![problem], ..Self::new(Code::Overlap, error.to_string()) }
            }
            TriggerError::Template(reason) => Self::new(Code::NotReady, reason),
            TriggerError::Busy => {
                let mut refused = Self::new(Code::Busy, error.to_string());
                refused.headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
                refused
            }
            TriggerError::Store(error) => error.into(),
        }
    }
}

impl From<AdmitError> for ApiError {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::Refused(reason) => Self::new(Code::NotReady, reason),
            AdmitError::Failed(reason) => Self::internal(&reason),
        }
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        let words = error.to_string();
        match error {
            JobError::Invalid(problems) => Self::with(Code::Invalid, problems),
            JobError::NotFound => Self::not_found("job"),
            JobError::Unreadable(damaged) => {
                let faults = damaged.faults.iter().map(|fault| Problem {
                    pointer: format!("/{}", fault.field),
                    code: "unreadable".into(),
                    message: fault.reason.clone(),
                });
                Self { errors: faults.collect(), ..Self::new(Code::Unreadable, damaged.reason()) }
            }
            JobError::Stale { .. } => Self::new(Code::Stale, words),
            JobError::Contended => Self::new(Code::Contended, words),
            JobError::Trigger(error) => error.into(),
            JobError::Template(error) => error.into(),
            JobError::Store(error) => error.into(),
        }
    }
}

impl From<GrantError> for ApiError {
    fn from(error: GrantError) -> Self {
        let words = error.to_string();
        match error {
            GrantError::NotFound => Self::not_found("template"),
            GrantError::Invalid(problems) => Self::with(Code::Invalid, problems),
            GrantError::Stale { .. } => Self::new(Code::Stale, words),
            GrantError::Contended => Self::new(Code::Contended, words),
            GrantError::Store(error) => error.into(),
            GrantError::Audit(error) => error.into(),
        }
    }
}

impl From<DropInError> for ApiError {
    fn from(error: DropInError) -> Self {
        let words = error.to_string();
        match error {
            DropInError::Admit(AdmitError::Refused(reason)) => Self::new(Code::Component, reason),
            DropInError::Admit(AdmitError::Failed(reason)) => Self::internal(&reason),
            DropInError::BuiltIn { .. } => Self::new(Code::BuiltIn, words),
            DropInError::OtherFile { .. } => Self::new(Code::InUse, words),
            DropInError::NotFound => Self::not_found("template"),
            DropInError::NothingWaits { .. } => Self::new(Code::NothingWaits, words),
            DropInError::OtherWaits { .. } => Self::new(Code::OtherWaits, words),
            DropInError::InUse(jobs) => {
                let problem = |(id, name)| Problem {
                    pointer: String::new(),
                    code: "used_by_job".into(),
                    message: format!("job {id} {name:?} uses it"),
                };
                Self { errors: jobs.into_iter().map(problem).collect(), ..Self::new(Code::InUse, words) }
            }
            DropInError::Invalid(problems) => Self::with(Code::Invalid, problems),
            DropInError::Shelf(error) => Self::internal(&error),
            DropInError::Database(error) => error.into(),
            DropInError::Audit(error) => error.into(),
        }
    }
}

impl From<SecretError> for ApiError {
    fn from(error: SecretError) -> Self {
        let words = error.to_string();
        match error {
            SecretError::Invalid(problems) => Self::with(Code::Invalid, problems),
            SecretError::NotFound => Self::not_found("secret"),
            SecretError::InUse { jobs, identities } => {
                let problem = |code: &str, message| Problem { pointer: String::new(), code: code.into(), message };
                let of_job = |(id, name)| problem("used_by_job", format!("job {id} {name:?} names it"));
                let of_identity = |name: String| {
                    let message = format!("email.identities.{name}.password_secret of the configuration names it");
                    problem("used_by_identity", message)
                };
                let jobs = jobs.into_iter().map(of_job);
                let errors = jobs.chain(identities.into_iter().map(of_identity)).collect();
                Self { errors, ..Self::new(Code::InUse, words) }
            }
            SecretError::Store(SecretsError::Database(error)) => error.into(),
            SecretError::Store(SecretsError::Contended(_)) => Self::new(Code::Contended, words),
            SecretError::Store(other) => Self::internal(&other),
            SecretError::Audit(error) => error.into(),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        let words = error.to_string();
        match error {
            AccessError::Invalid(problems) => Self::with(Code::Invalid, problems),
            AccessError::NotFound(what) => Self::not_found(what),
            AccessError::Exists(_) => Self::new(Code::Exists, words),
            AccessError::LastAdmin => Self::new(Code::LastAdmin, words),
            AccessError::WrongCredentials => challenge(Self::new(Code::WrongCredentials, words)),
            AccessError::TooMany { seconds } => {
                let mut refused = Self::new(Code::TooManyAttempts, words);
                refused.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
                refused
            }
            AccessError::SetupClosed => Self::new(Code::SetupClosed, words),
            AccessError::InvitationClosed => Self::new(Code::InvitationClosed, words),
            AccessError::NeedsSession(_) => Self::new(Code::NeedsSession, words),
            AccessError::Full { .. } => Self::new(Code::Full, words),
            AccessError::NoRandomness | AccessError::Hashing(_) => Self::internal(&words),
            AccessError::Database(error) => error.into(),
            AccessError::Audit(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_slug_and_an_error_status() {
        let mut slugs: Vec<_> = Code::ALL.iter().map(|code| code.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.status().as_u16() >= 400));
    }

    #[test]
    fn a_failure_of_the_server_shows_nothing_but_the_request_id() {
        let body = ApiError { detail: "secret".into(), ..ApiError::internal(&"secret") }.body("r1");
        assert!(!serde_json::to_string(&body).unwrap().contains("secret"));
        assert_eq!(body.request_id, "r1");
    }
}
