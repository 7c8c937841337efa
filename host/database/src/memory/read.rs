//! Reads of one collection. One that is not there finds nothing, but a wrong command is still refused.

use bson::{Bson, Document};

use super::{collection::Collection, index::Place};
use crate::{
    Find, Result,
    query::{distinct::Distinct, filter::Filter, sort::Sort},
};

pub(super) fn find(collection: Option<&Collection>, find: &Find) -> Result<Vec<Document>> {
    let filter = Filter::compile(&find.filter)?;
    let sort = find.sort.as_ref().map(Sort::compile).transpose()?;
    let window = Window { skip: find.skip, limit: find.limit };
    let found = match collection {
        Some(collection) => matching(collection, &filter, sort.as_ref(), window)?,
        None => Vec::new(),
    };
    if find.projection.is_some() {
        return Err(crate::query::allow::refusal("option", "projection"));
    }
    Ok(found.into_iter().map(|(_, document)| document.clone()).collect())
}

pub(super) fn count(collection: Option<&Collection>, filter: &Document) -> Result<u64> {
    let filter = Filter::compile(filter)?;
    let mut count = 0;
    for (_, document) in collection.into_iter().flat_map(|collection| collection.candidates(&filter)) {
        count += u64::from(filter.matches(document)?);
    }
    Ok(count)
}

pub(super) fn distinct(collection: Option<&Collection>, field: &str, filter: &Document) -> Result<Vec<Bson>> {
    let filter = Filter::compile(filter)?;
    let mut values = Distinct::new(field)?;
    for (_, document) in collection.into_iter().flat_map(|collection| collection.candidates(&filter)) {
        if filter.matches(document)? {
            values.add(document);
        }
    }
    Ok(values.finish())
}

/// Which of the sorted matches are wanted.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) skip: u64,
    pub(super) limit: Option<u64>,
}

/// Matches in order, from the window.
pub(super) fn matching<'c>(
    collection: &'c Collection,
    filter: &Filter,
    sort: Option<&Sort>,
    window: Window,
) -> Result<Vec<(Place, &'c Document)>> {
    let skip = usize::try_from(window.skip).unwrap_or(usize::MAX);
    let limit = window.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let sort = sort.filter(|sort| !sort.is_empty());
    let enough = if sort.is_some() { usize::MAX } else { skip.saturating_add(limit) };
    let mut found = Vec::new();
    for (place, document) in collection.candidates(filter) {
        if found.len() >= enough {
            break;
        }
        if filter.matches(document)? {
            found.push((place, document));
        }
    }
    if let Some(sort) = sort {
        found.sort_by_cached_key(|(_, document)| sort.key(document));
    }
    Ok(found.into_iter().skip(skip).take(limit).collect())
}
