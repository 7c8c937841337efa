//! Who is calling, once that is known.

use super::{Role, UserName};

/// How a caller proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By the token of the configuration, or the one that was made at the first start.
    AdminToken,
    /// By a token that somebody made; its id.
    Token(String),
    /// By the session of a browser; its id.
    Session(String),
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// As it stands in records: a user, `user/token`, or `admin`.
    pub name: String,
    pub role: Role,
    pub user: Option<UserName>,
    pub way: Way,
}

impl Way {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AdminToken => "admin_token",
            Self::Token(_) => "token",
            Self::Session(_) => "session",
        }
    }
}
