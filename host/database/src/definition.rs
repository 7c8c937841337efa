//! Definitions of indexes: what can be checked without the collection.

use crate::{
    Error, Index, Result,
    query::{filter::Filter, key::Layout},
};

/// As in MongoDB.
const KEYS: usize = 32;

/// # Errors
/// [`Error::Invalid`] naming what is wrong; those of the partial filter.
pub(crate) fn check(index: &Index) -> Result<()> {
    if index.name.is_empty() {
        return Err(Error::invalid("an index needs a name"));
    }
    if index.name == "_id_" {
        return Err(Error::invalid("the index _id_ is there already and cannot be defined anew"));
    }
    if index.keys.len() > KEYS {
        let found = index.keys.len();
        return Err(Error::invalid(format!("index {} has {found} fields, at most {KEYS} are allowed", index.name)));
    }
    if index.sparse && index.partial.is_some() {
        return Err(Error::invalid(format!("index {} cannot be both sparse and partial", index.name)));
    }
    if let Some((path, direction)) = index.keys.iter().find(|(_, direction)| {
        !matches!(direction.as_i64().or(direction.as_i32().map(i64::from)), Some(1 | -1))
            && !matches!(direction.as_f64(), Some(1.0 | -1.0))
    }) {
        return Err(Error::invalid(format!("index {}: {path} must be 1 or -1, not {direction}", index.name)));
    }
    index.partial.as_ref().map(Filter::compile).transpose()?;
    Layout::compile(&index.keys).map(|_| ())
}
