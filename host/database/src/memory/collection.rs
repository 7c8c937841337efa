//! One collection: its documents in the order of insertion, and its indexes.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Bson, Document};

use super::index::{IndexState, Place};
use crate::{
    CollectionInfo, Error, Index, Result,
    query::{allow, filter::Filter, key, update::prepare_insert},
};

pub(super) struct Collection {
    name: String,
    documents: BTreeMap<Place, Document>,
    ids: BTreeMap<Vec<u8>, Place>,
    indexes: Vec<IndexState>,
    next: Place,
}

impl Collection {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), documents: BTreeMap::new(), ids: BTreeMap::new(), indexes: Vec::new(), next: 0 }
    }

    pub(super) fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    pub(super) fn info(&self, name: &str) -> CollectionInfo {
        let size: usize = self.documents.values().map(allow::encoded_size).sum();
        CollectionInfo {
            name: name.to_owned(),
            count: u64::try_from(self.documents.len()).unwrap_or(u64::MAX),
            size_bytes: u64::try_from(size).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn get(&self, place: Place) -> Option<&Document> {
        self.documents.get(&place)
    }

    /// Documents that can match, in the order of insertion.
    pub(super) fn candidates<'c>(&'c self, filter: &Filter) -> Box<dyn Iterator<Item = (Place, &'c Document)> + 'c> {
        let bounds = filter.bounds();
        if bounds.nothing {
            return Box::new(std::iter::empty());
        }
        let by_id = bounds
            .of("_id")
            .and_then(|known| known.keys.as_ref())
            .map(|keys| keys.iter().filter_map(|key| self.ids.get(key).copied()).collect::<BTreeSet<Place>>());
        let narrowed = by_id.or_else(|| self.indexes.iter().find_map(|index| index.candidates(filter, &bounds)));
        match narrowed {
            Some(places) => {
                Box::new(places.into_iter().filter_map(|place| self.get(place).map(|document| (place, document))))
            }
            None => Box::new(self.documents.iter().map(|(place, document)| (*place, document))),
        }
    }

    pub(super) fn insert(&mut self, mut document: Document) -> Result<()> {
        prepare_insert(&mut document)?;
        let id = document.get("_id").unwrap_or(&Bson::Null);
        let id_key = key::of(id);
        if self.ids.contains_key(&id_key) {
            return Err(Error::DuplicateKey {
                collection: self.name.clone(),
                index: "_id_".into(),
                key: Bson::Array(vec![id.clone()]),
            });
        }
        let place = self.next;
        let keys = self.checked_keys(&document, place)?;
        for (index, keys) in self.indexes.iter_mut().zip(keys) {
            index.add(keys, place, &document);
        }
        self.ids.insert(id_key, place);
        self.documents.insert(place, document);
        self.next += 1;
        Ok(())
    }

    /// Puts a changed document with the same `_id` in the place of the old one.
    pub(super) fn replace(&mut self, place: Place, document: Document) -> Result<()> {
        let Some(old) = self.documents.get(&place) else { return Ok(()) };
        let new_keys = self.checked_keys(&document, place)?;
        for (index, new) in self.indexes.iter_mut().zip(new_keys) {
            let before = index.keys(old)?;
            if before != new {
                index.remove(&before, place);
                index.add(new, place, &document);
            }
        }
        self.documents.insert(place, document);
        Ok(())
    }

    pub(super) fn remove(&mut self, place: Place) -> Result<()> {
        let Some(document) = self.documents.get(&place) else { return Ok(()) };
        let keys = self.indexes.iter().map(|index| index.keys(document)).collect::<Result<Vec<_>>>()?;
        for (index, keys) in self.indexes.iter_mut().zip(keys) {
            index.remove(&keys, place);
        }
        if let Some(document) = self.documents.remove(&place) {
            self.ids.remove(&key::of(document.get("_id").unwrap_or(&Bson::Null)));
        }
        Ok(())
    }

    fn checked_keys(&self, document: &Document, place: Place) -> Result<Vec<Vec<Vec<u8>>>> {
        self.indexes
            .iter()
            .map(|index| {
                let keys = index.keys(document)?;
                index.check(&self.name, &keys, place, document)?;
                Ok(keys)
            })
            .collect()
    }

    pub(super) fn indexes(&self) -> Vec<Index> {
        self.indexes.iter().map(|index| index.definition.clone()).collect()
    }

    pub(super) fn create_index(&mut self, index: Index) -> Result<()> {
        if let Some(known) = self.indexes.iter().find(|known| known.definition.name == index.name) {
            if known.definition == index {
                return Ok(());
            }
            return Err(Error::invalid(format!("there is another index named {} already", index.name)));
        }
        let mut state = IndexState::compile(index)?;
        for (place, document) in &self.documents {
            let keys = state.keys(document)?;
            state.check(&self.name, &keys, *place, document)?;
            state.add(keys, *place, document);
        }
        self.indexes.push(state);
        Ok(())
    }

    pub(super) fn drop_index(&mut self, name: &str) -> Result<()> {
        let before = self.indexes.len();
        self.indexes.retain(|index| index.definition.name != name);
        if self.indexes.len() == before {
            return Err(Error::NotFound { what: format!("index {name} of {}", self.name) });
        }
        Ok(())
    }
}
