//! One index: a sorted set of (key, document).

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use bson::Document;

use crate::{
    Error, Index, Result,
    query::{
        filter::{Bounds, Filter},
        key::{Layout, prefixed},
    },
};

/// Number of a document in its collection, in the order of insertion.
pub(super) type Place = u64;

pub(super) struct IndexState {
    pub(super) definition: Index,
    layout: Layout,
    partial: Option<Filter>,
    entries: BTreeMap<Vec<u8>, BTreeSet<Place>>,
    /// Some document has an array in one of the fields.
    multikey: bool,
}

impl IndexState {
    pub(super) fn compile(definition: Index) -> Result<Self> {
        let layout = Layout::compile(&definition.keys)?;
        let partial = definition.partial.as_ref().map(Filter::compile).transpose()?;
        Ok(Self { definition, layout, partial, entries: BTreeMap::new(), multikey: false })
    }

    /// The keys under which a document stands here: none if the index does not hold it.
    pub(super) fn keys(&self, document: &Document) -> Result<Vec<Vec<u8>>> {
        if let Some(partial) = &self.partial
            && !partial.matches(document)?
        {
            return Ok(Vec::new());
        }
        if self.definition.sparse && !self.layout.has_any(document) {
            return Ok(Vec::new());
        }
        self.layout.entries(document)
    }

    /// Refuses keys of a unique index that another document has.
    pub(super) fn check(&self, collection: &str, keys: &[Vec<u8>], place: Place, document: &Document) -> Result<()> {
        if !self.definition.unique {
            return Ok(());
        }
        let taken = |key: &Vec<u8>| self.entries.get(key).is_some_and(|places| places.iter().any(|at| *at != place));
        if keys.iter().any(taken) {
            return Err(Error::DuplicateKey {
                collection: collection.to_owned(),
                index: self.definition.name.clone(),
                key: self.layout.values(document),
            });
        }
        Ok(())
    }

    pub(super) fn add(&mut self, keys: Vec<Vec<u8>>, place: Place, document: &Document) {
        self.multikey |= self.layout.is_multikey(document);
        for key in keys {
            self.entries.entry(key).or_default().insert(place);
        }
    }

    pub(super) fn remove(&mut self, keys: &[Vec<u8>], place: Place) {
        for key in keys {
            if let Some(places) = self.entries.get_mut(key) {
                places.remove(&place);
                if places.is_empty() {
                    self.entries.remove(key);
                }
            }
        }
    }

    /// The documents that can match, in the order of insertion; `None` if the index does not help.
    pub(super) fn candidates(&self, filter: &Filter, bounds: &Bounds) -> Option<BTreeSet<Place>> {
        if let Some(partial) = &self.partial
            && !filter.implies(partial)
        {
            return None;
        }
        let first = self.layout.fields().next().map(|(path, _)| path)?;
        if self.definition.sparse && !bounds.present.iter().any(|path| path == first) {
            return None;
        }
        let mut prefixes = vec![Vec::new()];
        let mut narrowed = false;
        for (path, descending) in self.layout.fields() {
            let Some(known) = bounds.of(path) else { break };
            if let Some(keys) = &known.keys {
                let part = |prefix: &Vec<u8>, key: &Vec<u8>| {
                    let turned = key.iter().map(|byte| if descending { !byte } else { *byte });
                    prefix.iter().copied().chain(turned).collect::<Vec<u8>>()
                };
                prefixes = prefixes.iter().flat_map(|prefix| keys.iter().map(move |key| part(prefix, key))).collect();
                narrowed = true;
                continue;
            }
            let range = known.range(self.multikey)?;
            return Some(self.between(prefixes.iter().map(|prefix| range.entries(prefix, descending))));
        }
        narrowed.then(|| self.between(prefixes.iter().map(|prefix| prefixed(prefix))))
    }

    fn between(&self, intervals: impl Iterator<Item = (Bound<Vec<u8>>, Bound<Vec<u8>>)>) -> BTreeSet<Place> {
        intervals
            .filter(|(start, end)| is_interval(start, end))
            .flat_map(|interval| self.entries.range(interval).flat_map(|(_, places)| places.iter().copied()))
            .collect()
    }
}

/// A tree refuses an interval that ends before it starts.
fn is_interval(start: &Bound<Vec<u8>>, end: &Bound<Vec<u8>>) -> bool {
    match (start, end) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(a), Bound::Included(b)) => a <= b,
        (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a < b,
    }
}
