//! The connector: a message out by an identity's server, over a connection that may serve several. Decides nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::compose::{self, Frame};
use super::conversation::{Conversation, Delivery, Envelope, is_reusable_after};
use super::fault::{Fault, Verb};
use super::identity::{EmailSetupError, Identities, Identity, unknown};
use super::message::Draft;
use super::sign_in::Proof;
use crate::capabilities::{ErrorKind, GateError, within};
use crate::config;
use crate::repository::Secrets;

/// What the mail server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// In angle brackets.
    pub message_id: String,
    pub accepted: Vec<String>,
    /// Each with the server's answer.
    pub refused: Vec<(String, String)>,
}

/// Identities and their connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct EmailClient(Arc<BTreeMap<String, Arc<Post>>>);

/// An identity with its connections.
pub(super) struct Post {
    pub(super) identity: Arc<Identity>,
    slots: Semaphore,
    idle: Mutex<Vec<Idle>>,
    idle_for: Duration,
}

struct Idle {
    conversation: Conversation,
    /// Of the password it was opened with.
    version: i64,
    since: Instant,
}

/// A message that may go out.
pub(super) struct Parcel {
    envelope: Envelope,
    message_id: String,
}

impl EmailClient {
    /// Reads the identities.
    ///
    /// # Errors
    /// The key at fault.
    pub fn new(settings: &config::Email) -> Result<Self, EmailSetupError> {
        let identities = Identities::new(settings)?;
        let post = |(label, identity): (&String, &Arc<Identity>)| {
            let post = Post {
                identity: identity.clone(),
                slots: Semaphore::new(settings.connections),
                idle: Mutex::new(Vec::new()),
                idle_for: Duration::from_secs(settings.idle_seconds),
            };
            (label.clone(), Arc::new(post))
        };
        Ok(Self(Arc::new(identities.iter().map(post).collect())))
    }

    /// Whether mail can be sent as `identity`.
    pub fn has(&self, identity: &str) -> bool {
        self.0.contains_key(identity)
    }

    /// The largest message that an identity takes, in bytes before it is encoded; 0 without identities.
    pub(in crate::capabilities) fn message_bytes(&self) -> usize {
        self.0.values().map(|post| post.identity.bounds.bytes).max().unwrap_or(0)
    }

    /// What would keep identities from signing in by their secrets at this moment, one sentence each.
    pub async fn sign_in_faults(&self, secrets: &Secrets) -> Vec<String> {
        let mut faults = Vec::new();
        for post in self.0.values() {
            if let Err(error) = post.proof(secrets).await {
                faults.push(error.message);
            }
        }
        faults
    }

    /// # Errors
    /// `not-found`.
    pub(super) fn post(&self, label: &str) -> Result<Arc<Post>, GateError> {
        self.0.get(label).cloned().ok_or_else(|| unknown(label))
    }
}

impl Post {
    /// Puts a message together.
    ///
    /// # Errors
    /// `internal`.
    pub(super) fn pack(&self, draft: &Draft, number: &str, date: DateTime<Utc>) -> Result<Parcel, GateError> {
        let Identity { from, reply_to, .. } = &*self.identity;
        let message_id = format!("<{number}@{}>", from.address.domain());
        let frame = Frame { from, reply_to: reply_to.as_ref(), message_id: &message_id, date };
        let content = compose::compose(draft, &frame)?;
        let to = draft.recipients().iter().map(compose::address).collect::<Result<_, _>>()?;
        Ok(Parcel { envelope: Envelope { from: compose::address(&from.address)?, to, content }, message_id })
    }

    /// Sends it, signed in with what stands in the configuration or in `secrets` at this moment.
    ///
    /// # Errors
    /// Those of the secret that the identity names; see [`Fault`]: what the server said, or that it is not known.
    pub(super) async fn send(
        self: &Arc<Self>,
        parcel: &Parcel,
        secrets: &Secrets,
        until: Instant,
    ) -> Result<Receipt, GateError> {
        let left = until.saturating_duration_since(Instant::now());
        let _slot = match tokio::time::timeout(left, self.slots.acquire()).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) => return Err(GateError::new(ErrorKind::Internal, "closed", "the host sends no more mail")),
            Err(_) => return Err(Fault::Slow { verb: Verb::Connect, limit: left }.into()),
        };
        let proof = within(until.saturating_duration_since(Instant::now()), self.proof(secrets)).await?;
        let sent = match self.deliver(&parcel.envelope, &proof, until).await {
            Ok(Delivery { accepted, refused }) => {
                let refused = refused.into_iter().map(|(to, answer)| (to, answer.to_string())).collect();
                Ok(Receipt { message_id: parcel.message_id.clone(), accepted, refused })
            }
            Err(fault) => Err(fault.into()),
        };
        proof.masked(sent)
    }

    async fn proof(&self, secrets: &Secrets) -> Result<Proof, GateError> {
        let Identity { server, label, .. } = &*self.identity;
        match &server.sign_in {
            Some(sign_in) => sign_in.proof(secrets, label, (&server.host, server.port)).await,
            None => Ok(Proof::default()),
        }
    }

    async fn deliver(self: &Arc<Self>, envelope: &Envelope, proof: &Proof, until: Instant) -> Result<Delivery, Fault> {
        if let Some(conversation) = self.take(proof.version) {
            match self.converse(conversation, envelope, proof.version, until).await {
                // It was closed while it lay there: nothing has been said about this message yet.
                Err(fault) if fault.is_stale() => {}
                outcome => return outcome,
            }
        }
        let conversation = Conversation::open(&self.identity.server, proof.credentials.as_ref(), until).await?;
        self.converse(conversation, envelope, proof.version, until).await
    }

    async fn converse(
        self: &Arc<Self>,
        mut conversation: Conversation,
        envelope: &Envelope,
        version: i64,
        until: Instant,
    ) -> Result<Delivery, Fault> {
        let outcome = conversation.deliver(envelope, until).await;
        let is_ready = match &outcome {
            Ok(_) => true,
            Err(fault) => is_reusable_after(fault) && conversation.reset(until).await,
        };
        if is_ready {
            self.keep(conversation, version);
        }
        outcome
    }

    /// The connection that was used last, unless it was signed in with another password: that one, and others, may end.
    fn take(&self, version: i64) -> Option<Conversation> {
        let mut idle = self.idle.lock();
        let place = idle.iter().rposition(|one| one.version == version)?;
        let last = idle.remove(place);
        (last.since.elapsed() < self.idle_for).then_some(last.conversation)
    }

    fn keep(self: &Arc<Self>, conversation: Conversation, version: i64) {
        if self.idle_for.is_zero() {
            tokio::spawn(conversation.close());
            return;
        }
        self.idle.lock().push(Idle { conversation, version, since: Instant::now() });
        tokio::spawn(end_when_idle(Arc::downgrade(self), self.idle_for));
    }

    fn expired(&self) -> Vec<Conversation> {
        let mut idle = self.idle.lock();
        let (old, young) = idle.drain(..).partition(|one| one.since.elapsed() >= self.idle_for);
        *idle = young;
        old.into_iter().map(|one: Idle| one.conversation).collect()
    }
}

impl Parcel {
    pub(super) fn size_bytes(&self) -> u64 {
        self.envelope.content.len() as u64
    }
}

/// Closes what nobody has used for a while.
async fn end_when_idle(post: Weak<Post>, idle_for: Duration) {
    tokio::time::sleep(idle_for).await;
    let Some(post) = post.upgrade() else { return };
    for conversation in post.expired() {
        conversation.close().await;
    }
}
