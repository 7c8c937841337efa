//! The collections by name.

use std::collections::BTreeMap;

use super::collection::Collection;
use crate::{CollectionInfo, Error, Result};

#[derive(Default)]
pub(super) struct State {
    collections: BTreeMap<String, Collection>,
}

impl State {
    pub(super) fn get(&self, name: &str) -> Option<&Collection> {
        self.collections.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Collection> {
        self.collections.get_mut(name)
    }

    pub(super) fn get_or_create(&mut self, name: &str) -> Result<&mut Collection> {
        if name.is_empty() || name.contains(['$', '\0']) {
            return Err(Error::invalid(format!("a collection cannot be named {name:?}")));
        }
        Ok(self.collections.entry(name.to_owned()).or_insert_with(|| Collection::new(name)))
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.collections.remove(name);
    }

    pub(super) fn rename(&mut self, name: &str, to: &str, replace: bool) -> Result<()> {
        if !self.collections.contains_key(name) {
            return Err(Error::NotFound { what: format!("collection {name}") });
        }
        if name == to || (!replace && self.collections.contains_key(to)) {
            return Err(Error::invalid(format!("there is a collection {to} already")));
        }
        self.get_or_create(to)?;
        if let Some(mut moved) = self.collections.remove(name) {
            moved.rename(to);
            self.collections.insert(to.to_owned(), moved);
        }
        Ok(())
    }

    pub(super) fn list(&self) -> Vec<CollectionInfo> {
        self.collections.iter().map(|(name, collection)| collection.info(name)).collect()
    }
}
