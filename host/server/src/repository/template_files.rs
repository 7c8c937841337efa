//! Which component each file of the folder of templates last was, in `sandglass_template_files`: so that a start with the
//! same files changes nothing, and a file that went while no server ran is noticed.

use std::collections::BTreeMap;
use std::sync::Arc;

use sandglass_database::bson::{Document, doc};
use sandglass_database::{Database, Delete, Find, Result, Update, collect};

use crate::model::Digest;

const FILES: &str = "sandglass_template_files";

#[derive(Clone)]
pub struct TemplateFiles {
    database: Arc<dyn Database>,
}

impl TemplateFiles {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// Every file that was taken in, with the digest that it had then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn known(&self) -> Result<BTreeMap<String, Digest>> {
        let documents = collect(self.database.find(FILES, Find::by(Document::new())).await?).await?;
        let entry = |document: &Document| {
            let text = |field| document.get_str(field).ok().map(str::to_owned);
            Some((text("_id")?, Digest(text("digest")?)))
        };
        Ok(documents.iter().filter_map(entry).collect())
    }

    /// # Errors
    /// Those of the database.
    pub async fn note(&self, file: &str, digest: &Digest) -> Result<()> {
        let update = Update::one(doc! { "_id": file }, doc! { "$set": { "digest": digest.0.as_str() } });
        self.database.update(FILES, update.upserting()).await.map(drop)
    }

    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, file: &str) -> Result<()> {
        let delete = Delete { filter: doc! { "_id": file }, limit: Some(1) };
        self.database.delete(FILES, delete).await.map(drop)
    }
}
