//! Sealing and opening one text. Pure but for random bytes.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::{Key, random};

const NONCE_BYTES: usize = 24;

/// Where a sealed text belongs: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) label: &'a str,
    pub(super) version: i64,
    pub(super) hosts: &'a [String],
}

impl Place<'_> {
    /// Each part with its length before it, so that no two places give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"sandglass secret 1".to_vec();
        bytes.extend(self.version.to_be_bytes());
        for part in std::iter::once(self.label).chain(self.hosts.iter().map(String::as_str)) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// A text that only its key opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) nonce: [u8; NONCE_BYTES],
    pub(super) ciphertext: Vec<u8>,
    /// Name of the key.
    pub(super) key: String,
}

/// Seals a text; `None` when the machine gives no random bytes.
pub(super) fn seal(key: &Key, place: Place<'_>, text: &[u8]) -> Option<Sealed> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce)?;
    let payload = Payload { msg: text, aad: &place.bytes() };
    // Fails only for texts of many gigabytes.
    let ciphertext = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
    Some(Sealed { nonce, ciphertext, key: key.id().to_owned() })
}

/// Opens a text; `None` when the key is another one, or when text or place were changed.
pub(super) fn open(key: &Key, place: Place<'_>, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload { msg: &sealed.ciphertext, aad: &place.bytes() };
    cipher(key).decrypt(&XNonce::from(sealed.nonce), payload).ok().map(Zeroizing::new)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(label: &'a str, version: i64, hosts: &'a [String]) -> Place<'a> {
        Place { label, version, hosts }
    }

    #[test]
    fn a_text_opens_under_its_key_at_its_place_and_nowhere_else() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        let (hosts, wider) = (["a.example".to_owned()], ["*".to_owned()]);
        let here = place("shop", 3, &hosts);
        let sealed = seal(&key, here, b"hunter2").unwrap();
        assert!(!sealed.ciphertext.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(open(&key, here, &sealed).unwrap().as_slice(), b"hunter2");

        assert!(open(&other, here, &sealed).is_none());
        for elsewhere in [
            place("shoq", 3, &hosts),
            place("shop", 2, &hosts),
            place("shop", 4, &hosts),
            place("shop", 3, &wider),
            place("shop", 3, &[]),
        ] {
            assert!(open(&key, elsewhere, &sealed).is_none(), "{elsewhere:?}");
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let key = Key::generate().unwrap();
        let here = place("a", 1, &[]);
        let sealed = seal(&key, here, b"text").unwrap();
        let mut changed = 0;
        for index in 0..sealed.ciphertext.len() {
            let mut bad = sealed.clone();
            bad.ciphertext[index] ^= 1;
            assert!(open(&key, here, &bad).is_none());
            changed += 1;
        }
        for index in 0..NONCE_BYTES {
            let mut bad = sealed.clone();
            bad.nonce[index] ^= 1;
            assert!(open(&key, here, &bad).is_none());
            changed += 1;
        }
        assert_eq!(changed, 4 + 16 + 24);
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = Key::generate().unwrap();
        let here = place("a", 1, &[]);
        assert_ne!(seal(&key, here, b"text").unwrap(), seal(&key, here, b"text").unwrap());
    }

    #[test]
    fn parts_of_a_place_cannot_be_moved_into_one_another() {
        let (one, two) = (["b".to_owned(), "c".to_owned()], ["bc".to_owned()]);
        assert_ne!(place("a", 1, &one).bytes(), place("a", 1, &two).bytes());
        assert_ne!(place("ab", 1, &[]).bytes(), place("a", 1, &["b".to_owned()]).bytes());
    }
}
