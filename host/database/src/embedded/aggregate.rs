//! Pipelines over one snapshot: the first stages become a read that can use an index, the rest is
//! [`query::pipeline`](crate::query::pipeline).

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use bson::{Bson, Document};
use chrono::{DateTime, Utc};

use super::{
    cursor::{Query, Reading},
    fault::Attempt,
    reader::Snapshot,
};
use crate::{
    Error, Find, Result,
    query::{
        allow::encoded_size,
        expression::Variables,
        pipeline::{Collections, Context, Pipeline},
    },
};

/// What an answer, or what one `$lookup` finds, may hold in memory.
const LIMIT_BYTES: u64 = 100 << 20;
/// Documents that are read ahead of the stages.
const AHEAD: usize = 500;

/// A compiled pipeline.
pub(super) struct Aggregation {
    source: Arc<Query>,
    rest: Pipeline,
}

impl Aggregation {
    /// # Errors
    /// Those of the pipeline.
    pub fn new(collection: &str, stages: &[Document]) -> Result<Self> {
        // As a whole first: its rules do not depend on what is taken out of it.
        Pipeline::compile(stages)?;
        let (source, rest) = leading(stages);
        Ok(Self { source: Arc::new(Query::new(collection, &source)?), rest: Pipeline::compile(rest)? })
    }

    pub fn run(&self, snapshot: &Snapshot<'_>, now: DateTime<Utc>) -> Attempt<Vec<Document>> {
        let variables = Variables::at(now.into());
        let context = Context { collections: &Others { snapshot }, variables: &variables };
        let documents = Source::new(Arc::clone(&self.source), snapshot);
        Ok(bounded("the answer of a pipeline", self.rest.run(Box::new(documents), context))?)
    }
}

/// Takes `$match`, `$sort`, `$skip` and `$limit` off the front, as far as a read means the same.
fn leading(stages: &[Document]) -> (Find, &[Document]) {
    let (mut find, mut rest, mut filters) = (Find::default(), stages, Vec::new());
    while let Some((stage, after)) = rest.split_first() {
        let windowed = find.skip > 0 || find.limit.is_some();
        match stage.iter().next() {
            Some((name, Bson::Document(filter))) if name == "$match" && find.sort.is_none() && !windowed => {
                filters.push(filter.clone());
            }
            Some((name, Bson::Document(sort))) if name == "$sort" && find.sort.is_none() && !windowed => {
                find.sort = Some(sort.clone());
            }
            Some((name, Bson::Int32(count))) if name == "$skip" && !windowed && *count >= 0 => {
                find.skip = u64::from(count.unsigned_abs());
            }
            Some((name, Bson::Int32(count))) if name == "$limit" && find.limit.is_none() && *count > 0 => {
                find.limit = Some(u64::from(count.unsigned_abs()));
            }
            _ => break,
        }
        rest = after;
    }
    find.filter = match filters.len() {
        0 | 1 => filters.pop().unwrap_or_default(),
        _ => Document::from_iter([("$and".to_owned(), Bson::Array(filters.into_iter().map(Bson::Document).collect()))]),
    };
    (find, rest)
}

/// The documents of a read, from the one snapshot, a few ahead of the stages.
struct Source<'s, 'c> {
    reading: Reading,
    snapshot: &'s Snapshot<'c>,
    ready: VecDeque<Document>,
}

impl<'s, 'c> Source<'s, 'c> {
    fn new(query: Arc<Query>, snapshot: &'s Snapshot<'c>) -> Self {
        Self { reading: Reading::new(query), snapshot, ready: VecDeque::new() }
    }

    fn read_ahead(&mut self) -> Attempt<()> {
        let ready = &mut self.ready;
        self.reading.step(self.snapshot, &mut |table, bytes| {
            ready.push_back(table.decode(bytes)?);
            Ok(if ready.len() >= AHEAD { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
    }
}

impl Iterator for Source<'_, '_> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.reading.has_ended() {
            if let Err(fault) = self.read_ahead() {
                self.reading.end();
                return Some(Err(fault.into_error()));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// The other collections, in the same snapshot.
struct Others<'s, 'c> {
    snapshot: &'s Snapshot<'c>,
}

impl Collections for Others<'_, '_> {
    fn find(&self, collection: &str, filter: &Document) -> Result<Vec<Document>> {
        let query = Query::new(collection, &Find::by(filter.clone()))?;
        bounded("what a $lookup finds", Source::new(Arc::new(query), self.snapshot))
    }
}

/// # Errors
/// [`Error::TooLarge`] if more would have to be held than is allowed.
fn bounded(what: &str, documents: impl Iterator<Item = Result<Document>>) -> Result<Vec<Document>> {
    let (mut all, mut size) = (Vec::new(), 0);
    for document in documents {
        let document = document?;
        size += encoded_size(&document) as u64;
        if size > LIMIT_BYTES {
            return Err(Error::TooLarge { what: what.to_owned(), size, limit: LIMIT_BYTES });
        }
        all.push(document);
    }
    Ok(all)
}
