//! An engine that keeps everything in memory and forgets it at the end: for simulations, and as a second opinion
//! beside the engine that stores. Simple before fast, but equality on `_id` and on an index never looks at every
//! document.
//!
//! All calls take one lock and none waits inside it, so every call, a whole bulk too, is one step for all others.

mod collection;
mod cursor;
mod index;
mod read;
mod state;
mod write;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bson::{Bson, Document};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::{
    CollectionInfo, Cursor, Database, Delete, Error, Find, FindAndUpdate, Index, InsertReport, Outcome, RawCursor,
    Result, Update, UpdateReport, Write,
};
use cursor::{Documents, Encoded};
use state::State;

/// Tells the time, for `$currentDate` and [`Database::server_time`].
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The engine. Cheap to clone; clones share their contents.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::with_clock(Utc::now)
    }
}

impl Memory {
    /// Empty, by the machine's clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty, by a clock that a simulation moves.
    pub fn with_clock(clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { state: Arc::default(), clock: Arc::new(clock) }
    }
}

#[async_trait]
impl Database for Memory {
    async fn find(&self, collection: &str, find: Find) -> Result<Box<dyn Cursor>> {
        let found = read::find(self.state.lock().get(collection), &find, (self.clock)())?;
        Ok(Box::new(Documents::new(found)))
    }

    async fn find_raw(&self, collection: &str, find: Find) -> Result<Box<dyn RawCursor>> {
        if find.projection.is_some() {
            return Err(Error::invalid("find_raw gives whole documents and takes no projection"));
        }
        let found = read::find(self.state.lock().get(collection), &find, (self.clock)())?;
        Ok(Box::new(Encoded::new(found)))
    }

    async fn count(&self, collection: &str, filter: Document) -> Result<u64> {
        read::count(self.state.lock().get(collection), &filter, (self.clock)())
    }

    async fn distinct(&self, collection: &str, field: &str, filter: Document) -> Result<Vec<Bson>> {
        read::distinct(self.state.lock().get(collection), field, &filter, (self.clock)())
    }

    async fn aggregate(&self, collection: &str, pipeline: Vec<Document>) -> Result<Box<dyn Cursor>> {
        let found = read::aggregate(&self.state.lock(), collection, &pipeline, (self.clock)())?;
        Ok(Box::new(Documents::new(found)))
    }

    async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<InsertReport> {
        let mut state = self.state.lock();
        let target = state.get_or_create(collection)?;
        let mut report = InsertReport::default();
        for (position, document) in documents.into_iter().enumerate() {
            match target.insert(document) {
                Ok(()) => report.inserted += 1,
                Err(error) => report.failed.push((position, error)),
            }
        }
        Ok(report)
    }

    async fn update(&self, collection: &str, update: Update) -> Result<UpdateReport> {
        write::update(&mut self.state.lock(), collection, &update, (self.clock)())
    }

    async fn delete(&self, collection: &str, delete: Delete) -> Result<u64> {
        write::delete(&mut self.state.lock(), collection, &delete, (self.clock)())
    }

    async fn find_one_and_update(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>> {
        write::find_one_and_update(&mut self.state.lock(), collection, &command, (self.clock)())
    }

    async fn bulk(&self, phases: Vec<Vec<Write>>) -> Result<Vec<Vec<Result<Outcome>>>> {
        let now = (self.clock)();
        let mut state = self.state.lock();
        let mut one = |write: Write| match write {
            Write::Insert { collection, document } => {
                state.get_or_create(&collection)?.insert(document).map(|()| Outcome::Inserted)
            }
            Write::Update { collection, update } => {
                write::update(&mut state, &collection, &update, now).map(Outcome::Updated)
            }
            Write::Delete { collection, delete } => {
                write::delete(&mut state, &collection, &delete, now).map(Outcome::Deleted)
            }
        };
        Ok(phases.into_iter().map(|phase| phase.into_iter().map(&mut one).collect()).collect())
    }

    async fn create_index(&self, collection: &str, index: Index) -> Result<()> {
        self.state.lock().get_or_create(collection)?.create_index(index)
    }

    async fn drop_index(&self, collection: &str, name: &str) -> Result<()> {
        match self.state.lock().get_mut(collection) {
            Some(target) => target.drop_index(name),
            None => Err(Error::NotFound { what: format!("collection {collection}") }),
        }
    }

    async fn indexes(&self, collection: &str) -> Result<Vec<Index>> {
        Ok(self.state.lock().get(collection).map(collection::Collection::indexes).unwrap_or_default())
    }

    async fn create_collection(&self, name: &str) -> Result<()> {
        self.state.lock().get_or_create(name).map(|_| ())
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.state.lock().forget(name);
        Ok(())
    }

    async fn rename_collection(&self, name: &str, to: &str, replace: bool) -> Result<()> {
        self.state.lock().rename(name, to, replace)
    }

    async fn collections(&self) -> Result<Vec<CollectionInfo>> {
        Ok(self.state.lock().list())
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn server_time(&self) -> Result<DateTime<Utc>> {
        Ok((self.clock)())
    }
}
