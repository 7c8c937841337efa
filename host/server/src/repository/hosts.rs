//! Incarnations of hosts: when each began and ended, and how far its audit chain had come. Kept apart from the chain,
//! so that a cut tail or a chain written anew shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Database, Find, Result, Update, collect};

use super::audit::Head;
use super::document::date;
use crate::model::Incarnation;

/// Name of the collection.
pub const COLLECTION: &str = "sandglass_hosts";

/// Reads and writes them. Cheap to clone.
#[derive(Clone)]
pub struct Hosts {
    database: Arc<dyn Database>,
}

impl Hosts {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// An incarnation begins; `name` is the host's.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin(&self, host: &Incarnation, name: &str, at: DateTime<Utc>) -> Result<()> {
        self.set(host, doc! { "name": name, "started_at": date(at), "seen_at": date(at) }).await
    }

    /// It is alive, and its audit chain has come so far.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn seen(&self, host: &Incarnation, head: &Head, at: DateTime<Utc>) -> Result<()> {
        self.set(host, doc! { "seen_at": date(at), "audit": { "length": head.length, "hash": &head.hash } }).await
    }

    /// It ends in order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end(&self, host: &Incarnation, head: &Head, at: DateTime<Utc>) -> Result<()> {
        self.seen(host, head, at).await?;
        self.set(host, doc! { "ended_at": date(at) }).await
    }

    async fn set(&self, host: &Incarnation, fields: Document) -> Result<()> {
        let update = Update { upsert: true, ..Update::one(doc! { "_id": &host.0 }, doc! { "$set": fields }) };
        self.database.update(COLLECTION, update).await.map(|_| ())
    }

    /// What is known of each audit chain, by incarnation.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn heads(&self) -> Result<BTreeMap<String, Vec<Head>>> {
        let find = Find::by(doc! { "audit": { "$exists": true } }).projected(doc! { "audit": 1 });
        let documents = collect(self.database.find(COLLECTION, find).await?).await?;
        Ok(documents
            .iter()
            .filter_map(|document| {
                let audit = document.get_document("audit").ok()?;
                let head = Head { length: audit.get_i64("length").ok()?, hash: audit.get_str("hash").ok()?.to_owned() };
                Some((document.get_str("_id").ok()?.to_owned(), vec![head]))
            })
            .collect())
    }
}
