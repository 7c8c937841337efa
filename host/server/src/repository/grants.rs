//! What an operator lets each digest have, in `sandglass_grants`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{Bson, DateTime as BsonDate, Document, doc};
use sandglass_database::{Database, Delete, Error, Find, Result, Update};
use serde_json::json;

use crate::model::Digest;
use crate::model::grant::Grant;

const GRANTS: &str = "sandglass_grants";

/// A grant, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredGrant {
    pub grant: Grant,
    /// Whether it is the default as it was stored. None: stored before that was noted.
    pub is_default: Option<bool>,
    /// Rises with each change by a person.
    pub version: i64,
    /// Who changed it last, and when; none if nobody has.
    pub set: Option<(String, DateTime<Utc>)>,
}

/// The version of a grant that nobody has changed.
const FIRST: i64 = 1;

/// Rights are kept as JSON text, exactly as they were given.
#[derive(Clone)]
pub struct GrantStore {
    database: Arc<dyn Database>,
}

impl GrantStore {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// The stored grant of this digest; if there is none, this one is stored, as one that somebody chose.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn ensure(&self, grant: &Grant) -> Result<Grant> {
        self.insert(grant, None).await
    }

    /// As [`ensure`](Self::ensure), as the default.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn ensure_default(&self, grant: &Grant) -> Result<Grant> {
        self.insert(grant, Some(json!(grant).to_string())).await
    }

    async fn insert(&self, grant: &Grant, default: Option<String>) -> Result<Grant> {
        let mut document = doc! {
            "_id": grant.digest.0.as_str(),
            "template_type": grant.template_type.as_str(),
            "grant": json!(grant).to_string(),
            "default": false,
        };
        if let Some(default) = default {
            // The text itself, so that a change of the grant is seen whoever made it.
            document.insert("default", default);
        }
        let report = self.database.insert(GRANTS, vec![document]).await?;
        match report.failed.into_iter().next() {
            None => Ok(grant.clone()),
            Some((_, Error::DuplicateKey { .. })) => {
                let stored = self.get(&grant.digest).await?;
                stored.map(|stored| stored.grant).ok_or_else(|| unreadable(&grant.digest))
            }
            Some((_, error)) => Err(error),
        }
    }

    /// Stores a grant in the place of whatever this digest had.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn put(&self, grant: &Grant) -> Result<()> {
        let set = doc! {
            "template_type": grant.template_type.as_str(),
            "grant": json!(grant).to_string(),
            "default": false,
        };
        // Whoever saw the one before must not overwrite this one unseen.
        let operators = doc! { "$set": set, "$inc": { "version": 1_i64 } };
        let update = Update::one(doc! { "_id": grant.digest.0.as_str() }, operators);
        self.database.update(GRANTS, update.upserting()).await.map(drop)
    }

    /// Takes away whatever this digest had.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn remove(&self, digest: &Digest) -> Result<()> {
        let delete = Delete { filter: doc! { "_id": digest.0.as_str() }, limit: Some(1) };
        self.database.delete(GRANTS, delete).await.map(drop)
    }

    /// The stored grant of a digest.
    ///
    /// # Errors
    /// Those of the database, and [`Error::Corrupted`] if the stored grant cannot be read: a grant is never guessed.
    pub async fn get(&self, digest: &Digest) -> Result<Option<StoredGrant>> {
        let find = Find::by(doc! { "_id": digest.0.as_str() }).limited(1);
        let found = self.database.find(GRANTS, find).await?.next(1).await?;
        let Some(document) = found.first() else { return Ok(None) };
        let text = document.get_str("grant").map_err(|_| unreadable(digest))?;
        let is_default = document.get("default").map(|default| default.as_str() == Some(text));
        let grant = serde_json::from_str(text).map_err(|_| unreadable(digest))?;
        let version = document.get("version").and_then(Bson::as_i64).unwrap_or(FIRST);
        let at = document.get_datetime("set_at").ok().map(|at| at.to_chrono());
        let set = document.get_str("set_by").ok().map(str::to_owned).zip(at);
        Ok(Some(StoredGrant { grant, is_default, version, set }))
    }

    /// Puts a grant in the place of the one that has the version `seen`, or where there is none (`seen` is None), and
    /// gives its new version; None if somebody else was quicker.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn replace(&self, grant: &Grant, seen: Option<i64>, by: &str, at: DateTime<Utc>) -> Result<Option<i64>> {
        let id = grant.digest.0.as_str();
        let version = seen.map_or(FIRST, |seen| seen + 1);
        let mut fields = doc! {
            "template_type": grant.template_type.as_str(),
            "grant": json!(grant).to_string(),
            "default": false,
            "version": version,
            "set_by": by,
            "set_at": BsonDate::from_millis(at.timestamp_millis()),
        };
        let Some(seen) = seen else {
            fields.insert("_id", id);
            let report = self.database.insert(GRANTS, vec![fields]).await?;
            return match report.failed.into_iter().next() {
                None => Ok(Some(version)),
                Some((_, Error::DuplicateKey { .. })) => Ok(None),
                Some((_, error)) => Err(error),
            };
        };
        let mut same: Vec<Document> = vec![doc! { "version": seen }];
        if seen == FIRST {
            // As grants were stored before they had versions.
            same.push(doc! { "version": { "$exists": false } });
        }
        let update = Update::one(doc! { "_id": id, "$or": same }, doc! { "$set": fields });
        let report = self.database.update(GRANTS, update).await?;
        Ok((report.matched == 1).then_some(version))
    }
}

fn unreadable(digest: &Digest) -> Error {
    Error::Corrupted { message: format!("the grant of {digest} cannot be read") }
}
