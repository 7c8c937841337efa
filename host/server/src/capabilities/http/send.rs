//! A template's request: gate, quota and record at every hop.

use std::time::Duration;

use tokio::time::Instant;

use super::auth::Auth;
use super::client::{HttpBounds, HttpClient};
use super::pattern::HttpTarget;
use super::redirect;
use super::request::{Hop, HttpRequest};
use super::response::Response;
use crate::capabilities::documents::refused;
use crate::capabilities::guard::{Gate, Target as _};
use crate::capabilities::operation::{HTTP_GET, HTTP_SEND, Operation};
use crate::capabilities::{ErrorKind, GateError};
use crate::model::audit::Usage;
use crate::model::grant::Limits;

/// How long a request may take that does not say so.
const UNASKED: Duration = Duration::from_secs(30);

/// Sends a request and waits for the headers of the answer.
///
/// # Errors
/// `denied` (no grant, or a forbidden address), `invalid` (address or header), `limit`, `timeout`, `unavailable`.
pub async fn send(gate: &mut Gate, request: HttpRequest) -> Result<Response, GateError> {
    let operation = if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") { &HTTP_GET } else { &HTTP_SEND };
    let bounds = gate.http_bounds();
    let limits = gate.limits();
    let lower = |bound: u64, granted: Option<u64>| granted.map_or(bound, |granted| granted.min(bound));
    let most_requests = lower(bounds.requests, limits.http_requests);
    let body_bound = body_bound(bounds, &limits);
    let timeout = request.timeout.unwrap_or(UNASKED).min(bounds.timeout);
    let until = Instant::now() + timeout;
    let follow = if request.follow_redirects { bounds.redirects } else { 0 };
    let wants_redirects = request.follow_redirects;
    let mut auth = request.auth.clone();

    let mut hop = match Hop::new(request, body_bound) {
        Ok(hop) => hop,
        Err(error) => return Err(refused(gate, operation, "", error).await),
    };
    if let Err(error) = auth.check(&hop.headers) {
        return Err(refused(gate, operation, "", error).await);
    }
    for left in (0..=follow).rev() {
        let operation = if hop.is_safe() { &HTTP_GET } else { operation };
        let Some(target) = HttpTarget::of(&hop.url, hop.method.as_str()) else {
            return Err(GateError::invalid("url", "the URL has no host"));
        };
        let permit = gate.pass(operation, &target).await?;
        let client = gate.http(&permit);
        if let Err(error) = client.check_literal(&hop) {
            gate.refuse(operation, target.name(), &error).await;
            return Err(error);
        }
        if gate.http_requests >= most_requests {
            let error = GateError::limit("request-limit", format!("at most {most_requests} requests a run"));
            gate.refuse(operation, target.name(), &error).await;
            return Err(error);
        }
        gate.http_requests += 1;
        let signed = auth.sign(gate, &target, &hop).await?;
        let answer = exchange(gate, &permit, &client, operation, &signed, &target, until).await?;
        let next = if wants_redirects { redirect::next(&hop, answer.status(), answer.headers()) } else { Ok(None) };
        match next {
            Ok(None) => return Response::new(answer, target, body_bound, until),
            Ok(Some(next)) if left > 0 => {
                if next.url.origin() != hop.url.origin() {
                    auth = Auth::None;
                }
                hop = next;
            }
            Ok(Some(_)) => {
                return Err(GateError::limit("redirects", format!("more than {follow} redirects")));
            }
            Err(error) => {
                gate.refuse(operation, target.name(), &error).await;
                return Err(error);
            }
        }
    }
    Err(GateError::limit("redirects", "too many redirects"))
}

/// The largest body: what the configuration allows, or less where the grant says so.
pub(in crate::capabilities) fn body_bound(bounds: HttpBounds, limits: &Limits) -> usize {
    let granted = limits.http_body_bytes.and_then(|granted| usize::try_from(granted).ok());
    granted.map_or(bounds.body_bytes, |granted| granted.min(bounds.body_bytes))
}

async fn exchange(
    gate: &mut Gate,
    permit: &crate::capabilities::guard::Permit,
    client: &HttpClient,
    operation: &'static Operation,
    hop: &Hop,
    target: &HttpTarget,
    until: Instant,
) -> Result<reqwest::Response, GateError> {
    let since = Instant::now();
    let left = until.saturating_duration_since(since).min(gate.remaining());
    if left.is_zero() {
        return Err(GateError::new(ErrorKind::Timeout, "http-timeout", "no time is left for the request"));
    }
    let usage = Usage { bytes_in: hop.body.as_ref().map_or(0, |body| body.len() as u64), items: 1, ..Usage::default() };
    let answer = if hop.is_safe() {
        let answer = client.exchange(hop, left).await;
        gate.note(operation, target.name(), usage, since);
        answer
    } else {
        let ticket = gate.begin(permit, operation, target.name()).await?;
        let answer = client.exchange(hop, left).await;
        gate.complete(&ticket, usage, answer.as_ref().err());
        answer
    };
    if let Err(error) = &answer
        && error.kind == ErrorKind::Denied
    {
        gate.refuse(operation, target.name(), error).await;
    }
    answer
}
