//! What a request carries from a secret. Made on the host at the moment of sending, for one hop, and never given back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::pattern::HttpTarget;
use super::request::{Hop, header_name};
use crate::capabilities::GateError;
use crate::capabilities::guard::Gate;
use crate::capabilities::secrets::{SecretHandle, use_for_http};

/// How a request signs in.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    #[default]
    None,
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(SecretHandle),
    /// `Authorization: Basic` (RFC 7617).
    Basic { username: String, secret: SecretHandle },
    /// The secret as the value of a header.
    Header { name: String, secret: SecretHandle },
    /// A header with `sha256=` and the HMAC (RFC 2104) of the body's bytes in hexadecimal digits.
    HmacSha256 { header: String, secret: SecretHandle },
}

impl Auth {
    fn secret(&self) -> Option<&SecretHandle> {
        match self {
            Self::None => None,
            Self::Bearer(secret)
            | Self::Basic { secret, .. }
            | Self::Header { secret, .. }
            | Self::HmacSha256 { secret, .. } => Some(secret),
        }
    }

    /// Checks what can be checked without the secret, and names the header that will hold it.
    ///
    /// # Errors
    /// `invalid` or `denied` for a header that cannot be sent, and for one that the request sets as well.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<Option<HeaderName>, GateError> {
        let name = match self {
            Self::None => return Ok(None),
            Self::Bearer(_) => AUTHORIZATION,
            Self::Basic { username, .. } if username.contains(':') || username.chars().any(char::is_control) => {
                return Err(GateError::invalid(
                    "auth-username",
                    "the user name holds a colon or a control character, which this way of signing in cannot carry",
                ));
            }
            Self::Basic { .. } => AUTHORIZATION,
            Self::Header { name, .. } | Self::HmacSha256 { header: name, .. } => header_name(name)?,
        };
        if headers.contains_key(&name) {
            let message = format!("the header {name} is set by the request and by its `auth`: keep one of them");
            return Err(GateError::invalid("auth-header", message));
        }
        Ok(Some(name))
    }

    /// The hop with what the secret adds to it.
    ///
    /// # Errors
    /// Those of the secret; `invalid` when its text cannot stand in a header.
    pub(super) async fn sign(&self, gate: &mut Gate, target: &HttpTarget, hop: &Hop) -> Result<Hop, GateError> {
        let mut signed = hop.clone();
        let (Some(name), Some(handle)) = (self.check(&hop.headers)?, self.secret()) else { return Ok(signed) };
        let text = use_for_http(gate, handle, target).await?;
        let value = match self {
            Self::None | Self::Header { .. } => Zeroizing::new(text.to_string()),
            Self::Bearer(_) => Zeroizing::new(format!("Bearer {}", &*text)),
            Self::Basic { username, .. } => {
                let pair = Zeroizing::new(format!("{username}:{}", &*text));
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                gate.mask_also(text.label(), encoded.as_str());
                Zeroizing::new(format!("Basic {}", encoded.as_str()))
            }
            Self::HmacSha256 { .. } => {
                Zeroizing::new(signature(text.as_bytes(), hop.body.as_deref().unwrap_or_default()))
            }
        };
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            let label = text.label();
            GateError::invalid(
                "secret-value",
                format!(
                    "the secret {label} holds characters that no header may hold, such as a line break: set it anew"
                ),
            )
        })?;
        value.set_sensitive(true);
        signed.headers.insert(name, value);
        Ok(signed)
    }
}

fn signature(key: &[u8], body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    let digest = mac.chain_update(body).finalize().into_bytes();
    digest.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        for (key, body, expected) in [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(signature(&key, &body), format!("sha256={expected}"));
        }
    }
}
