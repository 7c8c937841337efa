//! The host's own mail: notifications about runs. The same rules and records as for templates; a grant is not asked
//! for, since nobody but the person who wrote the job decides about them.

use std::sync::Arc;

use tokio::time::Instant;

use super::client::Receipt;
use super::message::{Draft, EmailMessage};
use crate::capabilities::gates::Shared;
use crate::capabilities::{ErrorKind, GateError, Origin};
use crate::model::audit::{EffectRecord, Usage, Verdict};

/// Sends the host's own mail.
pub struct EmailSender {
    shared: Arc<Shared>,
    origin: Origin,
}

impl EmailSender {
    pub(in crate::capabilities) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    /// Sends a message as an identity. `key` becomes its Message-ID: the same for every repetition.
    ///
    /// # Errors
    /// As [`send`](super::send()), without the gate's.
    pub async fn send(
        &self,
        label: &str,
        key: &str,
        message: EmailMessage,
        timeout: std::time::Duration,
    ) -> Result<Receipt, GateError> {
        let draft = Draft::new(message)?;
        let post = self.shared.email.post(label)?;
        if let Err(error) = post.identity.admits(&draft) {
            let reason = error.reason.to_owned();
            if let Err(error) = self.shared.audit.begin(self.record(label, Verdict::Denied { reason })).await {
                tracing::error!(%error, execution = %self.origin.execution, "a denial could not be recorded");
            }
            return Err(error);
        }
        let parcel = post.pack(&draft, key, self.shared.clock.now())?;
        let id = self
            .shared
            .audit
            .begin(self.record(label, Verdict::Started))
            .await
            .map_err(|error| GateError::new(ErrorKind::Unavailable, "audit-unavailable", error.to_string()))?;
        let since = Instant::now();
        let sent = post.send(&parcel, &self.shared.secrets, since + timeout).await;
        let usage = Usage {
            bytes_in: parcel.size_bytes(),
            items: sent.as_ref().map_or(0, |receipt| receipt.accepted.len() as u64),
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..Usage::default()
        };
        let verdict = match &sent {
            Ok(_) => Verdict::Allowed,
            Err(error) => Verdict::Failed { error: error.reason.to_owned() },
        };
        self.shared.audit.complete(id, verdict, usage);
        sent
    }

    fn record(&self, label: &str, verdict: Verdict) -> EffectRecord {
        EffectRecord {
            execution: self.origin.execution,
            job: self.origin.job,
            attempt: self.origin.attempt,
            digest: self.origin.digest.clone(),
            at: self.shared.clock.now(),
            capability: "email".to_owned(),
            operation: self.origin.purpose.to_owned(),
            target: label.to_owned(),
            verdict,
            usage: Usage::default(),
            calls: 1,
        }
    }
}
