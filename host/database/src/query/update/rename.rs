//! `$rename`: takes a value away from one path so that it can be put at another. Never through an array.
//!
//! Rule: manual, "$rename" (<https://www.mongodb.com/docs/manual/reference/operator/update/rename/>).

use bson::{Bson, Document};

use crate::{Error, Result};

/// Removes and gives what stands at the end of `names`; `None` if nothing does.
pub(super) fn take(document: &mut Document, names: &[String]) -> Result<Option<Bson>> {
    let Some((last, parents)) = names.split_last() else { return Ok(None) };
    let mut current = document;
    for name in parents {
        current = match current.get_mut(name) {
            Some(Bson::Document(next)) => next,
            Some(Bson::Array(_)) => return Err(through_array(names)),
            _ => return Ok(None),
        };
    }
    Ok(current.remove(last))
}

/// Refuses a target that would be an element of an array.
pub(super) fn check_target(document: &Document, names: &[String]) -> Result<()> {
    let mut current = document;
    for name in names {
        current = match current.get(name) {
            Some(Bson::Document(next)) => next,
            Some(Bson::Array(_)) if names.last() != Some(name) => return Err(through_array(names)),
            _ => return Ok(()),
        };
    }
    Ok(())
}

fn through_array(names: &[String]) -> Error {
    Error::invalid(format!("$rename cannot go through an array: {}", names.join(".")))
}
