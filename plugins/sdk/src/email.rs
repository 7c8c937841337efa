//! Sending e-mail as an identity that an operator has set up.

use crate::{Error, host};

pub use crate::bindings::sandglass::email::sender::{Attachment, Message, Priority, Receipt};

/// Sends a message. The label `identity` decides From, limits and allowed recipients; `default` is the usual one.
///
/// # Errors
/// `denied` for an identity or recipient that no grant covers, `invalid` for a malformed message, `unavailable` when
/// the mail server does not take it for now.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::email::{self, Message, Priority};
///
/// let message = Message {
///     to: vec!["ops@example.com".into()],
///     cc: Vec::new(),
///     bcc: Vec::new(),
///     reply_to: None,
///     subject: "3 orders wait".into(),
///     text: "Look at them.".into(),
///     html: None,
///     priority: Priority::Normal,
///     headers: Vec::new(),
///     attachments: Vec::new(),
/// };
/// let receipt = email::send("default", &message)?;
/// assert_eq!(receipt.accepted, ["ops@example.com"]);
/// assert_eq!(world.outbox()[0].1.subject, "3 orders wait");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
pub fn send(identity: &str, message: &Message) -> Result<Receipt, Error> {
    host::email::send(identity, message)
}
