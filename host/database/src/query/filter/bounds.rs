//! What every match of a filter has in common, in terms of index keys: what a planner may narrow by.
//!
//! The promise: for each path named here, a document that matches has an index entry ([`key::entries`] over that one
//! path) inside the given keys or one of the given ranges. Nothing is promised about two ranges being met by the
//! *same* entry unless the path meets no array: `{a: {$gt: 1, $lt: 3}}` matches `{a: [0, 5]}`.

use std::ops::Bound;

use bson::Bson;

use super::{
    node::{Comparison, Node},
    test::Test,
};
use crate::query::{key, view::Tree};

/// Common to all matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// In the order in which the filter names them, each path once.
    pub paths: Vec<PathBounds>,
    /// Paths that lead to something in every match: a sparse index over one of them holds all matches.
    pub present: Vec<String>,
    /// The filter matches nothing at all.
    pub nothing: bool,
}

/// What holds for one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathBounds {
    pub path: String,
    /// Ascending keys, sorted, each once: every match has one of them. One key is an equality, several an `$in`.
    pub keys: Option<Vec<Vec<u8>>>,
    /// Every match has an entry in each of these.
    pub ranges: Vec<Range>,
}

/// An interval of ascending keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub lower: Bound<Vec<u8>>,
    pub upper: Bound<Vec<u8>>,
}

impl Bounds {
    /// What is known of a path.
    pub fn of(&self, path: &str) -> Option<&PathBounds> {
        self.paths.iter().find(|bounds| bounds.path == path)
    }

    /// The one key that `path` must have.
    pub fn equality(&self, path: &str) -> Option<&[u8]> {
        match self.of(path)?.keys.as_deref()? {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl PathBounds {
    /// One range to scan. In an index without arrays on this path all ranges are one interval; with arrays only a
    /// single one of them can be used, and the first closed on both ends is taken.
    pub fn range(&self, multikey: bool) -> Option<Range> {
        if multikey {
            return self.ranges.first().cloned();
        }
        let mut ranges = self.ranges.iter().cloned();
        let first = ranges.next()?;
        Some(ranges.fold(first, Range::intersect))
    }
}

impl Range {
    /// The interval of entries of an index that begin with `prefix` (the parts before, as they stand in the index)
    /// and go on with a value of this range, whatever follows. `descending` is the direction of that part.
    pub fn entries(&self, prefix: &[u8], descending: bool) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
        let part = |key: &[u8]| {
            let mut entry = prefix.to_vec();
            entry.extend(key.iter().map(|byte| if descending { !byte } else { *byte }));
            entry
        };
        let (start, end) = if descending { (&self.upper, &self.lower) } else { (&self.lower, &self.upper) };
        let (all_start, all_end) = key::prefixed(prefix);
        let start = match start {
            Bound::Included(key) => Bound::Included(part(key)),
            Bound::Excluded(key) => after(key::prefixed(&part(key)).1),
            Bound::Unbounded => all_start,
        };
        let end = match end {
            Bound::Included(key) => key::prefixed(&part(key)).1,
            Bound::Excluded(key) => Bound::Excluded(part(key)),
            Bound::Unbounded => all_end,
        };
        (start, end)
    }

    fn intersect(self, other: Self) -> Self {
        Self { lower: higher(self.lower, other.lower), upper: lower(self.upper, other.upper) }
    }
}

/// An interval that begins where another one ends.
fn after(end: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    match end {
        Bound::Excluded(key) => Bound::Included(key),
        other => other,
    }
}

fn higher(a: Bound<Vec<u8>>, b: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    match (&a, &b) {
        (Bound::Unbounded, _) => b,
        (_, Bound::Unbounded) => a,
        (Bound::Included(x) | Bound::Excluded(x), Bound::Included(y) | Bound::Excluded(y)) => {
            if x > y || (x == y && matches!(a, Bound::Excluded(_))) { a } else { b }
        }
    }
}

fn lower(a: Bound<Vec<u8>>, b: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    match (&a, &b) {
        (Bound::Unbounded, _) => b,
        (_, Bound::Unbounded) => a,
        (Bound::Included(x) | Bound::Excluded(x), Bound::Included(y) | Bound::Excluded(y)) => {
            if x < y || (x == y && matches!(a, Bound::Excluded(_))) { a } else { b }
        }
    }
}

pub(super) fn of(root: &Node) -> Bounds {
    let mut bounds = Bounds::default();
    for node in root.conjuncts() {
        match node {
            Node::Any(nodes) if nodes.is_empty() => bounds.nothing = true,
            Node::Field { path: Some(path), test } => narrow(&mut bounds, path.text(), test),
            _ => {}
        }
    }
    bounds
}

fn narrow(bounds: &mut Bounds, path: &str, test: &Test) {
    if is_present(test) {
        push_once(&mut bounds.present, path);
    }
    match limit(test) {
        Limit::None => {}
        Limit::Keys(keys) => {
            let entry = entry(bounds, path);
            // Two equalities on one path can both hold for an array: keep the shorter list.
            if entry.keys.as_ref().is_none_or(|known| keys.len() < known.len()) {
                entry.keys = Some(keys);
            }
        }
        Limit::Range(range) => entry(bounds, path).ranges.push(range),
    }
    // What holds for one element of the array holds for a value behind the longer path. A number would be read as
    // an index there, and as a name inside the element.
    if let Test::ElementDocument(node) = test {
        for inner in node.conjuncts() {
            if let Node::Field { path: Some(rest), test } = inner
                && !rest.begins_with_index()
            {
                narrow(bounds, &format!("{path}.{}", rest.text()), test);
            }
        }
    }
}

fn push_once(paths: &mut Vec<String>, path: &str) {
    if !paths.iter().any(|known| known == path) {
        paths.push(path.to_owned());
    }
}

fn entry<'b>(bounds: &'b mut Bounds, path: &str) -> &'b mut PathBounds {
    let at = bounds.paths.iter().position(|known| known.path == path).unwrap_or_else(|| {
        bounds.paths.push(PathBounds { path: path.to_owned(), keys: None, ranges: Vec::new() });
        bounds.paths.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the position was found or made just before")]
    &mut bounds.paths[at]
}

enum Limit {
    None,
    Keys(Vec<Vec<u8>>),
    Range(Range),
}

fn limit(test: &Test) -> Limit {
    match test {
        // The whole array has no entry of its own, MinKey and MaxKey reach beyond their type.
        Test::Compare { value: Bson::Array(_) | Bson::MinKey | Bson::MaxKey, side } if *side != Comparison::Equal => {
            Limit::None
        }
        Test::Compare { value: Bson::Array(_), .. } => Limit::None,
        Test::Compare { side: Comparison::Equal, value } => Limit::Keys(vec![key::of(value)]),
        Test::Compare { value: Bson::Null, side: Comparison::LessOrEqual | Comparison::GreaterOrEqual } => {
            Limit::Keys(vec![key::of(&Bson::Null)])
        }
        Test::Compare { side, value } => {
            let (first, beyond) = key::bracket(Tree::Value(value));
            let at = key::of(value);
            let (bottom, top) = (Bound::Included(first), Bound::Excluded(beyond));
            Limit::Range(match side {
                Comparison::Less => Range { lower: bottom, upper: Bound::Excluded(at) },
                Comparison::LessOrEqual => Range { lower: bottom, upper: Bound::Included(at) },
                Comparison::Greater => Range { lower: Bound::Excluded(at), upper: top },
                Comparison::GreaterOrEqual | Comparison::Equal => Range { lower: Bound::Included(at), upper: top },
            })
        }
        Test::OneOf { values, patterns, .. } => {
            if !patterns.is_empty() || values.iter().any(|value| matches!(value, Bson::Array(_))) {
                return Limit::None;
            }
            let mut keys: Vec<_> = values.iter().map(key::of).collect();
            keys.sort_unstable();
            Limit::Keys(keys)
        }
        _ => Limit::None,
    }
}

/// Whether a missing field cannot pass.
fn is_present(test: &Test) -> bool {
    match test {
        Test::Compare { value: Bson::Null | Bson::MinKey | Bson::MaxKey, .. } => false,
        Test::OneOf { or_missing, .. } => !or_missing,
        _ => true,
    }
}
