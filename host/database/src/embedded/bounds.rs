//! From what a filter's matches have in common to ranges of the keys of one index.
//!
//! Entries hold every combination of the values of their fields, so each field may be narrowed by itself. Of the
//! ranges of one field, an index that has met arrays there can use only one: two values of an array can meet two
//! conditions without one entry that meets both.

use std::ops::Bound;

use crate::query::{filter, key};

/// Keys from `low` on and before `high`; `None` means to the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    pub low: Vec<u8>,
    pub high: Option<Vec<u8>>,
}

impl Range {
    pub fn holds(&self, key: &[u8]) -> bool {
        key >= self.low.as_slice() && self.high.as_deref().is_none_or(|high| key < high)
    }

    fn from_bounds((low, high): (Bound<Vec<u8>>, Bound<Vec<u8>>)) -> Option<Self> {
        // Both ends are whole keys, behind which only longer keys lie; a zero byte is the next key.
        let next = |mut key: Vec<u8>| {
            key.push(0);
            key
        };
        let low = match low {
            Bound::Included(key) => key,
            Bound::Excluded(key) => next(key),
            Bound::Unbounded => Vec::new(),
        };
        let high = match high {
            Bound::Excluded(key) => Some(key),
            Bound::Included(key) => Some(next(key)),
            Bound::Unbounded => None,
        };
        high.as_ref().is_none_or(|high| &low < high).then_some(Self { low, high })
    }
}

pub(super) struct Ranges {
    /// In the order of the keys, without overlaps.
    pub ranges: Vec<Range>,
    /// Leading fields that are fixed to one value.
    pub equal: usize,
    /// Fields after those that are narrowed by a list or a range.
    pub narrowed: usize,
}

/// More ranges than this cost more than they spare.
const RANGES: usize = 256;

/// The ranges in which every match has an entry, in an index over these fields (path, whether it is descending).
/// Bit n of `arrays`: field n has met an array.
pub(super) fn of(fields: &[(&str, bool)], arrays: i64, bounds: &filter::Bounds) -> Ranges {
    let (mut equal, mut narrowed) = (0, 0);
    if bounds.nothing {
        return Ranges { ranges: Vec::new(), equal: fields.len(), narrowed };
    }
    let mut prefixes = vec![Vec::new()];
    for (n, (path, descending)) in fields.iter().enumerate() {
        let Some(known) = bounds.of(path) else { break };
        if let Some(keys) = known.keys.as_ref().filter(|keys| keys.len() * prefixes.len() <= RANGES) {
            prefixes = extended(&prefixes, keys, *descending);
            if keys.len() == 1 && narrowed == 0 {
                equal += 1;
            } else {
                narrowed += 1;
            }
            continue;
        }
        if let Some(range) = known.range(arrays & (1 << n) != 0) {
            let spans = prefixes.iter().filter_map(|prefix| Range::from_bounds(range.entries(prefix, *descending)));
            return Ranges { ranges: spans.collect(), equal, narrowed: narrowed + 1 };
        }
        break;
    }
    let ranges = prefixes.iter().filter_map(|prefix| Range::from_bounds(key::prefixed(prefix))).collect();
    Ranges { ranges, equal, narrowed }
}

/// Every prefix followed by every key; sorted, each once.
fn extended(prefixes: &[Vec<u8>], keys: &[Vec<u8>], descending: bool) -> Vec<Vec<u8>> {
    let mut all = Vec::with_capacity(prefixes.len() * keys.len());
    for prefix in prefixes {
        for key in keys {
            let mut longer = [prefix.as_slice(), key].concat();
            if descending && let Some(part) = longer.get_mut(prefix.len()..) {
                key::invert(part);
            }
            all.push(longer);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
