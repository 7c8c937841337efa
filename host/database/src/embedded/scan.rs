//! Walking along a plan: from a position onwards, until the visitor has enough.
//!
//! The position is a key and not a place in a snapshot, so a walk can be laid aside and taken up in another
//! transaction. A document that several entries lead to is answered at the first of them within the ranges.

use std::{ops::ControlFlow, time::Instant};

use rusqlite::{CachedStatement, Connection, Row, Rows, params};

use super::{
    bounds::Range,
    fault::Attempt,
    plan::{Access, Plan},
    selection::Selection,
    table::Table,
};

/// How far a walk has come.
pub(super) struct Scan {
    pub plan: Plan,
    /// The range that is being read, counted in the direction of the walk.
    range: usize,
    last: Option<Place>,
    pub ended: bool,
}

/// The last document that was looked at.
struct Place {
    key: Vec<u8>,
    rowid: i64,
}

/// How far a walk goes at a stretch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    documents: usize,
    until: Option<Instant>,
}

impl Pace {
    /// To the end.
    pub fn whole() -> Self {
        Self { documents: usize::MAX, until: None }
    }

    /// A stretch for a walk that is taken up again: a filter may be costly, so documents alone are no measure.
    pub fn slice(most: usize, until: Instant) -> Self {
        Self { documents: most, until: Some(until) }
    }

    /// Counts one document; whether the stretch is over.
    fn is_over(&mut self) -> bool {
        self.documents = self.documents.saturating_sub(1);
        self.documents == 0 || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// Called with each match; `Break` lays the walk aside behind it.
pub(super) type Visit<'v> = dyn FnMut(i64, &[u8]) -> Attempt<ControlFlow<()>> + 'v;

impl Scan {
    pub fn new(plan: Plan) -> Self {
        Self { plan, range: 0, last: None, ended: false }
    }

    /// Goes on until the visitor breaks, the stretch is over, or the end is reached.
    ///
    /// # Errors
    /// Those of the filter and the visitor.
    pub fn run(
        &mut self,
        connection: &Connection,
        table: &Table,
        selection: &Selection,
        mut pace: Pace,
        visit: &mut Visit<'_>,
    ) -> Attempt<()> {
        while !self.ended {
            let Some(range) = self.current() else {
                self.ended = true;
                break;
            };
            if self.one_range(connection, table, selection, range.as_ref(), &mut pace, visit)?.is_break() {
                break;
            }
            self.range += 1;
            self.last = None;
        }
        Ok(())
    }

    /// The range to read; the collection as a whole is one without bounds.
    fn current(&self) -> Option<Option<Range>> {
        let ranges = &self.plan.ranges;
        match &self.plan.access {
            Access::Collection => (self.range == 0).then_some(None),
            _ if self.plan.backwards => ranges.iter().rev().nth(self.range).cloned().map(Some),
            _ => ranges.get(self.range).cloned().map(Some),
        }
    }

    fn one_range(
        &mut self,
        connection: &Connection,
        table: &Table,
        selection: &Selection,
        range: Option<&Range>,
        pace: &mut Pace,
        visit: &mut Visit<'_>,
    ) -> Attempt<ControlFlow<()>> {
        let mut statement = connection.prepare_cached(&self.sql(table, range))?;
        let mut rows = self.start(&mut statement, range)?;
        while let Some(row) = rows.next()? {
            let bytes = blob(row, 2)?;
            let is_match = selection.is_all || selection.filter.matches_raw(table.view(bytes)?)?;
            let flow = if is_match && self.is_first_entry(table, row, bytes)? {
                visit(row.get(1)?, bytes)?
            } else {
                ControlFlow::Continue(())
            };
            if pace.is_over() || flow.is_break() {
                self.last = Some(Place { key: blob(row, 0)?.to_vec(), rowid: row.get(1)? });
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn is_first_entry(&self, table: &Table, row: &Row<'_>, bytes: &[u8]) -> Attempt<bool> {
        let Access::Index(index) = &self.plan.access else { return Ok(true) };
        if !self.plan.repeats() {
            return Ok(true);
        }
        let key = blob(row, 0)?;
        let entries = index.entries(&table.decode(bytes)?)?;
        let mut inside = entries.iter().filter(|entry| self.plan.ranges.iter().any(|range| range.holds(entry)));
        let first = if self.plan.backwards { inside.next_back() } else { inside.next() };
        Ok(first.is_some_and(|first| first == key))
    }

    fn sql(&self, table: &Table, range: Option<&Range>) -> String {
        let (columns, from, key, rowid) = match &self.plan.access {
            Access::Collection => {
                return format!("SELECT x'', rowid, doc FROM c{} WHERE rowid > ?1 ORDER BY rowid", table.id);
            }
            Access::Ids => ("id, rowid, doc", format!("c{}", table.id), "id", "rowid"),
            Access::Index(index) => {
                // The order of a CROSS JOIN is kept: entries first, documents by rowid.
                let from = format!("i{} i CROSS JOIN c{} c ON c.rowid = i.rowid", index.id, table.id);
                ("i.key, i.rowid, c.doc", from, "i.key", "i.rowid")
            }
        };
        let is_open = range.is_none_or(|range| range.high.is_none());
        match (self.plan.backwards, is_open && self.last.is_none()) {
            (false, _) if is_open => {
                format!("SELECT {columns} FROM {from} WHERE ({key}, {rowid}) > (?1, ?2) ORDER BY {key}, {rowid}")
            }
            (false, _) => format!(
                "SELECT {columns} FROM {from} WHERE ({key}, {rowid}) > (?1, ?2) AND {key} < ?3 ORDER BY {key}, {rowid}"
            ),
            (true, true) => {
                format!("SELECT {columns} FROM {from} WHERE {key} >= ?1 ORDER BY {key} DESC, {rowid} DESC")
            }
            (true, false) => format!(
                "SELECT {columns} FROM {from} WHERE {key} >= ?1 AND ({key}, {rowid}) < (?2, ?3) ORDER BY {key} DESC, {rowid} DESC"
            ),
        }
    }

    fn start<'s>(&self, statement: &'s mut CachedStatement<'_>, range: Option<&Range>) -> rusqlite::Result<Rows<'s>> {
        // Rowids are positive, so this place is before every document with the key.
        const BEFORE: i64 = i64::MIN;
        let last = self.last.as_ref();
        let Some(range) = range else {
            return statement.query(params![last.map_or(BEFORE, |place| place.rowid)]);
        };
        let low = range.low.as_slice();
        let place = last.map(|place| (place.key.as_slice(), place.rowid));
        match (self.plan.backwards, place, range.high.as_deref()) {
            (false, place, high) => {
                let (key, rowid) = place.unwrap_or((low, BEFORE));
                match high {
                    None => statement.query(params![key, rowid]),
                    Some(high) => statement.query(params![key, rowid, high]),
                }
            }
            (true, Some((key, rowid)), _) => statement.query(params![low, key, rowid]),
            (true, None, Some(high)) => statement.query(params![low, high, BEFORE]),
            (true, None, None) => statement.query(params![low]),
        }
    }
}

fn blob<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(column)?.as_blob()?)
}
