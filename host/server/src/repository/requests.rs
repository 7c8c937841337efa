//! Requests that carried an `Idempotency-Key`, with the answer they were given, in `sandglass_requests`.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{DateTime as BsonDate, doc};
use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Database, Delete, Error, Find, Result, Update};
use sha2::{Digest as _, Sha256};

use super::REQUESTS;

/// How long the same key gives the same answer.
const KEPT: Duration = Duration::days(1);
/// A request that has not been answered by then was cut off by a crash, and a repetition does it again, for the same
/// subject. Longer than a request may wait for the end of a run.
const PENDING: Duration = Duration::minutes(6);
/// Expired requests removed with each new one.
const SWEEP: u64 = 100;

/// What a key means right now.
#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    /// It is new, was given back, or was cut off: go on. What the request creates gets this id, which is the same in
    /// every repetition.
    Fresh(ObjectId),
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
        let subject = subject(key, now);
        let document = doc! {
            "_id": key,
            "body": body,
            "subject": subject,
            "pending_until": date(now + PENDING),
            "expires_at": date(now + KEPT),
        };
        // The sweep may have left it behind: then this one has it removed by name, and tries once more.
        for _ in 0..2 {
            match self.database.insert(REQUESTS, vec![document.clone()]).await?.failed.into_iter().next() {
                None => return Ok(Claimed::Fresh(subject)),
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
            let cut_off = document.get_datetime("pending_until").is_ok_and(|until| *until <= date(now));
            return match document.get_object_id("subject") {
                Ok(subject) if cut_off => self.take_up(key, subject, now).await.map(Some),
                _ => Ok(Some(Claimed::Pending)),
            };
        };
        Ok(Some(Claimed::Done(Kept {
            status: u16::try_from(status).unwrap_or(200),
            body: answer.to_owned(),
            etag: document.get_str("etag").ok().map(str::to_owned),
        })))
    }

    /// Goes on with a request that a crash has cut off, unless somebody else does.
    async fn take_up(&self, key: &str, subject: ObjectId, now: DateTime<Utc>) -> Result<Claimed> {
        let cut_off = doc! { "_id": key, "status": { "$exists": false }, "pending_until": { "$lte": date(now) } };
        let anew = doc! { "$set": { "pending_until": date(now + PENDING), "expires_at": date(now + KEPT) } };
        let taken = self.database.update(REQUESTS, Update::one(cut_off, anew)).await?;
        Ok(if taken.matched > 0 { Claimed::Fresh(subject) } else { Claimed::Pending })
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

/// Sorts by time, as the ids of executions do, and belongs to this key.
fn subject(key: &str, now: DateTime<Utc>) -> ObjectId {
    let seconds = u32::try_from(now.timestamp().clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
    let mut bytes = [0; 12];
    let hash = Sha256::digest(key);
    for (to, from) in bytes.iter_mut().zip(seconds.to_be_bytes().iter().chain(hash.iter())) {
        *to = *from;
    }
    ObjectId::from_bytes(bytes)
}

fn date(at: DateTime<Utc>) -> BsonDate {
    BsonDate::from_millis(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandglass_database::memory::Memory;

    #[tokio::test]
    async fn a_request_that_a_crash_cut_off_goes_on_with_the_same_subject() {
        let store = RequestStore::new(Arc::new(Memory::new()));
        let now = Utc::now();
        let Claimed::Fresh(subject) = store.claim("key", "body", now).await.unwrap() else { panic!("not fresh") };
        let soon = now + PENDING - Duration::seconds(1);
        assert_eq!(store.claim("key", "body", soon).await.unwrap(), Claimed::Pending);
        let later = now + PENDING + Duration::seconds(1);
        assert_eq!(store.claim("key", "body", later).await.unwrap(), Claimed::Fresh(subject));
        assert_eq!(store.claim("key", "body", later).await.unwrap(), Claimed::Pending, "one goes on, not two");
        assert_eq!(store.claim("key", "other", later).await.unwrap(), Claimed::Different);
        let kept = Kept { status: 200, body: "{}".into(), etag: None };
        store.keep("key", &kept, later).await.unwrap();
        assert_eq!(store.claim("key", "body", later).await.unwrap(), Claimed::Done(kept));
        let Claimed::Fresh(other) = store.claim("key", "body", later + KEPT).await.unwrap() else { panic!("kept") };
        assert_ne!(other, subject);
    }
}
