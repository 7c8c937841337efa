//! Reading in batches. Each batch is a call of its own on a snapshot of its own; between two of them the cursor
//! holds a position, and no snapshot. The first one is read when it is asked for, not before.
//!
//! A document that is changed meanwhile is seen as it is when its turn comes; one that moves along the index being
//! read may be met twice or not at all, as in MongoDB. The same holds for a batch that takes more than one step. An
//! order that no index has is sorted at the first batch, and stays as it was then.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bson::Document;
use chrono::Utc;

use super::{
    fault::Attempt,
    plan::Plan,
    reader::{Readers, Snapshot, Turn},
    scan::{Pace, Scan},
    selection::Selection,
    sorted::Sorter,
    table::Table,
};
use crate::{
    Cursor, Error, Find, RawCursor, Result,
    query::{filter::Filter, projection::Projection, sort::Sort},
};

/// Documents one step looks at before it gives its thread and snapshot back.
const LOOKED_AT: usize = 50_000;
/// How long one step takes at most, so that costly filters do not keep others from the few threads.
const STRETCH: Duration = Duration::from_millis(50);
/// Bytes of stored documents in one batch.
const BATCH_BYTES: usize = 16 << 20;

/// A compiled read.
pub(super) struct Query {
    pub collection: String,
    pub selection: Selection,
    pub sort: Option<Sort>,
    pub projection: Option<Projection>,
    skip: u64,
    limit: u64,
}

impl Query {
    /// # Errors
    /// Those of the parts of the read.
    pub fn new(collection: &str, find: &Find) -> Result<Self> {
        crate::name::check(collection)?;
        Ok(Self {
            collection: collection.to_owned(),
            selection: Selection::new(&find.filter)?,
            sort: find.sort.as_ref().map(Sort::compile).transpose()?.filter(|sort| !sort.is_empty()),
            projection: find
                .projection
                .as_ref()
                .map(Projection::compile)
                .transpose()?
                .map(|projection| projection.at(Utc::now())),
            skip: find.skip,
            limit: find.limit.unwrap_or(u64::MAX),
        })
    }

    fn begin(&self, table: &Table) -> State {
        let plan = Plan::choose(table, &self.selection, self.sort.as_ref());
        match &self.sort {
            Some(sort) if !plan.is_sorted => {
                let sorter = Sorter::new(sort.clone(), self.window());
                State::Sorting { table: table.id, scan: Scan::new(plan), sorter }
            }
            _ => State::Walking { table: table.id, scan: Scan::new(plan) },
        }
    }

    /// How many documents of the order decide the answer, if that is fewer than all.
    fn window(&self) -> Option<usize> {
        usize::try_from(self.skip.saturating_add(self.limit)).ok().filter(|window| *window < usize::MAX)
    }
}

/// The document in the shape that was asked for.
pub(super) fn projected(projection: Option<&Projection>, filter: &Filter, document: Document) -> Result<Document> {
    let Some(projection) = projection else { return Ok(document) };
    let position = if projection.has_position() { filter.matched_position(&document) } else { None };
    projection.apply(&document, position)
}

/// A read and how far it has come.
pub(super) struct Reading {
    query: Arc<Query>,
    state: State,
    to_skip: u64,
    left: u64,
}

enum State {
    New,
    Walking {
        table: i64,
        scan: Scan,
    },
    /// Met so far, in an order that no index has.
    Sorting {
        table: i64,
        scan: Scan,
        sorter: Sorter<Vec<u8>>,
    },
    Sorted(VecDeque<Vec<u8>>),
    Ended,
}

/// Takes a document; `Break` when the batch is full.
pub(super) type Take<'t> = dyn FnMut(&Table, &[u8]) -> Attempt<ControlFlow<()>> + Send + 't;

impl Reading {
    pub fn new(query: Arc<Query>) -> Self {
        let (to_skip, left) = (query.skip, query.limit);
        Self { query, state: if left == 0 { State::Ended } else { State::New }, to_skip, left }
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// One step: hands documents over until the batch is full or the step has done enough.
    pub fn step(&mut self, snapshot: &Snapshot<'_>, take: &mut Take<'_>) -> Attempt<()> {
        let Some(table) = snapshot.table(&self.query.collection) else {
            self.state = State::Ended;
            return Ok(());
        };
        let pace = Pace::slice(LOOKED_AT, Instant::now() + STRETCH);
        let Self { query, state, to_skip, left } = self;
        let mut deliver = |bytes: &[u8]| -> Attempt<ControlFlow<()>> {
            if *to_skip > 0 {
                *to_skip -= 1;
                return Ok(ControlFlow::Continue(()));
            }
            *left -= 1;
            let flow = take(table, bytes)?;
            Ok(if *left == 0 { ControlFlow::Break(()) } else { flow })
        };
        if matches!(state, State::New) {
            *state = query.begin(table);
        }
        if let State::Sorting { table: id, scan, sorter } = state {
            check(*id, scan, table)?;
            scan.run(snapshot.connection, table, &query.selection, pace, &mut |_, bytes| {
                sorter.add(table.view(bytes)?, bytes.len(), || bytes.to_vec())?;
                Ok(ControlFlow::Continue(()))
            })?;
            if !scan.ended {
                return Ok(());
            }
            *state = State::Sorted(sorter.finish().collect());
        }
        let ended = match state {
            State::Walking { table: id, scan } => {
                check(*id, scan, table)?;
                scan.run(snapshot.connection, table, &query.selection, pace, &mut |_, bytes: &[u8]| deliver(bytes))?;
                scan.ended
            }
            State::Sorted(waiting) => {
                while let Some(bytes) = waiting.pop_front() {
                    if deliver(&bytes)?.is_break() {
                        break;
                    }
                }
                waiting.is_empty()
            }
            State::New | State::Sorting { .. } | State::Ended => true,
        };
        if ended || *left == 0 {
            *state = State::Ended;
        }
        Ok(())
    }
}

/// # Errors
/// [`Error::Unavailable`] if what was being read has been replaced since the step before.
fn check(id: i64, scan: &Scan, table: &Table) -> Attempt<()> {
    if id == table.id && scan.plan.is_current(table) {
        return Ok(());
    }
    let message = format!("the index that was being read is gone from {}; read again", table.name);
    Err(Error::Unavailable { message }.into())
}

/// Documents that are there already.
pub(super) struct Ready(pub VecDeque<Document>);

#[async_trait]
impl Cursor for Ready {
    async fn next(&mut self, max: usize) -> Result<Vec<Document>> {
        Ok(self.0.drain(..max.min(self.0.len())).collect())
    }
}

/// A cursor of either kind.
pub(super) struct Batches {
    readers: Arc<Readers>,
    reading: Option<Reading>,
}

impl Batches {
    pub fn new(readers: Arc<Readers>, query: Query) -> Self {
        Self { readers, reading: Some(Reading::new(Arc::new(query))) }
    }

    /// The next batch, built by `collect` from the documents it is given until it breaks; empty only at the end.
    pub async fn batch<B>(
        &mut self,
        mut batch: B,
        collect: impl Fn(&mut B, &Query, &Table, &[u8]) -> Attempt<ControlFlow<()>> + Clone + Send + Sync + 'static,
    ) -> Result<B>
    where
        B: Send + 'static,
    {
        let mut turn = Turn::First;
        // After an error the cursor is spent: its position is not known any more.
        while let Some(mut reading) = self.reading.take_if(|reading| !reading.has_ended()) {
            let collect = collect.clone();
            let step = self
                .readers
                .run(turn, move |snapshot| {
                    let (mut is_full, query) = (false, Arc::clone(&reading.query));
                    reading.step(snapshot, &mut |table, bytes| {
                        let flow = collect(&mut batch, &query, table, bytes)?;
                        is_full = flow.is_break();
                        Ok(flow)
                    })?;
                    Ok((batch, is_full, reading))
                })
                .await?;
            turn = Turn::Further;
            let is_full;
            (batch, is_full, self.reading) = (step.0, step.1, Some(step.2));
            if is_full {
                break;
            }
        }
        Ok(batch)
    }
}

#[async_trait]
impl Cursor for Batches {
    async fn next(&mut self, max: usize) -> Result<Vec<Document>> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let (documents, _) = self
            .batch((Vec::new(), 0), move |(documents, size), query, table, bytes| {
                let document = table.decode(bytes)?;
                documents.push(projected(query.projection.as_ref(), &query.selection.filter, document)?);
                *size += bytes.len();
                Ok(if documents.len() >= max || *size >= BATCH_BYTES {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            })
            .await?;
        Ok(documents)
    }
}

/// Gives the stored bytes. A document that would make a batch too large is kept for the next one.
pub(super) struct RawBatches {
    pub batches: Batches,
    pub kept: Vec<u8>,
}

#[async_trait]
impl RawCursor for RawBatches {
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<u8>> {
        let kept = std::mem::take(&mut self.kept);
        if kept.len() >= max_bytes && !kept.is_empty() {
            return Ok(kept);
        }
        let room = max_bytes - kept.len();
        let (more, over) = self
            .batches
            .batch((Vec::new(), Vec::new()), move |(more, over): &mut (Vec<u8>, Vec<u8>), _, _, bytes| {
                if more.len() + bytes.len() > room {
                    over.extend_from_slice(bytes);
                    return Ok(ControlFlow::Break(()));
                }
                more.extend_from_slice(bytes);
                Ok(ControlFlow::Continue(()))
            })
            .await?;
        self.kept = over;
        let batch = [kept, more].concat();
        Ok(if batch.is_empty() { std::mem::take(&mut self.kept) } else { batch })
    }
}
