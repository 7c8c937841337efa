//! The database in memory behind a connection that can fail: before a write, between two phases of a group, or after
//! it, when only the reply is lost. The failure can also be the death of the process, after which nothing answers.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Bson, Document, RawDocumentBuf};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sandglass_database::memory::Memory;
use sandglass_database::{
    CollectionInfo, Cursor, Database, Delete, Error, Find, FindAndUpdate, Index, InsertReport, Outcome, RawCursor,
    Result, Update, UpdateReport, Write,
};

/// Where the next failure strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Nothing is written.
    Before,
    /// The first phases are written, the rest is not. Only where a group is no transaction.
    Between,
    /// All is written; the reply is lost.
    After,
}

#[derive(Debug, Default)]
struct Plan {
    /// After so many further writes, where it strikes, and whether the process dies of it.
    next: Option<(u64, Break, bool)>,
    dead: bool,
}

#[derive(Clone)]
pub struct Faulty {
    pub inner: Memory,
    plan: Arc<Mutex<Plan>>,
}

impl Faulty {
    pub fn new(inner: Memory) -> Self {
        Self { inner, plan: Arc::default() }
    }

    pub fn plan(&self, after_writes: u64, at: Break, deadly: bool) {
        self.plan.lock().next = Some((after_writes, at, deadly));
    }

    /// No failure is planned any more.
    pub fn calm(&self) {
        self.plan.lock().next = None;
    }

    pub fn kill(&self) {
        self.plan.lock().dead = true;
    }

    pub fn is_dead(&self) -> bool {
        self.plan.lock().dead
    }

    /// A new process connects.
    pub fn revive(&self) {
        *self.plan.lock() = Plan::default();
    }

    fn reachable(&self) -> Result<()> {
        if self.is_dead() { Err(gone()) } else { Ok(()) }
    }

    /// Whether this write is the one that fails.
    fn strike(&self) -> Option<Break> {
        let mut plan = self.plan.lock();
        let (left, at, deadly) = plan.next?;
        if left > 0 {
            plan.next = Some((left - 1, at, deadly));
            return None;
        }
        plan.next = None;
        plan.dead = deadly;
        Some(at)
    }
}

fn gone() -> Error {
    Error::Unavailable { message: "planned".into() }
}

#[async_trait]
impl Database for Faulty {
    async fn find(&self, collection: &str, find: Find) -> Result<Box<dyn Cursor>> {
        self.reachable()?;
        self.inner.find(collection, find).await
    }

    async fn find_raw(&self, collection: &str, find: Find) -> Result<Box<dyn RawCursor>> {
        self.reachable()?;
        self.inner.find_raw(collection, find).await
    }

    async fn count(&self, collection: &str, filter: Document) -> Result<u64> {
        self.reachable()?;
        self.inner.count(collection, filter).await
    }

    async fn distinct(&self, collection: &str, field: &str, filter: Document) -> Result<Vec<Bson>> {
        self.inner.distinct(collection, field, filter).await
    }

    async fn aggregate(&self, collection: &str, pipeline: Vec<Document>) -> Result<Box<dyn Cursor>> {
        self.inner.aggregate(collection, pipeline).await
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<InsertReport> {
        self.reachable()?;
        self.inner.insert(collection, documents).await
    }

    async fn insert_raw(&self, collection: &str, documents: Vec<RawDocumentBuf>) -> Result<InsertReport> {
        self.inner.insert_raw(collection, documents).await
    }

    async fn update(&self, collection: &str, update: Update) -> Result<UpdateReport> {
        self.reachable()?;
        self.inner.update(collection, update).await
    }

    async fn delete(&self, collection: &str, delete: Delete) -> Result<u64> {
        self.reachable()?;
        self.inner.delete(collection, delete).await
    }

    async fn find_one_and_update(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>> {
        self.reachable()?;
        self.inner.find_one_and_update(collection, command).await
    }

    async fn bulk(&self, mut phases: Vec<Vec<Write>>) -> Result<Vec<Vec<Result<Outcome>>>> {
        self.reachable()?;
        match self.strike() {
            None => self.inner.bulk(phases).await,
            Some(Break::Before) => Err(gone()),
            Some(Break::Between) => {
                phases.truncate(phases.len() / 2);
                self.inner.bulk(phases).await?;
                Err(gone())
            }
            Some(Break::After) => {
                self.inner.bulk(phases).await?;
                Err(gone())
            }
        }
    }

    async fn create_index(&self, collection: &str, index: Index) -> Result<()> {
        self.inner.create_index(collection, index).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> Result<()> {
        self.inner.drop_index(collection, name).await
    }

    async fn indexes(&self, collection: &str) -> Result<Vec<Index>> {
        self.inner.indexes(collection).await
    }

    async fn create_collection(&self, name: &str) -> Result<()> {
        self.inner.create_collection(name).await
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.inner.drop_collection(name).await
    }

    async fn rename_collection(&self, name: &str, to: &str, replace: bool) -> Result<()> {
        self.inner.rename_collection(name, to, replace).await
    }

    async fn collections(&self) -> Result<Vec<CollectionInfo>> {
        self.inner.collections().await
    }

    async fn ping(&self) -> Result<()> {
        self.reachable()
    }

    async fn server_time(&self) -> Result<DateTime<Utc>> {
        self.inner.server_time().await
    }
}
