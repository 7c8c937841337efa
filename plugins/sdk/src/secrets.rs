//! Secrets by label. A handle is enough for HTTP; seeing the text is a right of its own.

use crate::{Error, host};

/// A handle for one secret. Its text stays with the host.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.secret("shop-token", "s3cret");
/// use sandglass_sdk::secrets::Secret;
///
/// // Enough for `http::Auth`: the template never sees the text.
/// let token = Secret::get("shop-token")?;
/// # drop(token);
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Secret {
    handle: host::secrets::Secret,
}

impl Secret {
    /// The secret of that label.
    ///
    /// # Errors
    /// `denied` when no grant covers it, `not-found` when it does not exist.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.secret("shop-token", "s3cret");
    /// use sandglass_sdk::secrets::Secret;
    ///
    /// assert!(Secret::get("shop-token").is_ok());
    /// assert_eq!(Secret::get("other").unwrap_err().reason, "unknown-secret");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn get(label: &str) -> Result<Self, Error> {
        host::secrets::get(label).map(|handle| Self { handle })
    }

    /// The text. Needs the access `reveal`, which is rarely granted. Never log or return it.
    ///
    /// # Errors
    /// `denied` when no grant covers it.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.secret("shop-token", "s3cret");
    /// use sandglass_sdk::secrets::Secret;
    ///
    /// assert_eq!(Secret::get("shop-token")?.reveal()?, "s3cret");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn reveal(&self) -> Result<String, Error> {
        host::secrets::plaintext(&self.handle)
    }

    pub(crate) fn handle(&self) -> &host::secrets::Secret {
        &self.handle
    }
}
