//! A database in a folder that goes away with it.

use std::ops::Deref;

use bson::{Bson, Document};
use sandglass_database::{
    Database, Find, Result, collect,
    embedded::{Embedded, Options},
};
use tempfile::TempDir;

pub struct Scratch {
    database: Embedded,
    pub folder: TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let database = Embedded::open(folder.path(), options).expect("a database");
        Self { database, folder }
    }

    /// Closes the database and opens it again.
    pub async fn reopened(self) -> Self {
        let Self { database, folder } = self;
        database.close().await;
        let database = Embedded::open(folder.path(), Options::default()).expect("the database again");
        Self { database, folder }
    }

    pub async fn insert_all(&self, collection: &str, documents: impl IntoIterator<Item = Document>) {
        let report = self.insert(collection, documents.into_iter().collect()).await.expect("an insert");
        assert_eq!(report.failed, []);
    }

    pub async fn all(&self, collection: &str, find: Find) -> Result<Vec<Document>> {
        collect(self.find(collection, find).await?).await
    }

    /// The `_id`s of what a read gives, in its order.
    pub async fn ids(&self, collection: &str, find: Find) -> Vec<Bson> {
        let found = self.all(collection, find).await.expect("a read");
        found.iter().map(|document| document.get("_id").expect("an _id").clone()).collect()
    }

    pub fn assert_sound(&self) {
        assert_eq!(self.integrity_check().expect("a check"), Vec::<String>::new());
    }
}

impl Deref for Scratch {
    type Target = Embedded;

    fn deref(&self) -> &Embedded {
        &self.database
    }
}

/// Numbers as `_id`s.
pub fn numbers(numbers: impl IntoIterator<Item = i32>) -> Vec<Bson> {
    numbers.into_iter().map(Bson::Int32).collect()
}
