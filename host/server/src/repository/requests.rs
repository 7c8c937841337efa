//! Requests that carried an `Idempotency-Key`, with the answer they were given, in `sandglass_requests`.

use std::sync::Arc;

use bson::{DateTime as BsonDate, doc};
use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Database, Delete, Error, Find, Result, Update};

use super::REQUESTS;

/// How long the same key gives the same answer.
const KEPT: Duration = Duration::days(1);
/// A request that has not been answered by then was cut off by a crash; the key is free again. Longer than a request
/// may wait for the end of a run.
const PENDING: Duration = Duration::minutes(6);
/// Expired requests removed with each new one.
const SWEEP: u64 = 100;

/// What a key means right now.
#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    /// It is new, or was given back: go on.
    Fresh,
    /// The same request is being answered at this moment.
    Pending,
    /// The key was used for another body.
    Different,
    /// It was answered before.
    Done(Kept),
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub status: u16,
    /// JSON text.
    pub body: String,
    pub etag: Option<String>,
}

#[derive(Clone)]
pub struct RequestStore {
    database: Arc<dyn Database>,
}

impl RequestStore {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// Takes the key for a body (its hash), unless somebody has it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn claim(&self, key: &str, body: &str, now: DateTime<Utc>) -> Result<Claimed> {
        let expired = doc! { "expires_at": { "$lte": date(now) } };
        self.database.delete(REQUESTS, Delete { filter: expired, limit: Some(SWEEP) }).await?;
        let document = doc! { "_id": key, "body": body, "expires_at": date(now + PENDING) };
        // The sweep may have left it behind: then this one has it removed by name, and tries once more.
        for _ in 0..2 {
            match self.database.insert(REQUESTS, vec![document.clone()]).await?.failed.into_iter().next() {
                None => return Ok(Claimed::Fresh),
                Some((_, Error::DuplicateKey { .. })) => {}
                Some((_, error)) => return Err(error),
            }
            if let Some(claimed) = self.look(key, body, now).await? {
                return Ok(claimed);
            }
        }
        Ok(Claimed::Pending)
    }

    async fn look(&self, key: &str, body: &str, now: DateTime<Utc>) -> Result<Option<Claimed>> {
        let found = self.database.find(REQUESTS, Find::by(doc! { "_id": key }).limited(1)).await?.next(1).await?;
        let Some(document) = found.first() else { return Ok(None) };
        if document.get_datetime("expires_at").is_ok_and(|at| *at <= date(now)) {
            let expired = doc! { "_id": key, "expires_at": { "$lte": date(now) } };
            self.database.delete(REQUESTS, Delete { filter: expired, limit: Some(1) }).await?;
            return Ok(None);
        }
        if document.get_str("body").ok() != Some(body) {
            return Ok(Some(Claimed::Different));
        }
        let (Ok(status), Ok(answer)) = (document.get_i32("status"), document.get_str("answer")) else {
            return Ok(Some(Claimed::Pending));
        };
        Ok(Some(Claimed::Done(Kept {
            status: u16::try_from(status).unwrap_or(200),
            body: answer.to_owned(),
            etag: document.get_str("etag").ok().map(str::to_owned),
        })))
    }

    /// Keeps the answer for a day.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn keep(&self, key: &str, kept: &Kept, now: DateTime<Utc>) -> Result<()> {
        let mut set = doc! {
            "status": i32::from(kept.status),
            "answer": kept.body.as_str(),
            "expires_at": date(now + KEPT),
        };
        if let Some(etag) = &kept.etag {
            set.insert("etag", etag.as_str());
        }
        self.database.update(REQUESTS, Update::one(doc! { "_id": key }, doc! { "$set": set })).await.map(|_| ())
    }

    /// Gives the key back: nothing was done.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn release(&self, key: &str) -> Result<()> {
        let pending = doc! { "_id": key, "status": { "$exists": false } };
        self.database.delete(REQUESTS, Delete { filter: pending, limit: Some(1) }).await.map(|_| ())
    }
}

fn date(at: DateTime<Utc>) -> BsonDate {
    BsonDate::from_millis(at.timestamp_millis())
}
