//! Pipelines: the first stages become a read that can use an index, the rest is
//! [`query::pipeline`](crate::query::pipeline). Documents are read in steps, as by a cursor: what fits into one step is
//! one state of the collection.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{Arc, Weak},
};

use bson::{Bson, Document};
use chrono::{DateTime, Utc};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    cursor::{Query, Reading},
    reader::{Readers, Turn},
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
/// Stored bytes that are read ahead of the stages.
const AHEAD_BYTES: usize = 4 << 20;

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

    /// Computes on a thread of its own, so that no reading thread is held by stages.
    pub async fn run(self, readers: Arc<Readers>, at_once: &Semaphore, now: DateTime<Utc>) -> Result<Vec<Document>> {
        let closed = |error: &dyn std::fmt::Display| Error::Unavailable { message: format!("a pipeline: {error}") };
        let _permit = at_once.acquire().await.map_err(|error| closed(&error))?;
        // Goes away with this future: then nobody waits for the answer.
        let interest = Arc::new(());
        let reader = Reader { readers, interest: Arc::downgrade(&interest) };
        let computed = spawn_blocking(move || {
            let variables = Variables::at(now.into());
            let context = Context { collections: &reader, variables: &variables };
            let documents = Source::new(Arc::clone(&self.source), &reader);
            bounded("the answer of a pipeline", self.rest.run(Box::new(documents), context), &reader)
        });
        let found = computed.await.map_err(|error| closed(&error))?;
        drop(interest);
        found
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

/// How a pipeline comes by documents, as long as somebody waits for its answer.
struct Reader {
    readers: Arc<Readers>,
    interest: Weak<()>,
}

impl Reader {
    /// # Errors
    /// [`Error::Unavailable`] when nobody waits any more.
    fn check(&self) -> Result<()> {
        if self.interest.strong_count() == 0 {
            return Err(Error::Unavailable { message: "nobody waits for this pipeline any more".into() });
        }
        Ok(())
    }
}

/// The other collections.
impl Collections for Reader {
    fn find(&self, collection: &str, filter: &Document) -> Result<Vec<Document>> {
        let query = Query::new(collection, &Find::by(filter.clone()))?;
        bounded("what a $lookup finds", Source::new(Arc::new(query), self), self)
    }
}

/// The documents of a read, in steps of which each has a snapshot.
struct Source<'r> {
    reader: &'r Reader,
    /// Away while a step is under way; not back after an error.
    reading: Option<Reading>,
    turn: Turn,
    ready: VecDeque<Document>,
}

impl<'r> Source<'r> {
    fn new(query: Arc<Query>, reader: &'r Reader) -> Self {
        Self { reader, reading: Some(Reading::new(query)), turn: Turn::First, ready: VecDeque::new() }
    }

    fn read_ahead(&mut self, mut reading: Reading) -> Result<()> {
        self.reader.check()?;
        let step = self.reader.readers.run_blocking(self.turn, move |snapshot| {
            let (mut ready, mut size) = (VecDeque::new(), 0);
            reading.step(snapshot, &mut |table, bytes| {
                ready.push_back(table.decode(bytes)?);
                size += bytes.len();
                Ok(if size >= AHEAD_BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            Ok((ready, reading))
        });
        let reading;
        (self.ready, reading) = step?;
        self.reading = Some(reading);
        self.turn = Turn::Further;
        Ok(())
    }
}

impl Iterator for Source<'_> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let reading = self.reading.take_if(|reading| !reading.has_ended())?;
            if let Err(error) = self.read_ahead(reading) {
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// # Errors
/// [`Error::TooLarge`] if more would have to be held than is allowed.
fn bounded(what: &str, documents: impl Iterator<Item = Result<Document>>, reader: &Reader) -> Result<Vec<Document>> {
    let (mut all, mut size) = (Vec::new(), 0);
    for document in documents {
        reader.check()?;
        let document = document?;
        size += encoded_size(&document) as u64;
        if size > LIMIT_BYTES {
            return Err(Error::TooLarge { what: what.to_owned(), size, limit: LIMIT_BYTES });
        }
        all.push(document);
    }
    Ok(all)
}
