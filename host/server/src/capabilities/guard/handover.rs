//! What the gate hands out against a permit: the connections to the outside, and what belongs to the attempt.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sandglass_database::Database;
use serde_json::Value;
use tokio::time::Instant;

use super::{Facts, Gate, Permit, Target};
use crate::capabilities::files::{self, Books, Journal};
use crate::capabilities::http;
use crate::capabilities::operation::{EMAIL_SEND, FILES_FINISH, HTTP_SEND};
use crate::capabilities::secrets::{Mask, unknown};
use crate::capabilities::{Bounds, EmailClient, ErrorKind, Folders, GateError, HttpClient, within};
use crate::model::{ExecutionId, Plaintext, SecretInfo, SecretLabel, grant};
use crate::repository::Secrets;

/// The end of a run waits so long for files to go; the executor gives up on one that takes a second to stop.
const FOR_REMOVAL: Duration = Duration::from_millis(400);

impl Gate {
    /// A database against a permit.
    ///
    /// # Errors
    /// `not-found` for a connection that is not configured.
    pub(in crate::capabilities) fn database(
        &self,
        _permit: &Permit,
        connection: &str,
    ) -> Result<Arc<dyn Database>, GateError> {
        self.shared.connections.get(connection).cloned().ok_or_else(|| {
            GateError::new(
                ErrorKind::NotFound,
                "unknown-connection",
                format!("no connection {connection:?}: an operator has to add [connections.{connection}]"),
            )
        })
    }

    pub(in crate::capabilities) fn http_bounds(&self) -> crate::capabilities::http::HttpBounds {
        self.shared.http.bounds
    }

    /// The largest thing that one call of this attempt may carry: the body of a request, or a message. 0 where no grant
    /// lets it send either.
    pub fn payload_bytes(&self) -> usize {
        let Some(grant) = self.grant() else { return 0 };
        let may = |capability: &str| {
            self.needs.iter().any(|need| need.capability == capability)
                && grant.rights.iter().any(|right| right.capability == capability)
        };
        let body = if may(HTTP_SEND.capability) { http::body_bound(self.http_bounds(), &grant.limits) } else { 0 };
        let message = if may(EMAIL_SEND.capability) { self.shared.email.message_bytes() } else { 0 };
        body.max(message)
    }

    pub(in crate::capabilities) fn http(&self, _permit: &Permit) -> HttpClient {
        self.shared.http.clone()
    }

    pub(in crate::capabilities) fn folders(&self, _permit: &Permit) -> Folders {
        self.shared.folders.clone()
    }

    /// The labels of all folders, by name.
    pub(in crate::capabilities) fn folder_labels(&self) -> Vec<String> {
        if self.is_closed { Vec::new() } else { self.shared.folders.labels() }
    }

    /// Where to note files that only a success may keep, if the template asks for that in this folder.
    pub(in crate::capabilities) fn journal(&mut self, folder: &dyn Target) -> Option<Arc<Journal>> {
        let parameters: Value = serde_json::from_str(&self.facts.parameters).unwrap_or(Value::Null);
        let asks = self.needs.iter().any(|need| {
            need.capability == FILES_FINISH.capability
                && FILES_FINISH.access.contains(&need.access.as_str())
                && files::asks_for_removal(need.extra.as_ref())
                && grant::scopes(&need.target, &parameters)
                    .iter()
                    .any(|scope| folder.is_in(scope, need.extra.as_ref(), &parameters))
        });
        asks.then(|| {
            let Facts { execution, job, attempt, digest, .. } = &self.facts;
            let begin = || {
                let (execution, job, attempt, digest) = (*execution, *job, *attempt, digest.clone());
                self.shared.folders.register.begin(files::Attempt { execution, job, attempt, digest })
            };
            Arc::clone(self.journal.get_or_insert_with(begin))
        })
    }

    /// The attempt is over: without success the files go that it may not keep. Waits a moment for that, then it goes on
    /// by itself.
    pub async fn end_files(&mut self, is_success: bool) {
        let Some(journal) = self.journal.take() else { return };
        let books = Books { audit: self.shared.audit.clone(), clock: self.shared.clock.clone() };
        let folders = self.shared.folders.clone();
        let settled = tokio::spawn(async move { folders.ended(journal, is_success, books).await });
        if tokio::time::timeout(FOR_REMOVAL, settled).await.is_err() {
            tracing::debug!(execution = %self.facts.execution, "the removal of files goes on after the end of the run");
        }
    }

    pub(in crate::capabilities) fn email(&self, _permit: &Permit) -> &EmailClient {
        &self.shared.email
    }

    pub(in crate::capabilities) fn execution(&self) -> ExecutionId {
        self.facts.execution
    }

    pub(in crate::capabilities) fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// No effect lasts beyond it.
    pub(in crate::capabilities) fn until(&self) -> Instant {
        self.facts.deadline
    }

    /// The store of secrets against a permit.
    pub(in crate::capabilities) fn secrets(&self, _permit: &Permit) -> Secrets {
        self.shared.secrets.clone()
    }

    /// The text of a secret, against the permit of what it is needed for. Masked from now on in all that is kept of the
    /// run.
    ///
    /// # Errors
    /// `not-found` when there is no such secret; those of the store.
    pub(in crate::capabilities) async fn open_secret(
        &mut self,
        permit: &Permit,
        label: &SecretLabel,
    ) -> Result<(SecretInfo, Plaintext), GateError> {
        let secrets = self.secrets(permit);
        let opened = within(self.remaining(), async { secrets.resolve(label).await.map_err(GateError::from) }).await?;
        let (info, text) = opened.ok_or_else(|| unknown(label))?;
        self.mask.add(&text);
        Ok((info, text))
    }

    /// Masks one more form of a secret that this attempt has opened.
    pub(in crate::capabilities) fn mask_also(&mut self, label: &SecretLabel, form: &str) {
        self.mask.add_form(label, form);
    }

    /// Takes the secrets that this attempt has opened out of what is kept of it.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    pub(in crate::capabilities) fn bounds(&self) -> &Bounds {
        &self.shared.bounds
    }
}
