//! Collections themselves. Indexes are accepted and have no effect.

use serde_json::json;

use crate::fakes::state::{begin, error, with};
use crate::{Error, ErrorKind};

pub fn collections(connection: &str) -> Result<Vec<String>, Error> {
    begin("documents.collections")?;
    Ok(with(|state| {
        let all = state.collections.iter().filter_map(|(name, documents)| match name.split_once('/') {
            Some((place, name)) if place == connection => Some((name, documents)),
            None if connection == "default" => Some((name.as_str(), documents)),
            _ => None,
        });
        let described = all.map(|(name, documents)| {
            let size_bytes = documents.iter().map(|document| document.to_string().len()).sum::<usize>();
            json!({ "name": name, "count": documents.len(), "size_bytes": size_bytes }).to_string()
        });
        described.collect()
    }))
}

pub fn create(name: &str, _options: &str) -> Result<(), Error> {
    begin("documents.create")?;
    if with(|state| state.collections.contains_key(name)) {
        return Err(exists(name));
    }
    with(|state| state.collections.insert(name.to_owned(), Vec::new()));
    Ok(())
}

pub fn drop(name: &str) -> Result<(), Error> {
    begin("documents.drop")?;
    with(|state| state.collections.remove(name)).map(|_| ()).ok_or_else(|| missing(name))
}

pub fn rename(name: &str, to: &str, replace: bool) -> Result<(), Error> {
    begin("documents.rename")?;
    if !replace && with(|state| state.collections.contains_key(to)) {
        return Err(exists(to));
    }
    let documents = with(|state| state.collections.remove(name)).ok_or_else(|| missing(name))?;
    with(|state| state.collections.insert(to.to_owned(), documents));
    Ok(())
}

pub fn create_index(_name: &str, _definition: &str) -> Result<(), Error> {
    begin("documents.create-index")
}

pub fn drop_index(_name: &str, _index: &str) -> Result<(), Error> {
    begin("documents.drop-index")
}

fn exists(name: &str) -> Error {
    error(ErrorKind::Conflict, "collection-exists", format!("there is a collection {name} already"))
}

fn missing(name: &str) -> Error {
    error(ErrorKind::NotFound, "unknown-collection", format!("there is no collection {name}"))
}
