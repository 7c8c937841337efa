//! Collections themselves. Indexes are remembered and have no effect.

use serde_json::{Value, json};

use super::collection::parsed;
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
    with(|state| state.indexes.remove(name));
    with(|state| state.collections.remove(name)).map(|_| ()).ok_or_else(|| missing(name))
}

pub fn rename(name: &str, to: &str, replace: bool) -> Result<(), Error> {
    begin("documents.rename")?;
    if !replace && with(|state| state.collections.contains_key(to)) {
        return Err(exists(to));
    }
    let documents = with(|state| state.collections.remove(name)).ok_or_else(|| missing(name))?;
    with(|state| {
        state.collections.insert(to.to_owned(), documents);
        let indexes = state.indexes.remove(name).unwrap_or_default();
        state.indexes.insert(to.to_owned(), indexes);
    });
    Ok(())
}

pub fn create_index(name: &str, definition: &str) -> Result<(), Error> {
    begin("documents.create-index")?;
    let mut definition = parsed(definition)?;
    let Some(keys) = definition.get("key").and_then(Value::as_object) else {
        let message = "definition: `key` must be an object such as {\"created_at\": 1}".to_owned();
        return Err(error(ErrorKind::Invalid, "index-key", message));
    };
    let usual = keys.iter().map(|(field, direction)| format!("{field}_{direction}")).collect::<Vec<_>>().join("_");
    if let Some(fields) = definition.as_object_mut() {
        fields.entry("name").or_insert_with(|| Value::String(usual));
    }
    let named = definition.get("name").cloned();
    with(|state| {
        state.collections.entry(name.to_owned()).or_default();
        let indexes = state.indexes.entry(name.to_owned()).or_default();
        match indexes.iter().find(|index| index.get("name") == named.as_ref()) {
            Some(index) if *index == definition => Ok(()),
            Some(_) => {
                let message = format!("{name} has another index of this name; drop it first");
                Err(error(ErrorKind::Invalid, "invalid-command", message))
            }
            None => {
                indexes.push(definition);
                Ok(())
            }
        }
    })
}

pub fn drop_index(name: &str, index: &str) -> Result<(), Error> {
    begin("documents.drop-index")?;
    let is_gone = with(|state| {
        let indexes = state.indexes.entry(name.to_owned()).or_default();
        let before = indexes.len();
        indexes.retain(|known| known.get("name").and_then(Value::as_str) != Some(index));
        indexes.len() < before
    });
    if is_gone {
        return Ok(());
    }
    Err(error(ErrorKind::NotFound, "not-found", format!("index {index} of {name} does not exist")))
}

fn exists(name: &str) -> Error {
    error(ErrorKind::Conflict, "collection-exists", format!("there is a collection {name} already"))
}

fn missing(name: &str) -> Error {
    error(ErrorKind::NotFound, "unknown-collection", format!("there is no collection {name}"))
}
