//! How an identity signs in at its server: a name, and a password from the configuration or from the secrets.
//!
//! A secret is opened for each message, so that a new one holds from the next message on. Where its text might come back
//! in an answer of the server, it is masked before anybody sees it.

use lettre::transport::smtp::authentication::Credentials;
use zeroize::Zeroizing;

use super::client::Receipt;
use crate::capabilities::http::host_pattern_covers;
use crate::capabilities::secrets::{Mask, unknown};
use crate::capabilities::{ErrorKind, GateError};
use crate::model::{Plaintext, SecretInfo, SecretLabel};
use crate::repository::Secrets;

/// What stands for a password of the configuration where it is masked.
const CONFIGURED: &str = "email-password";

/// Name and source of the password.
pub(super) struct SignIn {
    pub(super) username: String,
    pub(super) password: Password,
}

pub(super) enum Password {
    /// As it stands in the configuration or in the file that it names.
    Configured(Zeroizing<String>),
    /// By its label among the secrets.
    Secret(SecretLabel),
}

/// What one message signs in with; nothing where its server asks for nothing.
#[derive(Default)]
pub(super) struct Proof {
    pub(super) credentials: Option<Credentials>,
    /// Tells the passwords of one identity apart: a conversation that was opened with another one is not used again.
    pub(super) version: i64,
    mask: Mask,
}

impl SignIn {
    /// Opens the password, for the server `host:port` of the identity `identity`.
    ///
    /// # Errors
    /// `not-found` when there is no such secret, `denied` when it may not go to this server; those of the store.
    pub(super) async fn proof(
        &self,
        secrets: &Secrets,
        identity: &str,
        (host, port): (&str, u16),
    ) -> Result<Proof, GateError> {
        let (version, text) = match &self.password {
            Password::Configured(text) => (0, masked_as_configured(text)),
            Password::Secret(label) => {
                let opened = secrets.resolve(label).await?;
                let (info, text) = opened.ok_or_else(|| missing(identity, label))?;
                may_go(&info, identity, host, port)?;
                (info.version, Some(text))
            }
        };
        let mut mask = Mask::default();
        text.iter().for_each(|text| mask.add(text));
        let password = match (&self.password, &text) {
            (Password::Configured(text), _) => text.as_str().to_owned(),
            (Password::Secret(_), Some(text)) => (**text).to_owned(),
            (Password::Secret(label), None) => return Err(missing(identity, label)),
        };
        Ok(Proof { credentials: Some(Credentials::new(self.username.clone(), password)), version, mask })
    }
}

impl Proof {
    /// What came of a message, without the password.
    pub(super) fn masked(&self, sent: Result<Receipt, GateError>) -> Result<Receipt, GateError> {
        let sent = sent.map_err(|error| self.mask.error(error))?;
        let refused = sent.refused.into_iter().map(|(to, answer)| (to, self.mask.text(&answer).into_owned())).collect();
        Ok(Receipt { refused, ..sent })
    }
}

fn masked_as_configured(text: &Zeroizing<String>) -> Option<Plaintext> {
    // A constant that is a label.
    CONFIGURED.parse().ok().map(|label| Plaintext::new(label, text.clone()))
}

fn missing(identity: &str, label: &SecretLabel) -> GateError {
    let GateError { kind, reason, message, .. } = unknown(label);
    GateError::new(kind, reason, format!("email.identities.{identity}.password_secret is {label}, and {message}"))
}

fn may_go(info: &SecretInfo, identity: &str, host: &str, port: u16) -> Result<(), GateError> {
    if info.hosts.is_empty() || info.hosts.iter().any(|pattern| host_pattern_covers(pattern, host, port)) {
        return Ok(());
    }
    Err(GateError::new(
        ErrorKind::Denied,
        "secret-host",
        format!(
            "email.identities.{identity}.password_secret is {label}, which may be sent to {hosts} only, not to the mail \
             server {host}:{port}; an administrator can set it anew with {host} among its `hosts`",
            label = info.label,
            hosts = info.hosts.join(", "),
        ),
    ))
}
