//! Sending e-mail as an identity that an operator has set up.

use crate::{Error, host};

pub use crate::bindings::sandglass::email::sender::{Attachment, Message, Priority, Receipt};

/// Sends a message. The label `identity` decides From, limits and allowed recipients; `default` is the usual one.
///
/// # Errors
/// `denied` for an identity or recipient that no grant covers, `invalid` for a malformed message, `unavailable` when
/// the mail server does not take it for now.
pub fn send(identity: &str, message: &Message) -> Result<Receipt, Error> {
    host::email::send(identity, message)
}
