//! Sorting in memory, for orders that no index has. Bounded: by the number wanted, or else by bytes.

use std::collections::BinaryHeap;

use bson::RawDocument;

use crate::{Error, Result, query::sort::Sort};

/// What a sort may hold at once. MongoDB has the same bound for a sort without a disk.
const LIMIT_BYTES: u64 = 100 << 20;

/// Collects items under their documents' sort keys; with `most`, keeps only the first ones.
pub(super) struct Sorter<T> {
    sort: Sort,
    most: usize,
    held: BinaryHeap<Held<T>>,
    bytes: u64,
    met: u64,
}

struct Held<T> {
    key: Vec<u8>,
    /// Place among equals: documents with equal keys keep the order in which they were met.
    number: u64,
    size: u64,
    item: T,
}

impl<T> Held<T> {
    fn rank(&self) -> (&[u8], u64) {
        (&self.key, self.number)
    }
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl<T> Eq for Held<T> {}

impl<T> PartialOrd for Held<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Held<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<T> Sorter<T> {
    pub fn new(sort: Sort, most: Option<usize>) -> Self {
        Self { sort, most: most.unwrap_or(usize::MAX), held: BinaryHeap::new(), bytes: 0, met: 0 }
    }

    /// Takes an item of so many bytes, which is made only if it is kept.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when more would have to be held than is allowed.
    pub fn add(&mut self, document: &RawDocument, size: usize, item: impl FnOnce() -> T) -> Result<()> {
        let key = self.sort.key_raw(document)?;
        self.met += 1;
        let is_full = self.held.len() >= self.most;
        if is_full && self.held.peek().is_none_or(|last| last.key <= key) {
            return Ok(());
        }
        let size = (size + key.len() + size_of::<Held<T>>()) as u64;
        if is_full && let Some(last) = self.held.pop() {
            self.bytes -= last.size;
        }
        self.bytes += size;
        if self.bytes > LIMIT_BYTES {
            let what = "a sort without an index for its order (make one, or ask for fewer documents)".to_owned();
            return Err(Error::TooLarge { what, size: self.bytes, limit: LIMIT_BYTES });
        }
        self.held.push(Held { key, number: self.met, size, item: item() });
        Ok(())
    }

    /// What is held, in its order; afterwards nothing is.
    pub fn finish(&mut self) -> impl ExactSizeIterator<Item = T> {
        std::mem::take(&mut self.held).into_sorted_vec().into_iter().map(|held| held.item)
    }
}
