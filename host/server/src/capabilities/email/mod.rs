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
mod stream;

pub use attachment::Attachment;
pub use client::{EmailClient, Receipt};
pub use identity::EmailSetupError;
pub use message::{EmailMessage, Priority};
pub use send::send;
pub use sender::EmailSender;
