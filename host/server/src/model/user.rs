//! People with an account.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::Role;
use super::session::Proof;

const LONGEST_NAME: usize = 64;
/// What the configured token is called in records; nobody else may be.
pub const TOKEN_HOLDER: &str = "admin";

/// How a person is named: small letters, digits, `.`, `_`, `-` and `@`, beginning with a letter or digit, at most 64.
/// Capitals are read as small letters, for phones like to type them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

/// A text that cannot name a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserName {
    #[error(
        "a name consists of letters a-z, digits, `.`, `_`, `-` and `@`, begins with a letter or digit, and has at most 64"
    )]
    Form,
    #[error("`admin` is what the token of the configuration is called in the audit; take a name of the person")]
    Reserved,
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, InvalidUserName> {
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
        if !begins || text.len() > LONGEST_NAME || !text.bytes().all(is_plain) {
            return Err(InvalidUserName::Form);
        }
        let name = text.to_ascii_lowercase();
        if name == TOKEN_HOLDER { Err(InvalidUserName::Reserved) } else { Ok(Self(name)) }
    }
}

impl UserName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub name: UserName,
    pub role: Role,
    /// Argon2id, as a PHC string; none before the person has chosen one.
    pub password: Option<String>,
    /// By which the person may choose one.
    pub invitation: Option<Invitation>,
    pub is_disabled: bool,
    /// Rises when password, role or state change; sessions of an earlier one are over.
    pub epoch: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub changed_at: DateTime<Utc>,
    pub changed_by: String,
    pub signed_in_at: Option<DateTime<Utc>>,
}

/// A link that was given to a person and not used yet. Of what it holds only the hash is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    pub proof: Proof,
    pub ends_at: DateTime<Utc>,
}

/// Without the password, hashed as it is.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl User {
    /// Whether somebody may sign in here and define everything.
    pub fn is_acting_admin(&self) -> bool {
        self.role == Role::Admin && !self.is_disabled && self.password.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_in_small_letters() {
        for (text, name) in
            [("ann", "ann"), ("Ann", "ann"), ("ann.b-c_d@example.com", "ann.b-c_d@example.com"), ("7", "7")]
        {
            assert_eq!(text.parse::<UserName>().unwrap().as_str(), name);
        }
        for text in ["", "-a", ".a", "@a", "a b", "a/b", "a:b", "ä", "a\n", "a\0", "*", &"x".repeat(65)] {
            assert_eq!(text.parse::<UserName>(), Err(InvalidUserName::Form), "{text:?}");
        }
        for text in ["admin", "Admin"] {
            assert_eq!(text.parse::<UserName>(), Err(InvalidUserName::Reserved), "{text:?}");
        }
    }
}
