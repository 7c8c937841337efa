//! Commands that change documents, compiled by the caller and run by the writer.
//!
//! Compiling outside the writer keeps its thread for what only it can do, and lets a command that makes no sense
//! be refused before it queues.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use bson::{Bson, Document};

use super::{
    fault::Attempt,
    index::{Touched, root},
    plan::Plan,
    scan::{Pace, Scan},
    selection::Selection,
    store::NewDocument,
    table::{Stored, Table},
    transaction::Transaction,
};
use crate::{Change, Delete, Outcome, Result, Update, UpdateReport, Write, name, query};

/// Documents that one slice of a long command may change, or look at, before others get their turn.
const SLICE: usize = 500;
const LOOKED_AT: usize = 20_000;
/// Bytes that one slice may hold in memory.
const SLICE_BYTES: usize = 32 << 20;
/// How long a slice should take: the planner's writes wait for it. Documents differ much in what they cost (a thousand
/// index entries, a costly filter), so their number alone is no measure.
pub(super) const STRETCH: Duration = Duration::from_millis(5);
/// Documents of the first slice, of which nothing is known yet.
const FIRST_SLICE: usize = 50;

/// What an update does to a document that its filter has found.
pub(super) struct Modification {
    update: query::update::Update,
    touched: Touched,
}

impl Modification {
    /// # Errors
    /// Those of the change.
    pub fn new(change: &Change, array_filters: &[Document]) -> Result<Self> {
        Ok(Self { update: query::update::Update::compile(change, array_filters)?, touched: touched(change) })
    }

    fn of(update: &Update) -> Result<Self> {
        Ok(Self { update: query::update::Update::of(update)?, touched: touched(&update.change) })
    }
}

/// The roots of all fields that operators name.
fn touched(change: &Change) -> Touched {
    let Change::Operators(operators) = change else { return Touched::Everything };
    let mut roots = Vec::new();
    for (operator, fields) in operators {
        let Bson::Document(fields) = fields else { return Touched::Everything };
        for (path, value) in fields {
            roots.push(root(path).to_owned());
            if let ("$rename", Bson::String(target)) = (operator.as_str(), value) {
                roots.push(root(target).to_owned());
            }
        }
    }
    Touched::Roots(roots)
}

pub(super) struct UpdateOperation {
    pub collection: String,
    pub selection: Selection,
    pub modification: Modification,
    pub many: bool,
    pub limit: Option<u64>,
    pub upsert: bool,
}

impl UpdateOperation {
    /// # Errors
    /// Those of name, filter and change; a replacement of many.
    pub fn new(collection: String, update: Update) -> Result<Self> {
        name::check(&collection)?;
        Ok(Self {
            collection,
            modification: Modification::of(&update)?,
            selection: Selection::new(&update.filter)?,
            many: update.many,
            limit: update.limit,
            upsert: update.upsert,
        })
    }

    /// Everything in one step.
    pub fn run(&self, tx: &mut Transaction<'_>) -> Attempt<UpdateReport> {
        let mut walk = Walk::default();
        if !self.many {
            return self.finish(tx, &mut walk);
        }
        tx.whole(|tx| self.finish(tx, &mut walk))
    }

    fn finish(&self, tx: &mut Transaction<'_>, walk: &mut Walk) -> Attempt<UpdateReport> {
        loop {
            if let Some(report) = self.step(tx, walk)? {
                return Ok(report);
            }
        }
    }

    /// One slice of the work, undone if it is refused; `None` if there is more to do. What earlier slices have
    /// changed stays.
    pub fn slice(&self, tx: &mut Transaction<'_>, walk: &mut Walk) -> Attempt<Option<UpdateReport>> {
        if !self.many {
            return self.step(tx, walk);
        }
        tx.whole(|tx| self.step(tx, walk))
    }

    fn step(&self, tx: &mut Transaction<'_>, walk: &mut Walk) -> Attempt<Option<UpdateReport>> {
        let began = Instant::now();
        let limit = if self.many { self.limit.unwrap_or(u64::MAX) } else { 1 };
        let wanted = limit.saturating_sub(walk.report.matched);
        let found = walk.gather(tx, &self.collection, &self.selection, wanted)?;
        for stored in found {
            let Some(table) = tx.table(&self.collection) else { break };
            walk.report.matched += 1;
            if self.modification.apply(tx, &table, &self.selection, &stored)?.is_some() {
                walk.report.modified += 1;
            }
        }
        walk.learn(began.elapsed());
        if !walk.is_done && walk.report.matched < limit {
            return Ok(None);
        }
        if walk.report.matched == 0 && self.upsert && limit > 0 {
            let id = self.modification.upsert(tx, &self.collection, &self.selection)?.id();
            walk.report.upserted_id = Some(id);
        }
        Ok(Some(walk.report.clone()))
    }
}

/// How far a command over many documents has come.
pub(super) struct Walk {
    scan: Option<Scan>,
    /// Documents to take next.
    slice: usize,
    report: UpdateReport,
    /// Documents already changed, where a change may move a document ahead of the walk.
    seen: HashSet<i64>,
    is_done: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self { scan: None, slice: FIRST_SLICE, report: UpdateReport::default(), seen: HashSet::new(), is_done: false }
    }
}

impl Walk {
    /// Fits the size of the next slice to what the last one took.
    fn learn(&mut self, took: Duration) {
        if took > STRETCH {
            self.slice = (self.slice / 2).max(1);
        } else if took < STRETCH / 2 {
            self.slice = (self.slice * 2).min(SLICE);
        }
    }

    /// The next matches, at most a slice. They are gathered before any is changed: a walk along an index must not
    /// meet what it has moved.
    fn gather(
        &mut self,
        tx: &Transaction<'_>,
        collection: &str,
        selection: &Selection,
        wanted: u64,
    ) -> Attempt<Vec<Stored>> {
        let Some(table) = tx.table(collection).filter(|_| wanted > 0) else {
            self.is_done = true;
            return Ok(Vec::new());
        };
        if let Some(id) = &selection.id {
            self.is_done = true;
            return match table.by_id(tx.connection, id)? {
                Some(stored) if selection.filter.matches_raw(table.view(&stored.bytes)?)? => Ok(vec![stored]),
                _ => Ok(Vec::new()),
            };
        }
        let scan = self.scan.get_or_insert_with(|| Scan::new(Plan::choose(&table, selection, None)));
        let most = usize::try_from(wanted).unwrap_or(usize::MAX).min(self.slice);
        if !scan.plan.is_current(&table) {
            // The index it walked along is gone; those already met are known.
            *scan = Scan::new(Plan::collection());
        }
        let (mut found, mut bytes, seen) = (Vec::new(), 0, &mut self.seen);
        let follows = most > 1 && (scan.plan.can_move() || !seen.is_empty());
        let pace = Pace::slice(LOOKED_AT, Instant::now() + STRETCH);
        scan.run(tx.connection, &table, selection, pace, &mut |rowid, document| {
            if !follows || seen.insert(rowid) {
                bytes += document.len();
                found.push(Stored { rowid, bytes: document.to_vec() });
            }
            let enough = found.len() >= most || bytes >= SLICE_BYTES;
            Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.is_done = scan.ended;
        Ok(found)
    }
}

impl Modification {
    /// Changes a stored document and gives the new one, or nothing if it stays as it is.
    pub fn apply(
        &self,
        tx: &mut Transaction<'_>,
        table: &Arc<Table>,
        selection: &Selection,
        stored: &Stored,
    ) -> Attempt<Option<Document>> {
        let mut document = table.decode(&stored.bytes)?;
        let position = if self.update.needs_position() { selection.filter.matched_position(&document) } else { None };
        let affected = table
            .indexes
            .iter()
            .filter(|index| index.is_touched_by(&self.touched))
            .map(|index| Ok((index.as_ref(), index.entries(&document)?)))
            .collect::<Result<Vec<_>>>()?;
        if !self.update.apply(&mut document, position, false, tx.now)? {
            return Ok(None);
        }
        tx.replace(table, stored, affected, &document)?;
        Ok(Some(document))
    }

    /// Inserts what the filter's equalities and the change make of nothing.
    pub fn upsert(&self, tx: &mut Transaction<'_>, collection: &str, selection: &Selection) -> Attempt<NewDocument> {
        let new = NewDocument::new(self.update.upsert(&selection.filter, tx.now)?)?;
        tx.insert(collection, &new)?;
        Ok(new)
    }
}

pub(super) struct DeleteOperation {
    pub collection: String,
    pub selection: Selection,
    pub limit: u64,
}

impl DeleteOperation {
    /// # Errors
    /// Those of name and filter.
    pub fn new(collection: String, delete: Delete) -> Result<Self> {
        name::check(&collection)?;
        let limit = delete.limit.unwrap_or(u64::MAX);
        Ok(Self { collection, selection: Selection::new(&delete.filter)?, limit })
    }

    pub fn run(&self, tx: &mut Transaction<'_>) -> Attempt<u64> {
        let mut walk = Walk::default();
        loop {
            if let Some(deleted) = self.slice(tx, &mut walk)? {
                return Ok(deleted);
            }
        }
    }

    /// One slice; `None` if there is more to do.
    pub fn slice(&self, tx: &mut Transaction<'_>, walk: &mut Walk) -> Attempt<Option<u64>> {
        let began = Instant::now();
        let wanted = self.limit.saturating_sub(walk.report.matched);
        for stored in walk.gather(tx, &self.collection, &self.selection, wanted)? {
            let Some(table) = tx.table(&self.collection) else { break };
            tx.remove(&table, &stored)?;
            walk.report.matched += 1;
        }
        walk.learn(began.elapsed());
        let is_done = walk.is_done || walk.report.matched >= self.limit;
        Ok(is_done.then_some(walk.report.matched))
    }
}

/// One write of a bulk.
pub(super) enum Operation {
    Insert { collection: String, new: Box<NewDocument> },
    Update(Box<UpdateOperation>),
    Delete(Box<DeleteOperation>),
}

impl Operation {
    /// # Errors
    /// Those of the write's own parts.
    pub fn new(write: Write) -> Result<Self> {
        Ok(match write {
            Write::Insert { collection, document } => {
                name::check(&collection)?;
                Self::Insert { collection, new: Box::new(NewDocument::new(document)?) }
            }
            Write::Update { collection, update } => Self::Update(Box::new(UpdateOperation::new(collection, update)?)),
            Write::Delete { collection, delete } => Self::Delete(Box::new(DeleteOperation::new(collection, delete)?)),
        })
    }

    pub fn run(&self, tx: &mut Transaction<'_>) -> Attempt<Outcome> {
        Ok(match self {
            Self::Insert { collection, new } => {
                tx.insert(collection, new)?;
                Outcome::Inserted
            }
            Self::Update(update) => Outcome::Updated(update.run(tx)?),
            Self::Delete(delete) => Outcome::Deleted(delete.run(tx)?),
        })
    }
}
