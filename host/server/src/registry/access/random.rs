//! What cannot be guessed: 256 random bits, with a prefix that tells what kind of secret it is when it turns up somewhere.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::AccessError;
use crate::model::session::Proof;

/// Tokens that programs show.
pub const TOKEN_PREFIX: &str = "sgl_";
/// What browsers show.
pub(super) const SESSION_PREFIX: &str = "sgs_";
/// What the link of an invitation holds.
pub(super) const INVITATION_PREFIX: &str = "sgi_";
/// What a set-up link holds.
pub(super) const SETUP_PREFIX: &str = "sgu_";

/// A new one, and the hash that is kept of it.
///
/// # Errors
/// [`AccessError::NoRandomness`].
pub fn secret(prefix: &str) -> Result<(Zeroizing<String>, Proof), AccessError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    fill(&mut *bytes)?;
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + 64));
    text.push_str(prefix);
    for byte in bytes.iter() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
    }
    let proof = proof_of(&text);
    Ok((text, proof))
}

pub(super) fn proof_of(text: &str) -> Proof {
    Sha256::digest(text.as_bytes()).into()
}

pub(super) fn fill(bytes: &mut [u8]) -> Result<(), AccessError> {
    rustls::crypto::ring::default_provider().secure_random.fill(bytes).map_err(|_| AccessError::NoRandomness)
}
