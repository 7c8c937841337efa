//! Mail: the contract's `sandglass:email`.
//!
//! Policy (addresses, recipients, headers, attachments, sizes) is pure and stands in files of its own; it is asked before
//! the mail library sees anything, for that library panics on a line end in a name and takes an address that begins with
//! `-`. Who a message is from, by which server it goes and whom it may reach is the identity's, from the configuration.

mod address;
mod attachment;
mod client;
mod compose;
mod conversation;
mod fault;
mod header;
mod identity;
mod line;
mod message;
mod recipients;
mod send;
mod sender;
mod sign_in;
mod stream;

pub use address::AddressFault;
pub use attachment::Attachment;
pub use client::{EmailClient, Receipt};
pub use identity::EmailSetupError;
pub use message::{EmailMessage, Priority};
pub use recipients::check_recipients;
pub use send::send;
pub use sender::EmailSender;

/// Checks an address, `name@example.com` or `Name <name@example.com>`, as it is checked before mail goes there.
///
/// # Errors
/// What is wrong with it, to be put behind the address.
pub fn check_address(text: &str) -> Result<(), AddressFault> {
    address::Mailbox::parse(text).map(drop)
}
