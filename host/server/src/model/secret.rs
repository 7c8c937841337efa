//! Secrets: what everybody may know of one, and its text, which hardly anybody may.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

/// Longest label.
const LONGEST_LABEL: usize = 64;
/// Largest text of a secret, in bytes.
pub const MOST_BYTES: usize = 64 << 10;

/// How a secret is named: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretLabel(String);

/// A text that is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a label consists of letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has at most 64")]
pub struct InvalidLabel;

impl FromStr for SecretLabel {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = begins && text.len() <= LONGEST_LABEL && text.bytes().all(is_plain);
        fits.then(|| Self(text.to_owned())).ok_or(InvalidLabel)
    }
}

impl SecretLabel {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a secret without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    pub label: SecretLabel,
    pub description: Option<String>,
    /// Patterns of hosts that HTTP may send it to, as in grants; empty: wherever a grant lets the request go.
    pub hosts: Vec<String>,
    /// Rises with each replacement.
    pub version: i64,
    /// Names the key it is sealed under.
    pub key: String,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
    pub updated_by: String,
}

/// The text of a secret. Wiped from memory when dropped; shows its label only.
#[derive(Clone)]
pub struct Plaintext {
    label: SecretLabel,
    text: Zeroizing<String>,
}

impl Plaintext {
    pub fn new(label: SecretLabel, text: Zeroizing<String>) -> Self {
        Self { label, text }
    }

    pub fn label(&self) -> &SecretLabel {
        &self.label
    }
}

impl Deref for Plaintext {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[secret {}]", self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_plain_words() {
        for label in ["a", "A9", "shop-token", "smtp.password", "0_key", &"x".repeat(64)] {
            assert_eq!(label.parse::<SecretLabel>().unwrap().as_str(), label);
        }
        for text in ["", "-a", ".a", "_a", "a b", "a/b", "a:b", "ä", "a\n", "a\0", "*", &"x".repeat(65)] {
            assert_eq!(text.parse::<SecretLabel>(), Err(InvalidLabel), "{text:?}");
        }
    }

    #[test]
    fn a_text_never_shows_itself() {
        let text = Plaintext::new("shop".parse().unwrap(), Zeroizing::new("hunter2".into()));
        assert_eq!(format!("{text:?}"), "[secret shop]");
        assert_eq!(&*text, "hunter2");
    }
}
