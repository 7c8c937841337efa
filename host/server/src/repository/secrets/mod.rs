//! `sandglass_secrets`: texts by label, sealed with XChaCha20-Poly1305 under a key that never stands in the database.
//!
//! Label, version and permitted hosts are authenticated with each text, so that rows cannot be exchanged for one another
//! and the hosts of one cannot be widened by whoever can write to the database. One more row holds a known text: it tells
//! at start whether the key is the right one.

mod document;
mod key;
mod keyring;
mod rotation;
mod seal;
mod store;

#[cfg(test)]
mod tests;

pub use keyring::{KeyFileError, Keyring};
pub use rotation::{Rotated, rotate};
pub use store::{NewSecret, Secrets, SecretsError, delete, discard_all, list};

/// Name of the collection.
const COLLECTION: &str = "sandglass_secrets";
/// The row with the known text. No label: labels hold no colon.
const SELF_TEST: &str = "self:test";
