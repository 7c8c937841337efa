//! Handles: given out against a right, and asked about again at each use.

use tokio::time::Instant;

use crate::capabilities::guard::{Gate, Target};
use crate::capabilities::http::HttpTarget;
use crate::capabilities::operation::{SECRETS_GET, SECRETS_REVEAL};
use crate::capabilities::{ErrorKind, GateError, within};
use crate::model::audit::Usage;
use crate::model::grant::{Scope, fits};
use crate::model::{Plaintext, SecretInfo, SecretLabel};

/// One secret, as it is at the time of use. Holds its label only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHandle {
    label: SecretLabel,
}

/// A label, as rights name it.
pub(in crate::capabilities) struct SecretTarget<'a>(pub(in crate::capabilities) &'a str);

impl Target for SecretTarget<'_> {
    fn name(&self) -> &str {
        self.0
    }

    fn is_in(&self, scope: &Scope, _extra: Option<&serde_json::Value>, _parameters: &serde_json::Value) -> bool {
        match scope {
            Scope::Pattern(pattern) => fits(pattern, self.0),
            Scope::Literal(label) => label == self.0,
        }
    }
}

/// The handle of a label.
///
/// # Errors
/// Those of the gate; `invalid` for a text that is no label, `not-found` when there is no such secret.
pub async fn get(gate: &mut Gate, label: &str) -> Result<SecretHandle, GateError> {
    let shown: String = label.chars().take(200).collect();
    let permit = gate.pass(&SECRETS_GET, &SecretTarget(&shown)).await?;
    let since = Instant::now();
    let label: SecretLabel = label
        .parse()
        .map_err(|error| GateError::invalid("secret-label", format!("{shown:?} is no label of a secret: {error}")))?;
    let secrets = gate.secrets(&permit);
    let found = within(gate.remaining(), async { secrets.info(&label).await.map_err(GateError::from) }).await?;
    gate.note(&SECRETS_GET, label.as_str(), Usage { items: 1, ..Usage::default() }, since);
    if found.is_none() {
        return Err(unknown(&label));
    }
    Ok(SecretHandle { label })
}

/// The text itself.
///
/// # Errors
/// Those of the gate; `not-found` when it was deleted meanwhile.
pub async fn reveal(gate: &mut Gate, handle: &SecretHandle) -> Result<Plaintext, GateError> {
    let permit = gate.pass(&SECRETS_REVEAL, &SecretTarget(handle.label.as_str())).await?;
    let since = Instant::now();
    let (_, text) = gate.open_secret(&permit, &handle.label).await?;
    gate.note(&SECRETS_REVEAL, handle.label.as_str(), Usage { items: 1, ..Usage::default() }, since);
    Ok(text)
}

/// The text for one request to `target`: still granted, still there, and meant for that host.
///
/// # Errors
/// Those of the gate; `denied` when the secret may not go there, `not-found` when it was deleted meanwhile.
pub(in crate::capabilities) async fn use_for_http(
    gate: &mut Gate,
    handle: &SecretHandle,
    target: &HttpTarget,
) -> Result<Plaintext, GateError> {
    let label = &handle.label;
    let permit = gate.pass(&SECRETS_GET, &SecretTarget(label.as_str())).await?;
    let (info, text) = gate.open_secret(&permit, label).await?;
    if let Err(error) = may_go(&info, target) {
        gate.refuse(&SECRETS_GET, label.as_str(), &error).await;
        return Err(error);
    }
    Ok(text)
}

fn may_go(info: &SecretInfo, target: &HttpTarget) -> Result<(), GateError> {
    if info.hosts.is_empty() || info.hosts.iter().any(|pattern| target.fits(pattern)) {
        return Ok(());
    }
    Err(GateError::denied(
        "secret-host",
        format!(
            "the secret {} may be sent to {} only, not to {}; an administrator can set it anew with other `hosts`",
            info.label,
            info.hosts.join(", "),
            target.name()
        ),
    ))
}

/// The refusal for a label that nobody has set.
pub(in crate::capabilities) fn unknown(label: &SecretLabel) -> GateError {
    GateError::new(
        ErrorKind::NotFound,
        "unknown-secret",
        format!(
            "there is no secret {label}: an administrator sets it with POST /secrets or `sandglass secret set {label}`"
        ),
    )
}
