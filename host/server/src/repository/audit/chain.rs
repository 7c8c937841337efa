//! The hash chain: pure. Each entry holds the hash of the one before it and a hash over itself.

use std::fmt::Write as _;

use bson::Document;
use sha2::{Digest as _, Sha256};

use super::Head;

/// What the first entry of a chain names as the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is wrong with a chain, at which place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An entry was changed: its hash is not that of its content.
    Edited { seq: i64 },
    /// Entries are missing or stand in another order.
    Gap { expected: i64, found: i64 },
    /// An entry does not follow from the one before it.
    Broken { seq: i64 },
    /// The chain ends before the head that is known.
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

/// The first fault of a chain, its entries in the order of `seq`.
pub fn verify(entries: &[Document], head: Option<&Head>) -> Option<Fault> {
    let mut previous = GENESIS.to_owned();
    let mut expected = 0;
    for entry in entries {
        let seq = entry.get_i64("seq").unwrap_or(-1);
        if seq != expected {
            return Some(Fault::Gap { expected, found: seq });
        }
        let mut content = entry.clone();
        let hash = content.remove("hash").and_then(|hash| hash.as_str().map(str::to_owned)).unwrap_or_default();
        if hash_of(&content) != hash {
            return Some(Fault::Edited { seq });
        }
        if entry.get_str("previous").ok() != Some(previous.as_str()) {
            return Some(Fault::Broken { seq });
        }
        previous = hash;
        expected += 1;
    }
    match head {
        Some(head) if expected < head.length => Some(Fault::Truncated { length: expected, expected: head.length }),
        Some(head) if expected == head.length && head.hash != previous => Some(Fault::Broken { seq: expected - 1 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn chain(length: i64) -> (Vec<Document>, Head) {
        let mut previous = GENESIS.to_owned();
        let entries = (0..length)
            .map(|seq| {
                let mut entry = doc! { "_id": format!("host:{seq}"), "target": format!("t{seq}") };
                previous = seal(&mut entry, seq, &previous);
                entry
            })
            .collect();
        (entries, Head { length, hash: previous })
    }

    #[test]
    fn an_untouched_chain_has_no_fault() {
        let (entries, head) = chain(5);
        assert_eq!(verify(&entries, Some(&head)), None);
        assert_eq!(verify(&[], Some(&Head { length: 0, hash: GENESIS.into() })), None);
    }

    #[test]
    fn an_edit_a_gap_another_order_and_a_cut_tail_show() {
        let (entries, head) = chain(5);

        let mut edited = entries.clone();
        edited[2].insert("target", "other");
        assert_eq!(verify(&edited, None), Some(Fault::Edited { seq: 2 }));

        let mut gap = entries.clone();
        gap.remove(3);
        assert_eq!(verify(&gap, None), Some(Fault::Gap { expected: 3, found: 4 }));

        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        assert_eq!(verify(&swapped, None), Some(Fault::Gap { expected: 1, found: 2 }));

        let mut resealed = entries.clone();
        resealed[1].remove("hash");
        resealed[1].insert("target", "other");
        let hash = hash_of(&resealed[1]);
        resealed[1].insert("hash", hash);
        assert_eq!(verify(&resealed, None), Some(Fault::Broken { seq: 2 }));

        assert_eq!(verify(&entries[..4], None), None, "without a head a cut tail cannot show");
        assert_eq!(verify(&entries[..4], Some(&head)), Some(Fault::Truncated { length: 4, expected: 5 }));
    }
}
