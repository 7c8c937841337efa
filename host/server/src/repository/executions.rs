//! `job_executions`: reading single executions, what is held, and the removal of history.

use std::collections::BTreeSet;
use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Change, Database, Delete, Find, FindAndUpdate, Result, Return, Update, Write, collect};

use super::counters::{Counters, Tally};
use super::document::{date, readable};
use super::executions_document::from_document;
use super::{EXECUTION_LOGS, EXECUTIONS, JOBS, Logs};
use crate::model::{Digest, Execution, ExecutionId, JobId, Status, Token, Trigger};

/// Executions of the older system that are counted in one group.
const FOREIGN_GROUP: u64 = 1_000;
/// Decisions that are read at once.
const DECIDED: u64 = 1_000;

#[derive(Clone)]
pub struct Executions {
    pub(super) database: Arc<dyn Database>,
}

/// What became of the wish to delete a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteOutcome {
    Deleted,
    NotFound,
    /// Only ended executions are history.
    Active(Status),
    /// Its instant is not behind the job's next run yet: it would be decided a second time.
    Undecided,
}

impl Executions {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// # Errors
    /// Those of the database; `Corrupted` when the document cannot be read.
    pub async fn get(&self, id: ExecutionId) -> Result<Option<Execution>> {
        Ok(self.read(Find::by(doc! { "_id": id.0 }).limited(1)).await?.pop())
    }

    /// Several in one read, in no order.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_many(&self, ids: &[ExecutionId]) -> Result<Vec<Execution>> {
        let ids: Vec<bson::Bson> = ids.iter().map(|id| bson::Bson::ObjectId(id.0)).collect();
        self.read(Find::by(doc! { "_id": { "$in": ids } })).await
    }

    /// Who holds an overlap key.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn holder_of(&self, overlap_key: &str) -> Result<Option<Execution>> {
        Ok(self.read(Find::by(doc! { "overlap_key": overlap_key }).limited(1)).await?.pop())
    }

    /// All that any host holds.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn held(&self) -> Result<Vec<Execution>> {
        self.read(Find::by(doc! { "host": { "$gt": "" } })).await
    }

    /// All that one host holds.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn held_by(&self, host: &crate::model::Incarnation) -> Result<Vec<Execution>> {
        self.read(Find::by(doc! { "host": host.0.as_str() })).await
    }

    /// All retries that wait.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn waiting_for_retry(&self) -> Result<Vec<Execution>> {
        self.read(Find::by(doc! { "retry_at": { "$gt": date(DateTime::UNIX_EPOCH) } })).await
    }

    /// The retries of one job that wait.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn waiting_for_retry_of(&self, job: JobId) -> Result<Vec<Execution>> {
        let waiting = doc! { "retry_at": { "$gt": date(DateTime::UNIX_EPOCH) }, "job_id": job.to_string() };
        self.read(Find::by(waiting)).await
    }

    /// The components of executions that have not ended.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unfinished_digests(&self) -> Result<BTreeSet<Digest>> {
        let held = self.held().await?;
        let waiting = self.waiting_for_retry().await?;
        Ok(held.into_iter().chain(waiting).filter_map(|execution| execution.template_digest).collect())
    }

    /// All whose end still has something to be sent.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn with_outbox(&self) -> Result<Vec<Execution>> {
        self.read(Find::by(doc! { "outbox.since": { "$gt": date(DateTime::UNIX_EPOCH) } })).await
    }

    /// What stands in the history for one instant: its own record, or a skip that stands for several.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn decision(&self, job: JobId, instant: DateTime<Utc>) -> Result<Option<Execution>> {
        if let Some(found) = self.get(ExecutionId::derive(job, instant)).await? {
            return Ok(Some(found));
        }
        let covering = doc! {
            "job_id": job.to_string(),
            "skipped.first": { "$lte": date(instant) },
            "skipped.last": { "$gte": date(instant) },
        };
        Ok(self.read(Find::by(covering).sorted(doc! { "_id": -1 }).limited(1)).await?.pop())
    }

    /// The decisions of one job about instants of a period, bounds included, oldest first; a thousand at most.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn decided_within(
        &self,
        job: JobId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Execution>> {
        // Ids begin with the second of their instant.
        let bound = |at: DateTime<Utc>, rest: u8| {
            let seconds = u32::try_from(at.timestamp().clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
            let mut bytes = [rest; 12];
            bytes.iter_mut().zip(seconds.to_be_bytes()).for_each(|(to, from)| *to = from);
            ObjectId::from_bytes(bytes)
        };
        let ids = doc! { "$gte": bound(from, 0), "$lte": bound(until, u8::MAX) };
        let find = Find::by(doc! { "job_id": job.to_string(), "_id": ids }).sorted(doc! { "_id": 1 }).limited(DECIDED);
        let mut found = self.read(find).await?;
        found.retain(|found| {
            found.trigger == Trigger::Schedule && found.scheduled_for >= from && found.scheduled_for <= until
        });
        found.sort_unstable_by_key(|found| found.scheduled_for);
        Ok(found)
    }

    /// Executions of the older system that never ended: nobody holds them, so they are lost. Tells how many.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn settle_foreign(&self, now: DateTime<Utc>) -> Result<u64> {
        let filter = doc! {
            "status": { "$in": [Status::Queued.as_str(), Status::Running.as_str()] },
            "token": { "$exists": false },
        };
        let set = doc! {
            "status": Status::Lost.as_str(),
            "completed_at": date(now),
            "error": "left unfinished by the system that ran before Sandglass",
        };
        Ok(self.database.update(EXECUTIONS, Update::many(filter, doc! { "$set": set })).await?.modified)
    }

    /// Counts the history that the older system left. What is counted gets a token, as every execution of Sandglass has
    /// one, in the same group: so nothing is counted twice, and a record without one was never counted. One walk over
    /// the whole history, for the start that takes over.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_foreign(&self) -> Result<u64> {
        let (mut counted, mut behind) = (0, ObjectId::from_bytes([0; 12]));
        loop {
            let foreign = doc! { "_id": { "$gt": behind }, "token": { "$exists": false } };
            let find = Find::by(foreign).sorted(doc! { "_id": 1 }).projected(doc! { "logs": 0 }).limited(FOREIGN_GROUP);
            let documents = collect(self.database.find(EXECUTIONS, find).await?).await?;
            let Some(last) = documents.last().and_then(|last| last.get_object_id("_id").ok()) else {
                return Ok(counted);
            };
            behind = last;
            let ended: Vec<Execution> =
                readable(&documents, from_document).into_iter().filter(|found| found.status.is_final()).collect();
            let known = ended.iter().map(|execution| {
                let uncounted = doc! { "_id": execution.id.0, "token": { "$exists": false } };
                let set = doc! { "$set": { "token": Token::FIRST.0 } };
                Write::Update { collection: EXECUTIONS.into(), update: Update::one(uncounted, set) }
            });
            let tallies: Vec<Tally> = ended.iter().map(Tally::of).collect();
            for outcome in
                self.database.bulk(vec![known.collect(), Counters::raise(&tallies)]).await?.into_iter().flatten()
            {
                outcome?;
            }
            counted += ended.len() as u64;
        }
    }

    /// Marks everything sent.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn outbox_sent(&self, id: ExecutionId) -> Result<()> {
        self.write(super::writes::outbox_sent(id)).await
    }

    /// Adds a line of Sandglass's own to an ended execution.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn remark(&self, id: ExecutionId, line: &crate::model::log::LogLine) -> Result<()> {
        self.write(super::writes::remark(id, line)).await
    }

    /// Notes that a running execution is to stop.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn request_cancel(&self, id: ExecutionId, at: DateTime<Utc>) -> Result<()> {
        self.write(super::writes::request_cancel(id, at)).await
    }

    /// Removes one ended execution with its log, if its instant cannot be decided again.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, id: ExecutionId) -> Result<DeleteOutcome> {
        let Some(execution) = self.get(id).await? else { return Ok(DeleteOutcome::NotFound) };
        if !execution.status.is_final() {
            return Ok(DeleteOutcome::Active(execution.status));
        }
        if execution.trigger == Trigger::Schedule && !self.is_behind(&execution).await? {
            return Ok(DeleteOutcome::Undecided);
        }
        let final_still = doc! { "_id": id.0, "status": execution.status.as_str() };
        let removed = FindAndUpdate {
            filter: final_still,
            change: None::<Change>,
            sort: None,
            projection: Some(doc! { "_id": 1 }),
            upsert: false,
            array_filters: Vec::new(),
            give_back: Return::Before,
        };
        if self.database.find_one_and_update(EXECUTIONS, removed).await?.is_none() {
            return Ok(DeleteOutcome::NotFound);
        }
        self.database.delete(EXECUTION_LOGS, Delete { filter: doc! { "execution_id": id.0 }, limit: None }).await?;
        if execution.token >= Token::FIRST {
            Counters::new(self.database.clone()).forget(&Tally::of(&execution)).await?;
        }
        Ok(DeleteOutcome::Deleted)
    }

    /// Logs of executions, over both places where they stand.
    pub fn logs(&self) -> Logs {
        Logs::new(self.database.clone())
    }

    async fn is_behind(&self, execution: &Execution) -> Result<bool> {
        let last = execution.skipped.map_or(execution.scheduled_for, |summary| summary.last);
        let still_to_come = doc! { "_id": execution.job_id.0, "next_run_at": { "$lte": date(last) } };
        Ok(self.database.count(JOBS, still_to_come).await? == 0)
    }

    async fn write(&self, write: Write) -> Result<()> {
        for outcome in self.database.bulk(vec![vec![write]]).await?.into_iter().flatten() {
            outcome?;
        }
        Ok(())
    }

    pub(super) async fn read(&self, find: Find) -> Result<Vec<Execution>> {
        let documents: Vec<Document> = collect(self.database.find(EXECUTIONS, find).await?).await?;
        documents.iter().map(from_document).collect()
    }
}
