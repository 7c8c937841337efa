//! Keys that secrets are sealed under: 32 random bytes, and a name that tells nothing about them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub(super) const KEY_BYTES: usize = 32;

/// A text that is no key. Says nothing of what it was: it may be a key with a typing mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not 32 bytes in base64 or in 64 hexadecimal digits; `openssl rand -base64 32` makes one")]
pub struct InvalidKey;

/// A key and its name.
#[derive(Clone)]
pub(super) struct Key {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: String,
}

impl Key {
    fn of(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let hash = Sha256::new().chain_update(b"sandglass key of secrets\0").chain_update(*bytes).finalize();
        let id = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, id }
    }

    /// Reads base64 (either alphabet, padded or not) or hexadecimal digits; white space around it does not matter.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub(super) fn parse(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let bytes = match hexadecimal(text) {
            Some(bytes) => bytes,
            None => {
                let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
                Zeroizing::new(engines.iter().find_map(|engine| engine.decode(text).ok()).ok_or(InvalidKey)?)
            }
        };
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| InvalidKey)?;
        Ok(Self::of(Zeroizing::new(bytes)))
    }

    /// A new one; `None` when the machine gives no random bytes.
    pub(super) fn generate() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random(&mut *bytes)?;
        Some(Self::of(bytes))
    }

    /// In base64, as it is kept in a file.
    pub(super) fn encoded(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Tells keys apart: 16 hexadecimal digits of a hash.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // `from_str_radix` takes a sign, which is no digit.
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// Fills with random bytes of the machine.
pub(super) fn random(bytes: &mut [u8]) -> Option<()> {
    rustls::crypto::ring::default_provider().secure_random.fill(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_can_be_written_in_several_ways() {
        let bytes = [0xfb_u8; KEY_BYTES];
        let id = Key::of(Zeroizing::new(bytes)).id().to_owned();
        let hex = "fb".repeat(KEY_BYTES);
        for text in [
            STANDARD.encode(bytes),
            STANDARD_NO_PAD.encode(bytes),
            URL_SAFE.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
            hex.to_uppercase(),
            format!("  {hex}\n"),
        ] {
            assert_eq!(Key::parse(&text).ok().map(|key| key.id), Some(id.clone()), "{text}");
        }
        assert_eq!(id.len(), 16);
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in ["", "short", &"f".repeat(63), &"f".repeat(65), &STANDARD.encode([1; 31]), &"+f".repeat(32)] {
            let error = Key::parse(text).err().unwrap().to_string();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_generated_key_comes_back_from_its_text() {
        let key = Key::generate().unwrap();
        assert_eq!(Key::parse(&key.encoded()).ok().unwrap().bytes(), key.bytes());
        assert_ne!(Key::generate().unwrap().bytes(), key.bytes());
    }
}
