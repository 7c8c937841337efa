//! The host's own requests: notifications and hooks. The same addresses, headers and records as for templates; a grant is
//! not asked for, since nobody but the person who wrote the job decides about them.

use std::sync::Arc;

use tokio::time::Instant;

use super::auth::Auth;
use super::redirect;
use super::request::{Hop, HttpRequest};
use crate::capabilities::gates::Shared;
use crate::capabilities::{ErrorKind, GateError};
use crate::model::audit::{EffectRecord, Usage, Verdict};
use crate::model::{Digest, ExecutionId, JobId};

/// Body of an answer that is kept.
const KEPT_BODY: usize = 65_536;

/// On whose behalf a request goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub execution: ExecutionId,
    pub job: JobId,
    pub attempt: u32,
    pub digest: Digest,
    /// As it stands in the audit record: `notification`, `pre-hook`, `post-hook`.
    pub purpose: &'static str,
}

/// An answer to the host.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB.
    pub body: Vec<u8>,
}

/// Sends the host's own requests.
pub struct HttpSender {
    shared: Arc<Shared>,
    origin: Origin,
}

impl HttpSender {
    pub(in crate::capabilities) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    /// Sends a request and reads the beginning of its answer.
    ///
    /// # Errors
    /// `denied` (a forbidden address), `invalid`, `limit`, `timeout`, `unavailable`. A status of 400 and above is none.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, GateError> {
        if !matches!(request.auth, Auth::None) {
            return Err(GateError::invalid("auth", "the host's own requests use no secrets of templates"));
        }
        let client = &self.shared.http;
        let timeout = request.timeout.unwrap_or(client.bounds.timeout);
        let follow = if request.follow_redirects { client.bounds.redirects } else { 0 };
        let wants_redirects = request.follow_redirects;
        let hop = Hop::new(request, client.bounds.body_bytes)?;
        let target = hop.url.origin().ascii_serialization();
        if let Err(error) = client.check_literal(&hop) {
            let reason = error.reason.to_owned();
            let record = self.record(&target, Verdict::Denied { reason });
            if let Err(error) = self.shared.audit.begin(record).await {
                tracing::error!(%error, execution = %self.origin.execution, "a denial could not be recorded");
            }
            return Err(error);
        }
        let id = self
            .shared
            .audit
            .begin(self.record(&target, Verdict::Started))
            .await
            .map_err(|error| GateError::new(ErrorKind::Unavailable, "audit-unavailable", error.to_string()))?;
        let since = Instant::now();
        let sent = hop.body.as_ref().map_or(0, |body| body.len() as u64);
        let outcome = tokio::time::timeout(timeout, self.follow(hop, wants_redirects, follow, timeout)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(GateError::new(ErrorKind::Timeout, "http-timeout", "the answer did not come in time"))
        });
        let usage = Usage {
            bytes_in: sent,
            bytes_out: outcome.as_ref().map_or(0, |answer| answer.body.len() as u64),
            items: 1,
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let verdict = match &outcome {
            Ok(_) => Verdict::Allowed,
            Err(error) => Verdict::Failed { error: error.reason.to_owned() },
        };
        self.shared.audit.complete(id, verdict, usage);
        outcome
    }

    async fn follow(
        &self,
        mut hop: Hop,
        wants_redirects: bool,
        follow: u32,
        timeout: std::time::Duration,
    ) -> Result<HttpResponse, GateError> {
        let mut left = follow;
        loop {
            let mut answer = self.shared.http.exchange(&hop, timeout).await?;
            let next = if wants_redirects { redirect::next(&hop, answer.status(), answer.headers())? } else { None };
            if let Some(next) = next {
                left = left
                    .checked_sub(1)
                    .ok_or_else(|| GateError::limit("redirects", format!("more than {follow} redirects")))?;
                hop = next;
                continue;
            }
            let mut body = Vec::new();
            while body.len() < KEPT_BODY
                && let Some(chunk) = answer.chunk().await.map_err(|error| super::client::explain(&error))?
            {
                body.extend(chunk.iter().take(KEPT_BODY - body.len()));
            }
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let headers = answer.headers().iter();
            let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
            return Ok(HttpResponse { status: answer.status().as_u16(), headers, body });
        }
    }

    fn record(&self, target: &str, verdict: Verdict) -> EffectRecord {
        EffectRecord {
            execution: self.origin.execution,
            job: self.origin.job,
            attempt: self.origin.attempt,
            digest: self.origin.digest.clone(),
            at: self.shared.clock.now(),
            capability: "http".to_owned(),
            operation: self.origin.purpose.to_owned(),
            target: target.to_owned(),
            verdict,
            usage: Usage::default(),
            calls: 1,
        }
    }
}
