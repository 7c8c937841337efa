//! What can go wrong, cut by what a caller can do about it.

use bson::Bson;

/// Result of every operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An operation that was not done. Nothing of it is stored, unless the operation's own documentation says otherwise.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A unique index holds this key already. `index` is the index's name, `key` the values in index order.
    #[error("duplicate key in index {index} of {collection}: {key}")]
    DuplicateKey { collection: String, index: String, key: Bson },
    /// An operator, stage or option that is not on the allow-list; `what` is its name.
    #[error("{what} is not supported")]
    Unsupported { what: String },
    /// The command contradicts itself or MongoDB's rules.
    #[error("{message}")]
    Invalid { message: String },
    /// A named thing (index, collection) that is not there.
    #[error("{what} does not exist")]
    NotFound { what: String },
    /// The store cannot answer now; the same call may succeed later.
    #[error("the database is unavailable: {message}")]
    Unavailable { message: String },
    /// The operation did not end in its time.
    #[error("the database did not answer in time")]
    Timeout,
    /// A document, key or command beyond a stated bound.
    #[error("{what} is too large: {size} bytes, at most {limit}")]
    TooLarge { what: String, size: u64, limit: u64 },
    /// What is stored cannot be read back; only a restore helps.
    #[error("the database is damaged: {message}")]
    Corrupted { message: String },
}

impl Error {
    /// A command that breaks a rule, in words.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into() }
    }

    /// A name that the allow-list does not hold.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// Whether the same call may succeed later without a change.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout)
    }
}
