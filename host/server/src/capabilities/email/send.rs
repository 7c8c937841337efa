//! A template's message: gate, rules of the identity, record, mail server.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::address::Address;
use super::client::Receipt;
use super::message::{Draft, EmailMessage};
use super::recipients;
use crate::capabilities::GateError;
use crate::capabilities::guard::{Gate, Target};
use crate::capabilities::operation::EMAIL_SEND;
use crate::model::audit::Usage;
use crate::model::grant::{Scope, fits};

const LONGEST_LABEL: usize = 200;

/// An identity, and whom mail from it would reach.
struct IdentityTarget {
    label: String,
    recipients: Vec<Address>,
    /// Tells sets of recipients apart.
    variant: String,
}

impl IdentityTarget {
    fn new(label: &str, recipients: Vec<Address>) -> Self {
        let label = label.chars().take(LONGEST_LABEL).collect();
        let joined: Vec<String> = recipients.iter().map(Address::to_string).collect();
        let variant = Sha256::digest(joined.join(",").as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { label, recipients, variant }
    }
}

impl Target for IdentityTarget {
    fn name(&self) -> &str {
        &self.label
    }

    fn variant(&self) -> &str {
        &self.variant
    }

    fn extra(&self) -> Option<Value> {
        let addresses: Vec<String> = self.recipients.iter().map(Address::to_string).collect();
        (!addresses.is_empty()).then(|| serde_json::json!({ "recipients": addresses }))
    }

    fn is_in(&self, scope: &Scope, extra: Option<&Value>, _parameters: &Value) -> bool {
        let is_named = match scope {
            Scope::Pattern(pattern) => fits(pattern, &self.label),
            Scope::Literal(label) => *label == self.label,
        };
        is_named && recipients::extra_covers(extra, &self.recipients)
    }
}

/// Sends a message as an identity.
///
/// # Errors
/// `denied` (no grant, or a recipient that is not allowed), `invalid` (a field, or a server that says no for good),
/// `limit`, `timeout`, `unavailable` (a server that says no for now; also `outcome-unknown`, when it took the message and
/// did not say what became of it).
pub async fn send(gate: &mut Gate, label: &str, message: EmailMessage) -> Result<Receipt, GateError> {
    let checked = Draft::new(message);
    let recipients = checked.as_ref().map(Draft::recipients).unwrap_or_default();
    let target = IdentityTarget::new(label, recipients);
    let permit = gate.pass(&EMAIL_SEND, &target).await?;
    let admitted = checked.and_then(|draft| {
        let post = gate.email(&permit).post(&target.label)?;
        post.identity.admits(&draft)?;
        let most = post.identity.messages;
        if gate.emails >= most {
            return Err(GateError::limit("message-limit", format!("at most {most} messages a run")));
        }
        Ok((post, draft))
    });
    let (post, draft) = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            gate.refuse(&EMAIL_SEND, target.name(), &error).await;
            return Err(error);
        }
    };
    gate.emails += 1;
    // The same in every attempt, so that a message that comes twice can be known by it.
    let number = format!("{}.{}", gate.execution(), gate.emails);
    let parcel = post.pack(&draft, &number, gate.now())?;
    drop(draft);
    let ticket = gate.begin(&permit, &EMAIL_SEND, target.name()).await?;
    let sent = post.send(&parcel, &gate.secrets(&permit), gate.until()).await;
    let items = sent.as_ref().map_or(0, |receipt| receipt.accepted.len() as u64);
    let usage = Usage { bytes_in: parcel.size_bytes(), items, ..Usage::default() };
    gate.complete(&ticket, usage, sent.as_ref().err());
    sent
}
