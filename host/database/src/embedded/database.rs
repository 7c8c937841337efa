//! The trait on top of writer and readers: compile, queue, wait. No rule of the engine lives here.

use std::{ops::ControlFlow, sync::Arc, time::Instant};

use async_trait::async_trait;
use bson::{Bson, Document};
use chrono::{DateTime, Utc};

use super::{
    Embedded,
    aggregate::Aggregation,
    catalogue,
    cursor::{Batches, Query, RawBatches, Ready},
    find_and_update::FindAndUpdateOperation,
    operation::{DeleteOperation, Operation, STRETCH, UpdateOperation, Walk},
    reader::{Snapshot, Turn},
    store::NewDocument,
    table::Table,
};
use crate::{
    CollectionInfo, Cursor, Database, Delete, Error, Find, FindAndUpdate, Index, InsertReport, Outcome, RawCursor,
    Result, Update, UpdateReport, Write, definition, name, query::distinct::Distinct,
};

#[async_trait]
impl Database for Embedded {
    async fn find(&self, collection: &str, find: Find) -> Result<Box<dyn Cursor>> {
        let query = Query::new(collection, &find)?;
        Ok(Box::new(Batches::new(Arc::clone(&self.readers), query)))
    }

    async fn find_raw(&self, collection: &str, find: Find) -> Result<Box<dyn RawCursor>> {
        if find.projection.is_some() {
            return Err(Error::invalid("stored bytes cannot be projected; leave the projection out or use find"));
        }
        let batches = Batches::new(Arc::clone(&self.readers), Query::new(collection, &find)?);
        Ok(Box::new(RawBatches { batches, kept: Vec::new() }))
    }

    async fn count(&self, collection: &str, filter: Document) -> Result<u64> {
        let query = Query::new(collection, &Find::by(filter))?;
        if query.selection.is_all {
            let tally = move |snapshot: &Snapshot<'_>| {
                let Some(table) = snapshot.table(&query.collection) else { return Ok(0) };
                Ok(catalogue::tally(snapshot.connection, table.id)?.0)
            };
            return self.readers.run(Turn::First, tally).await;
        }
        let mut matches = Batches::new(Arc::clone(&self.readers), query);
        let count = |count: &mut u64, _: &Query, _: &Table, _: &[u8]| {
            *count += 1;
            Ok(ControlFlow::Continue(()))
        };
        matches.batch(0, count).await
    }

    async fn distinct(&self, collection: &str, field: &str, filter: Document) -> Result<Vec<Bson>> {
        let query = Query::new(collection, &Find::by(filter))?;
        let mut matches = Batches::new(Arc::clone(&self.readers), query);
        let add = |distinct: &mut Distinct, _: &Query, table: &Table, bytes: &[u8]| {
            distinct.add_raw(table.view(bytes)?)?;
            Ok(ControlFlow::Continue(()))
        };
        Ok(matches.batch(Distinct::new(field)?, add).await?.finish())
    }

    async fn aggregate(&self, collection: &str, pipeline: Vec<Document>) -> Result<Box<dyn Cursor>> {
        let aggregation = Aggregation::new(collection, &pipeline)?;
        let found = aggregation.run(Arc::clone(&self.readers), &self.pipelines, Utc::now()).await?;
        Ok(Box::new(Ready(found.into())))
    }

    /// As an update of many, in slices.
    async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<InsertReport> {
        name::check(collection)?;
        let collection = collection.to_owned();
        let documents: Vec<_> = documents.into_iter().map(NewDocument::new).collect();
        let (mut report, mut next) = (InsertReport::default(), 0);
        self.writer
            .steps(documents.len(), move |tx| {
                let until = Instant::now() + STRETCH;
                while let Some(document) = documents.get(next) {
                    let outcome = match document {
                        Ok(document) => {
                            tx.insert(&collection, document).map_or_else(super::refusal, |()| Ok(Ok(())))?
                        }
                        Err(error) => Err(error.clone()),
                    };
                    match outcome {
                        Ok(()) => report.inserted += 1,
                        Err(error) => report.failed.push((next, error)),
                    }
                    next += 1;
                    if next < documents.len() && Instant::now() >= until {
                        return Ok(None);
                    }
                }
                Ok(Some(report.clone()))
            })
            .await
    }

    /// An update of many goes in slices of some hundred documents, so that others get their turn. If it is refused
    /// on the way (by a unique index, say), the slices before stay done.
    async fn update(&self, collection: &str, update: Update) -> Result<UpdateReport> {
        let operation = UpdateOperation::new(collection.to_owned(), update)?;
        let mut walk = Walk::default();
        self.writer.steps(1, move |tx| operation.slice(tx, &mut walk)).await
    }

    /// As an update of many, in slices.
    async fn delete(&self, collection: &str, delete: Delete) -> Result<u64> {
        let operation = DeleteOperation::new(collection.to_owned(), delete)?;
        let mut walk = Walk::default();
        self.writer.steps(1, move |tx| operation.slice(tx, &mut walk)).await
    }

    async fn find_one_and_update(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>> {
        let operation = FindAndUpdateOperation::new(collection.to_owned(), command)?;
        self.writer.once(1, move |tx| operation.run(tx)).await
    }

    async fn bulk(&self, phases: Vec<Vec<Write>>) -> Result<Vec<Vec<Result<Outcome>>>> {
        let weight = phases.iter().map(Vec::len).sum();
        let phases: Vec<Vec<Result<Operation>>> =
            phases.into_iter().map(|writes| writes.into_iter().map(Operation::new).collect()).collect();
        self.writer
            .once(weight, move |tx| {
                let mut outcomes = Vec::with_capacity(phases.len());
                for phase in &phases {
                    let mut done = Vec::with_capacity(phase.len());
                    for write in phase {
                        done.push(match write {
                            Ok(write) => write.run(tx).map_or_else(super::refusal, |outcome| Ok(Ok(outcome)))?,
                            Err(error) => Err(error.clone()),
                        });
                    }
                    outcomes.push(done);
                }
                Ok(outcomes)
            })
            .await
    }

    async fn create_index(&self, collection: &str, index: Index) -> Result<()> {
        name::check(collection)?;
        definition::check(&index)?;
        let collection = collection.to_owned();
        self.writer.once(1, move |tx| tx.whole(|tx| tx.create_index(&collection, &index))).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> Result<()> {
        let (collection, name) = (collection.to_owned(), name.to_owned());
        self.writer.once(1, move |tx| tx.whole(|tx| tx.drop_index(&collection, &name))).await
    }

    async fn indexes(&self, collection: &str) -> Result<Vec<Index>> {
        let collection = collection.to_owned();
        self.readers
            .run(Turn::First, move |snapshot| {
                let indexes = snapshot.table(&collection).map(|table| table.indexes.as_slice()).unwrap_or_default();
                Ok(indexes.iter().map(|index| index.definition.clone()).collect())
            })
            .await
    }

    async fn create_collection(&self, name: &str) -> Result<()> {
        name::check(name)?;
        let name = name.to_owned();
        self.writer.once(1, move |tx| tx.whole(|tx| tx.table_or_new(&name).map(|_| ()))).await
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.writer.once(1, move |tx| tx.whole(|tx| tx.drop_collection(&name))).await
    }

    async fn rename_collection(&self, name: &str, to: &str, replace: bool) -> Result<()> {
        let (name, to) = (name.to_owned(), to.to_owned());
        self.writer.once(1, move |tx| tx.whole(|tx| tx.rename_collection(&name, &to, replace))).await
    }

    async fn collections(&self) -> Result<Vec<CollectionInfo>> {
        self.readers
            .run(Turn::First, move |snapshot| {
                let mut all = Vec::new();
                for table in snapshot.catalogue.tables() {
                    let (count, size_bytes) = catalogue::tally(snapshot.connection, table.id)?;
                    all.push(CollectionInfo { name: table.name.clone(), count, size_bytes });
                }
                all.sort_by(|a, b| a.name.cmp(&b.name));
                Ok(all)
            })
            .await
    }

    async fn ping(&self) -> Result<()> {
        self.shared.check()?;
        self.readers.run(Turn::First, |_| Ok(())).await?;
        if self.shared.refuses() {
            // Perhaps nobody else writes: a small change that means nothing shows whether the disk takes it by now.
            self.writer.once(1, |tx| tx.catalogue_changed()).await?;
        }
        Ok(())
    }

    async fn server_time(&self) -> Result<DateTime<Utc>> {
        Ok(Utc::now())
    }
}
