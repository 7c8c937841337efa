//! What the executor needs of rooms it must not know. `app.rs` plugs them in.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::capabilities::Origin;
use crate::model::template::OnLost;
use crate::model::{Digest, ExecutionId};

/// A request that Sandglass itself makes for a run: a hook or a notification.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCall {
    pub origin: Origin,
    pub method: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
    /// The same for every repetition of the same message.
    pub idempotency_key: String,
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
}

/// An e-mail about an ended run.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub origin: Origin,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The same for every repetition of the same message.
    pub idempotency_key: String,
    pub timeout: Duration,
}

/// A message that did not go out, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// Another try may succeed.
    ForNow(String),
    /// It would not, or it could bring the message twice.
    ForGood(String),
}

/// Carries hooks and notifications out, past the gate.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// # Errors
    /// In words: why no answer came. An answer with any status is no error.
    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, String>;

    /// # Errors
    /// Why it did not go out; also when no e-mail is set up.
    async fn email(&self, message: Message) -> Result<(), Undelivered>;
}

/// What may run: the registry's answer.
pub trait Templates: Send + Sync + 'static {
    /// The digest to run for a job of this type that carries `digest`.
    ///
    /// # Errors
    /// Why it is not ready: missing, not granted, waiting for approval.
    fn ready(&self, template_type: &str, digest: Option<&Digest>) -> Result<Digest, String>;

    /// What the template wants done with an attempt whose host died.
    fn on_lost(&self, digest: &Digest) -> OnLost;
}

/// What the audit shows of an attempt.
#[async_trait]
pub trait EffectsSeen: Send + Sync + 'static {
    /// Whether the attempt may have had a write effect.
    ///
    /// # Errors
    /// When the audit cannot be read.
    async fn any_write(&self, execution: ExecutionId, attempt: u32) -> sandglass_database::Result<bool>;
}
