//! The trait on top of the driver: check, send, translate. No rule of the engine lives here.

use async_trait::async_trait;
use bson::{Bson, Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};

use super::{
    Mongo, check,
    cursor::{Batches, Nothing},
};
use crate::{
    CollectionInfo, Cursor, Database, Delete, Error, Find, FindAndUpdate, Index, InsertReport, Outcome, RawCursor,
    Result, Update, UpdateReport, Write, definition, name,
};

impl Mongo {
    /// `None` where nothing is asked for.
    async fn read(&self, collection: &str, find: Find) -> Result<Option<Batches>> {
        check::find(collection, &find)?;
        let window = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        // To the server, no documents and all of them are the same limit.
        if find.limit == Some(0) {
            return Ok(None);
        }
        let target = self.collection::<RawDocumentBuf>(collection);
        let mut asked = target.find(find.filter).max_time(self.options.long_timeout);
        if find.skip > 0 {
            asked = asked.skip(find.skip);
        }
        if let Some(limit) = find.limit {
            asked = asked.limit(window(limit));
        }
        if let Some(sort) = find.sort {
            asked = asked.sort(sort);
        }
        if let Some(projection) = find.projection {
            asked = asked.projection(projection);
        }
        let cursor = self.at_length(collection, async { asked.await }).await?;
        Ok(Some(Batches::new(self, collection, cursor)))
    }
}

#[async_trait]
impl Database for Mongo {
    async fn find(&self, collection: &str, find: Find) -> Result<Box<dyn Cursor>> {
        Ok(match self.read(collection, find).await? {
            Some(batches) => Box::new(batches),
            None => Box::new(Nothing),
        })
    }

    async fn find_raw(&self, collection: &str, find: Find) -> Result<Box<dyn RawCursor>> {
        if find.projection.is_some() {
            return Err(Error::invalid("stored bytes cannot be projected; leave the projection out or use find"));
        }
        Ok(match self.read(collection, find).await? {
            Some(batches) => Box::new(batches),
            None => Box::new(Nothing),
        })
    }

    async fn count(&self, collection: &str, filter: Document) -> Result<u64> {
        check::filter(collection, &filter)?;
        let target = self.collection::<Document>(collection);
        let asked = target.count_documents(filter).max_time(self.options.long_timeout);
        self.at_length(collection, async { asked.await }).await
    }

    async fn distinct(&self, collection: &str, field: &str, filter: Document) -> Result<Vec<Bson>> {
        check::distinct(collection, field, &filter)?;
        let target = self.collection::<Document>(collection);
        let asked = target.distinct(field, filter).max_time(self.options.long_timeout);
        self.at_length(collection, async { asked.await }).await
    }

    async fn aggregate(&self, collection: &str, pipeline: Vec<Document>) -> Result<Box<dyn Cursor>> {
        check::aggregate(collection, &pipeline)?;
        let target = self.collection::<Document>(collection);
        let asked = target.aggregate(pipeline).max_time(self.options.long_timeout).with_type::<RawDocumentBuf>();
        let cursor = self.at_length(collection, async { asked.await }).await?;
        Ok(Box::new(Batches::new(self, collection, cursor)))
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<InsertReport> {
        name::check(collection)?;
        let insert = |document| Write::Insert { collection: collection.to_owned(), document };
        let mut report = InsertReport::default();
        for (place, outcome) in self.phase(documents.into_iter().map(insert).collect()).await?.into_iter().enumerate() {
            match outcome {
                Ok(_) => report.inserted += 1,
                Err(error) => report.failed.push((place, error)),
            }
        }
        Ok(report)
    }

    async fn update(&self, collection: &str, update: Update) -> Result<UpdateReport> {
        check::update(collection, &update)?;
        self.change(collection, update).await
    }

    async fn delete(&self, collection: &str, delete: Delete) -> Result<u64> {
        check::filter(collection, &delete.filter)?;
        self.remove(collection, delete).await
    }

    async fn find_one_and_update(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>> {
        check::find_one_and_update(collection, &command)?;
        self.find_and_change(collection, command).await
    }

    async fn bulk(&self, phases: Vec<Vec<Write>>) -> Result<Vec<Vec<Result<Outcome>>>> {
        let mut outcomes = Vec::with_capacity(phases.len());
        for phase in phases {
            outcomes.push(self.phase(phase).await?);
        }
        Ok(outcomes)
    }

    async fn create_index(&self, collection: &str, index: Index) -> Result<()> {
        name::check(collection)?;
        definition::check(&index)?;
        self.make_index(collection, index).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> Result<()> {
        let target = self.collection::<Document>(collection);
        match self.soon(collection, async { target.drop_index(name).await }).await {
            Err(Error::NotFound { .. }) => Err(Error::NotFound { what: format!("index {name} of {collection}") }),
            other => other,
        }
    }

    async fn indexes(&self, collection: &str) -> Result<Vec<Index>> {
        self.list_indexes(collection).await
    }

    async fn create_collection(&self, name: &str) -> Result<()> {
        name::check(name)?;
        self.make_collection(name).await
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let target = self.collection::<Document>(name);
        self.at_length(name, async { target.drop().await }).await
    }

    async fn rename_collection(&self, name: &str, to: &str, replace: bool) -> Result<()> {
        name::check(to)?;
        self.rename(name, to, replace).await
    }

    async fn collections(&self) -> Result<Vec<CollectionInfo>> {
        self.list().await
    }

    async fn ping(&self) -> Result<()> {
        self.command("", doc! { "ping": 1 }).await.map(|_| ())
    }

    async fn server_time(&self) -> Result<DateTime<Utc>> {
        let reply = self.command("", doc! { "hello": 1 }).await?;
        let time = reply
            .get_datetime("localTime")
            .map_err(|error| Error::Unavailable { message: format!("the server does not tell its time: {error}") })?;
        Ok(time.to_chrono())
    }
}
