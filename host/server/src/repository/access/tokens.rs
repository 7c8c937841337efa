//! `sandglass_tokens`: what programs show, by its hash.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{Document, doc};
use sandglass_database::{Database, Delete, Find, Result, Update, collect};

use super::{inserted, proof, read_proof};
use crate::model::ApiToken;
use crate::repository::document::{Fields, date, readable};

pub(super) const COLLECTION: &str = "sandglass_tokens";

#[derive(Clone)]
pub struct ApiTokens {
    database: Arc<dyn Database>,
}

impl ApiTokens {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// All that can be read.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(&self) -> Result<Vec<ApiToken>> {
        let rows = collect(self.database.find(COLLECTION, Find::default()).await?).await?;
        Ok(readable(&rows, read))
    }

    /// # Errors
    /// Those of the database.
    pub async fn insert(&self, token: &ApiToken) -> Result<()> {
        inserted(self.database.insert(COLLECTION, vec![write(token)]).await?)
    }

    /// # Errors
    /// Those of the database.
    pub async fn used(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        let update = Update::one(doc! { "_id": id }, doc! { "$set": { "used_at": date(at) } });
        self.database.update(COLLECTION, update).await.map(|_| ())
    }

    /// # Errors
    /// Those of the database.
    pub async fn delete(&self, ids: &[String]) -> Result<()> {
        let delete = Delete { filter: doc! { "_id": { "$in": ids } }, limit: None };
        self.database.delete(COLLECTION, delete).await.map(|_| ())
    }
}

fn write(token: &ApiToken) -> Document {
    let mut document = doc! {
        "_id": &token.id,
        "proof": proof(&token.proof),
        "name": &token.name,
        "role": token.role.as_str(),
        "created_at": date(token.created_at),
        "never_expires": token.expires_at.is_none(),
    };
    if let Some(owner) = &token.owner {
        document.insert("owner", owner.as_str());
    }
    for (field, at) in [("expires_at", token.expires_at), ("used_at", token.used_at)] {
        if let Some(at) = at {
            document.insert(field, date(at));
        }
    }
    document
}

fn read(document: &Document) -> Result<ApiToken> {
    let fields = Fields::of(COLLECTION, document);
    let owner = fields.optional_str("owner")?.map(str::parse).transpose();
    let never = fields.boolean("never_expires")?.unwrap_or(false);
    Ok(ApiToken {
        id: fields.str("_id")?.to_owned(),
        proof: read_proof(&fields)?,
        name: fields.str("name")?.to_owned(),
        owner: owner.map_err(|_| fields.damaged("owner", "a name"))?,
        role: fields.str("role")?.parse().map_err(|_| fields.damaged("role", "a role"))?,
        created_at: fields.date("created_at")?,
        // A token that has lost its end must not live for ever.
        expires_at: if never { None } else { Some(fields.date("expires_at")?) },
        used_at: fields.optional_date("used_at")?,
    })
}
