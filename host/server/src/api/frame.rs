//! What stands around every request: its id, its span, its time, a net for panics, and the writing of problems.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bson::oid::ObjectId;
use futures::FutureExt as _;
use tracing::{Instrument as _, info_span};

use super::connection::Activity;
use super::error::{ApiError, Code};
use super::state::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Routes that stream or wait as long as they are asked to; they bound themselves.
const PATIENT: [&str; 5] = [
    "/api/admin/scheduler/events",
    "/api/admin/scheduler/executions/{id}/logs",
    "/api/admin/scheduler/executions/{id}/rerun",
    "/api/admin/scheduler/jobs/{id}/run",
    // Compiling has a bound of its own (sandbox.compile_seconds).
    "/api/admin/scheduler/templates",
];

pub(super) async fn around(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let _answering = request.extensions().get::<ConnectInfo<Activity>>().map(|ConnectInfo(on)| on.answering());
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let span = info_span!("request", id, %method, route);
    let patient = PATIENT.contains(&route.as_str());
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = async {
        let answer = if patient {
            answer.await
        } else {
            match tokio::time::timeout(api.request_timeout, answer).await {
                Ok(answer) => answer,
                Err(_) => return too_slow().into_response(),
            }
        };
        answer.unwrap_or_else(|panic| ApiError::internal(&panic_message(&*panic)).into_response())
    }
    .instrument(span.clone())
    .await;
    let response = finish(response, &id);
    api.metrics.request(&method, &route, response.status(), began.elapsed());
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), elapsed = ?began.elapsed(), "answered"));
    response
}

fn too_slow() -> ApiError {
    ApiError::new(Code::Timeout, "the server gave up waiting; a change may have been made all the same")
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

/// The caller's own id if it is short and plain, else a new one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(plain).map_or_else(|| ObjectId::new().to_hex(), str::to_owned)
}

/// Writes problems down and adds what every answer carries.
fn finish(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let allow = response.headers().get(header::ALLOW).cloned();
        let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| foreign(status));
        response = write(error, id);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE) {
        // What is left of the body is not read, so nothing more can come on this connection: without this word a client
        // sends its next request there and finds it closed.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// Refusals that axum itself makes, such as 405.
fn foreign(status: StatusCode) -> ApiError {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(Code::Method, "see the header `Allow`"),
        StatusCode::NOT_FOUND => ApiError::new(Code::NotFound, "there is nothing at this address"),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(Code::TooLarge, "the body is larger than the server takes"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::new(Code::MediaType, "send JSON"),
        StatusCode::REQUEST_TIMEOUT => too_slow(),
        status if status.is_client_error() => ApiError::new(Code::BadRequest, "the request cannot be read"),
        status => ApiError::internal(&format!("an answer with status {status} and without a reason")),
    }
}

fn write(mut error: ApiError, id: &str) -> Response {
    let status = error.code.status();
    let headers = std::mem::take(&mut error.headers);
    let body = serde_json::to_vec(&error.body(id)).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}
