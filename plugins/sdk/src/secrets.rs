//! Secrets by label. A handle is enough for HTTP; seeing the text is a right of its own.

use crate::{Error, host};

/// A handle for one secret. Its text stays with the host.
#[derive(Debug)]
pub struct Secret {
    handle: host::secrets::Secret,
}

impl Secret {
    /// The secret of that label.
    ///
    /// # Errors
    /// `denied` when no grant covers it, `not-found` when it does not exist.
    pub fn get(label: &str) -> Result<Self, Error> {
        host::secrets::get(label).map(|handle| Self { handle })
    }

    /// The text. Needs the access `reveal`, which is rarely granted. Never log or return it.
    ///
    /// # Errors
    /// `denied` when no grant covers it.
    pub fn reveal(&self) -> Result<String, Error> {
        host::secrets::plaintext(&self.handle)
    }

    pub(crate) fn handle(&self) -> &host::secrets::Secret {
        &self.handle
    }
}
