//! Rooms that must not know each other, plugged together.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use crate::capabilities::http::Auth;
use crate::capabilities::{EmailMessage, ErrorKind, Gates, Grants, HttpRequest};
use crate::executor::{Deliver, EffectsSeen, HttpAnswer, HttpCall, Message, Undelivered};
use crate::model::grant::Grant;
use crate::model::{Digest, ExecutionId};
use crate::registry::Templates;
use crate::repository::audit::{Audit, AuditError};

/// As whom Sandglass writes about runs.
const IDENTITY: &str = "default";

/// Hooks and notifications go through the gate: the same addresses, and on record.
pub(super) struct Post(pub(super) Gates);

#[async_trait]
impl Deliver for Post {
    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, String> {
        let mut headers: Vec<(String, String)> = call.headers.into_iter().collect();
        let missing = |name: &str, headers: &[(String, String)]| {
            !headers.iter().any(|(there, _)| there.eq_ignore_ascii_case(name))
        };
        if call.body.is_some() && missing("content-type", &headers) {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        headers.push(("Idempotency-Key".into(), call.idempotency_key));
        if missing("user-agent", &headers) {
            headers.push(("User-Agent".into(), concat!("Sandglass/", env!("CARGO_PKG_VERSION")).into()));
        }
        let request = HttpRequest {
            method: call.method,
            url: call.url,
            headers,
            body: call.body.map(|body| body.to_string().into_bytes()),
            timeout: Some(call.timeout),
            follow_redirects: false,
            auth: Auth::None,
        };
        let answer = self.0.http(call.origin).send(request).await.map_err(|error| error.to_string())?;
        Ok(HttpAnswer { status: answer.status })
    }

    async fn email(&self, message: Message) -> Result<(), Undelivered> {
        let Message { origin, to, subject, text, html, idempotency_key, timeout } = message;
        let mail = EmailMessage { to: vec![to], subject, text, html: Some(html), ..EmailMessage::default() };
        let key = format!("{idempotency_key}.notification");
        match self.0.email(origin).send(IDENTITY, &key, mail, timeout).await {
            Ok(_) => Ok(()),
            Err(error) if error.reason == "outcome-unknown" => Err(Undelivered::ForGood(error.to_string())),
            Err(error) => Err(match error.kind {
                ErrorKind::Timeout | ErrorKind::Unavailable => Undelivered::ForNow(error.to_string()),
                _ => Undelivered::ForGood(error.to_string()),
            }),
        }
    }
}

/// What the audit shows of an attempt whose end nobody stored.
pub(super) struct Traces(pub(super) Audit);

#[async_trait]
impl EffectsSeen for Traces {
    async fn any_write(&self, execution: ExecutionId, attempt: u32) -> sandglass_database::Result<bool> {
        match self.0.may_have_written(execution, attempt).await {
            Ok(seen) => Ok(seen),
            Err(AuditError::Database(error)) => Err(error),
            Err(error) => Err(sandglass_database::Error::Corrupted { message: error.to_string() }),
        }
    }
}

/// The grants that the registry keeps; the gate exists before the registry does.
#[derive(Default)]
pub(super) struct GrantsInForce(OnceLock<Arc<Templates>>);

impl GrantsInForce {
    pub(super) fn follow(&self, templates: Arc<Templates>) {
        // Called once, while the app is put together.
        drop(self.0.set(templates));
    }
}

impl Grants for GrantsInForce {
    fn grant_for(&self, template_type: &str, digest: &Digest) -> Option<Arc<Grant>> {
        self.0.get()?.grant_for(template_type, digest)
    }
}
