//! Reads of one collection. One that is not there finds nothing, but a wrong command is still refused.

use bson::{Bson, Document};
use chrono::{DateTime, Utc};

use super::{collection::Collection, index::Place, state::State};
use crate::{
    Find, Result,
    query::{
        distinct::Distinct,
        expression::Variables,
        filter::Filter,
        pipeline::{Collections, Context, Pipeline},
        projection::Projection,
        sort::Sort,
    },
};

pub(super) fn find(collection: Option<&Collection>, find: &Find, now: DateTime<Utc>) -> Result<Vec<Document>> {
    let filter = Filter::compile(&find.filter)?.at(now);
    let sort = find.sort.as_ref().map(Sort::compile).transpose()?;
    let projection =
        find.projection.as_ref().map(Projection::compile).transpose()?.map(|projection| projection.at(now));
    let window = Window { skip: find.skip, limit: find.limit };
    let found = match collection {
        Some(collection) => matching(collection, &filter, sort.as_ref(), window)?,
        None => Vec::new(),
    };
    found.into_iter().map(|(_, document)| projected(projection.as_ref(), &filter, document)).collect()
}

/// A copy of the document in the shape that is wanted.
pub(super) fn projected(projection: Option<&Projection>, filter: &Filter, document: &Document) -> Result<Document> {
    match projection {
        None => Ok(document.clone()),
        Some(projection) => {
            let position = if projection.has_position() { filter.matched_position(document) } else { None };
            projection.apply(document, position)
        }
    }
}

pub(super) fn count(collection: Option<&Collection>, filter: &Document, now: DateTime<Utc>) -> Result<u64> {
    let filter = Filter::compile(filter)?.at(now);
    let mut count = 0;
    for (_, document) in collection.into_iter().flat_map(|collection| collection.candidates(&filter)) {
        count += u64::from(filter.matches(document)?);
    }
    Ok(count)
}

pub(super) fn distinct(
    collection: Option<&Collection>,
    field: &str,
    filter: &Document,
    now: DateTime<Utc>,
) -> Result<Vec<Bson>> {
    let filter = Filter::compile(filter)?.at(now);
    let mut values = Distinct::new(field)?;
    for (_, document) in collection.into_iter().flat_map(|collection| collection.candidates(&filter)) {
        if filter.matches(document)? {
            values.add(document)?;
        }
    }
    Ok(values.finish())
}

/// The other collections, at the same moment.
struct Others<'s> {
    state: &'s State,
    now: DateTime<Utc>,
}

impl Collections for Others<'_> {
    fn find(&self, collection: &str, filter: &Document) -> Result<Vec<Document>> {
        find(self.state.get(collection), &Find::by(filter.clone()), self.now)
    }
}

pub(super) fn aggregate(
    state: &State,
    collection: &str,
    stages: &[Document],
    now: DateTime<Utc>,
) -> Result<Vec<Document>> {
    let pipeline = Pipeline::compile(stages)?;
    let filter = Find::by(pipeline.leading_filter().cloned().unwrap_or_default());
    let documents = find(state.get(collection), &filter, now)?;
    let (others, variables) = (Others { state, now }, Variables::at(now.into()));
    let context = Context { collections: &others, variables: &variables };
    pipeline.run(Box::new(documents.into_iter().map(Ok)), context).collect()
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
