//! Changing or removing the first document in an order, and giving it back, as one step of the writer.

use std::ops::ControlFlow;

use bson::Document;
use chrono::Utc;

use super::{
    cursor::projected,
    fault::Attempt,
    operation::Modification,
    plan::Plan,
    scan::{Pace, Scan},
    selection::Selection,
    sorted::Sorter,
    table::{Stored, Table},
    transaction::Transaction,
};
use crate::{
    FindAndUpdate, Result, Return, name,
    query::{projection::Projection, sort::Sort},
};

pub(super) struct FindAndUpdateOperation {
    collection: String,
    selection: Selection,
    modification: Option<Modification>,
    sort: Option<Sort>,
    projection: Option<Projection>,
    upsert: bool,
    give_back: Return,
}

impl FindAndUpdateOperation {
    /// # Errors
    /// Those of the command's parts.
    pub fn new(collection: String, command: FindAndUpdate) -> Result<Self> {
        name::check(&collection)?;
        let change = command.change.as_ref();
        let sort = command.sort.as_ref().map(Sort::compile).transpose()?.filter(|sort| !sort.is_empty());
        Ok(Self {
            collection,
            modification: change.map(|change| Modification::new(change, &command.array_filters)).transpose()?,
            selection: Selection::new(&command.filter)?,
            sort,
            projection: command
                .projection
                .as_ref()
                .map(Projection::compile)
                .transpose()?
                .map(|projection| projection.at(Utc::now())),
            upsert: command.upsert,
            give_back: command.give_back,
        })
    }

    pub fn run(&self, tx: &mut Transaction<'_>) -> Attempt<Option<Document>> {
        let found = match tx.table(&self.collection) {
            Some(table) => self.first(tx, &table)?.map(|stored| (table, stored)),
            None => None,
        };
        let given = match (found, &self.modification) {
            (Some((table, stored)), None) => {
                tx.remove(&table, &stored)?;
                Some(table.decode(&stored.bytes)?)
            }
            (Some((table, stored)), Some(modification)) => {
                let after = modification.apply(tx, &table, &self.selection, &stored)?;
                match (self.give_back, after) {
                    (Return::After, Some(after)) => Some(after),
                    _ => Some(table.decode(&stored.bytes)?),
                }
            }
            (None, Some(modification)) if self.upsert => {
                let new = modification.upsert(tx, &self.collection, &self.selection)?;
                (self.give_back == Return::After).then(|| new.document().clone())
            }
            (None, _) => None,
        };
        let shaped = given.map(|document| projected(self.projection.as_ref(), &self.selection.filter, document));
        Ok(shaped.transpose()?)
    }

    fn first(&self, tx: &Transaction<'_>, table: &Table) -> Attempt<Option<Stored>> {
        if let Some(id) = &self.selection.id {
            return match table.by_id(tx.connection, id)? {
                Some(stored) if self.selection.filter.matches_raw(table.view(&stored.bytes)?)? => Ok(Some(stored)),
                _ => Ok(None),
            };
        }
        let plan = Plan::choose(table, &self.selection, self.sort.as_ref());
        let mut sorter = match &self.sort {
            Some(sort) if !plan.is_sorted => Some(Sorter::new(sort.clone(), Some(1))),
            _ => None,
        };
        let mut first = None;
        Scan::new(plan).run(tx.connection, table, &self.selection, Pace::whole(), &mut |rowid, bytes| {
            let stored = || Stored { rowid, bytes: bytes.to_vec() };
            Ok(match &mut sorter {
                Some(sorter) => {
                    sorter.add(table.view(bytes)?, bytes.len(), stored)?;
                    ControlFlow::Continue(())
                }
                None => {
                    first = Some(stored());
                    ControlFlow::Break(())
                }
            })
        })?;
        Ok(match sorter {
            Some(mut sorter) => sorter.finish().next(),
            None => first,
        })
    }
}
