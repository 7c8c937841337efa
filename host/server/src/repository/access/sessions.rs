//! `sandglass_sessions`: signed-in browsers, by the hash of what they show.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{Document, doc};
use sandglass_database::{Database, Delete, Find, Result, Update, collect};

use super::{inserted, proof, read_proof};
use crate::model::Session;
use crate::repository::document::{Fields, date, readable};

pub(super) const COLLECTION: &str = "sandglass_sessions";

#[derive(Clone)]
pub struct Sessions {
    database: Arc<dyn Database>,
}

impl Sessions {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// All that can be read.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(&self) -> Result<Vec<Session>> {
        let rows = collect(self.database.find(COLLECTION, Find::default()).await?).await?;
        Ok(readable(&rows, read))
    }

    /// # Errors
    /// Those of the database.
    pub async fn insert(&self, session: &Session) -> Result<()> {
        inserted(self.database.insert(COLLECTION, vec![write(session)]).await?)
    }

    /// # Errors
    /// Those of the database.
    pub async fn seen(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        let update = Update::one(doc! { "_id": id }, doc! { "$set": { "seen_at": date(at) } });
        self.database.update(COLLECTION, update).await.map(|_| ())
    }

    /// # Errors
    /// Those of the database.
    pub async fn delete(&self, ids: &[String]) -> Result<()> {
        let delete = Delete { filter: doc! { "_id": { "$in": ids } }, limit: None };
        self.database.delete(COLLECTION, delete).await.map(|_| ())
    }
}

fn write(session: &Session) -> Document {
    let mut document = doc! {
        "_id": &session.id,
        "proof": proof(&session.proof),
        "user": session.user.as_str(),
        "epoch": session.epoch,
        "created_at": date(session.created_at),
        "seen_at": date(session.seen_at),
    };
    for (field, text) in [("address", &session.address), ("agent", &session.agent)] {
        if let Some(text) = text {
            document.insert(field, text);
        }
    }
    document
}

fn read(document: &Document) -> Result<Session> {
    let fields = Fields::of(COLLECTION, document);
    Ok(Session {
        id: fields.str("_id")?.to_owned(),
        proof: read_proof(&fields)?,
        user: fields.str("user")?.parse().map_err(|_| fields.damaged("user", "a name"))?,
        epoch: fields.whole("epoch")?.ok_or_else(|| fields.damaged("epoch", "a whole number"))?,
        created_at: fields.date("created_at")?,
        seen_at: fields.date("seen_at")?,
        address: fields.optional_text("address")?,
        agent: fields.optional_text("agent")?,
    })
}
