//! Who this server is at an object store. The key signs requests and never leaves the machine.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use zeroize::Zeroizing;

use crate::capabilities::secrets::unknown;
use crate::capabilities::{ErrorKind, GateError};
use crate::model::SecretLabel;
use crate::repository::Secrets;

/// Where the secret half of a key is.
pub(in super::super) enum SecretKey {
    Configured(Zeroizing<String>),
    Stored(SecretLabel),
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Configured(_) => f.write_str("configured"),
            Self::Stored(label) => write!(f, "[secret {label}]"),
        }
    }
}

/// A key as it is at the moment of a request: one that was set anew is used at once.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) folder: String,
    pub(super) access_key_id: String,
    pub(super) secret_key: SecretKey,
    /// None: nothing stored can be opened here.
    pub(super) secrets: Option<Opener>,
}

/// The stored secrets, without a look into them.
#[derive(Clone)]
pub(super) struct Opener(pub(super) Secrets);

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secrets")
    }
}

impl Credentials {
    /// # Errors
    /// When the secret that the configuration names is not there or cannot be opened.
    pub(super) async fn find(&self) -> Result<AwsCredential, GateError> {
        let secret_key = match &self.secret_key {
            SecretKey::Configured(text) => text.to_string(),
            SecretKey::Stored(label) => {
                let opened = match &self.secrets {
                    Some(Opener(secrets)) => secrets.resolve(label).await?,
                    None => None,
                };
                let (_, text) = opened.ok_or_else(|| self.missing(label))?;
                text.to_string()
            }
        };
        Ok(AwsCredential { key_id: self.access_key_id.clone(), secret_key, token: None })
    }

    /// Somebody may set it soon: to try again later is right.
    fn missing(&self, label: &SecretLabel) -> GateError {
        let what =
            format!("folders.{}.secret_access_key_secret is {label}, and {}", self.folder, unknown(label).message);
        GateError::new(ErrorKind::Unavailable, "no-key", what)
    }
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let found = self.find().await;
        found.map(Arc::new).map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })
    }
}
