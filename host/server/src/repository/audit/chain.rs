//! The hash chain: pure. Each entry holds the hash of the one before it and a hash over itself.

use std::fmt::Write as _;

use bson::Document;
use sha2::{Digest as _, Sha256};

use super::Head;

/// What the first entry of a chain names as the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is wrong with a chain, at which place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("entry {seq} was edited: its hash is not that of its content")]
    Edited { seq: i64 },
    #[error("entry {expected} is missing or out of order: {found} stands in its place")]
    Gap { expected: i64, found: i64 },
    #[error("entry {seq} does not follow from the one before it")]
    Broken { seq: i64 },
    #[error("the first {length} entries were written anew: their last hash is not the one that was noted elsewhere")]
    Rewritten { length: i64 },
    #[error("the tail was cut off: there are {length} entries, and {expected} were noted elsewhere")]
    Truncated { length: i64, expected: i64 },
}

/// Adds place, the hash before and the own hash, and returns the own hash.
pub(super) fn seal(entry: &mut Document, seq: i64, previous: &str) -> String {
    entry.insert("seq", seq);
    entry.insert("previous", previous);
    let hash = hash_of(entry);
    entry.insert("hash", &hash);
    hash
}

/// SHA-256 over the encoded entry without its `hash`, in lower-case hexadecimal.
fn hash_of(entry: &Document) -> String {
    // A document that was decoded or built here can always be encoded; should it not be, no hash fits it.
    let bytes = entry.to_vec().unwrap_or_default();
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Walks along one chain, entry by entry, in the order of `seq`.
#[derive(Debug)]
pub struct Check<'a> {
    heads: &'a [Head],
    previous: String,
    length: i64,
}

impl<'a> Check<'a> {
    /// `heads` are what is known from elsewhere about this chain: each says which hash it had at which length. Without
    /// them neither a cut tail nor a chain that was written anew can show.
    pub fn new(heads: &'a [Head]) -> Self {
        Self { heads, previous: GENESIS.to_owned(), length: 0 }
    }

    /// Entries seen so far.
    pub fn length(&self) -> i64 {
        self.length
    }

    /// The next entry.
    ///
    /// # Errors
    /// What is wrong with it; nothing can be said of those behind it.
    pub fn entry(&mut self, entry: &Document) -> Result<(), Fault> {
        let seq = entry.get_i64("seq").unwrap_or(-1);
        if seq != self.length {
            return Err(Fault::Gap { expected: self.length, found: seq });
        }
        let mut content = entry.clone();
        let hash = content.remove("hash").and_then(|hash| hash.as_str().map(str::to_owned)).unwrap_or_default();
        if hash_of(&content) != hash {
            return Err(Fault::Edited { seq });
        }
        if entry.get_str("previous").ok() != Some(self.previous.as_str()) {
            return Err(Fault::Broken { seq });
        }
        self.previous = hash;
        self.length += 1;
        match self.heads.iter().find(|head| head.length == self.length) {
            Some(head) if head.hash != self.previous => Err(Fault::Rewritten { length: head.length }),
            _ => Ok(()),
        }
    }

    /// No more entries.
    ///
    /// # Errors
    /// [`Fault::Truncated`] when a head is known that lies further on.
    pub fn end(&self) -> Result<(), Fault> {
        match self.heads.iter().map(|head| head.length).max() {
            Some(expected) if self.length < expected => Err(Fault::Truncated { length: self.length, expected }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "chain_test.rs"]
mod tests;
