//! `dynamic_jobs`: reading jobs, and the single writes that change one.

use std::sync::Arc;

use bson::{Bson, Document, RawDocument, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Database, Error, Find, Result, Update, Write, collect};

use super::JOBS;
use super::document::{Fields, date, readable};
use super::jobs_damaged::DamagedJob;
use super::jobs_document::{OPTIONAL, definition, from_document, to_document};
use super::jobs_list::{JobFilter, JobOrder, JobPage, Listed, find};
use crate::model::{Digest, Job, JobId};

/// Bytes fetched at once when all jobs are walked.
const WALK_BYTES: usize = 1 << 20;

#[derive(Clone)]
pub struct Jobs {
    pub(super) database: Arc<dyn Database>,
}

/// What the planner has to know of every job at its start.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub id: JobId,
    pub enabled: bool,
    pub next_run_at: Option<DateTime<Utc>>,
    pub last_run_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// Lacks the added fields: written by the older system.
    pub foreign: bool,
}

impl Jobs {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// A job that is not deleted.
    ///
    /// # Errors
    /// Those of the database; `Corrupted` when the document cannot be read.
    pub async fn get(&self, id: JobId) -> Result<Option<Job>> {
        Ok(self.get_any(id).await?.filter(|job| job.deleted_at.is_none()))
    }

    /// As [`get`](Self::get), jobs included whose deletion can still be taken back.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_any(&self, id: JobId) -> Result<Option<Job>> {
        let found = collect(self.database.find(JOBS, Find::by(doc! { "_id": id.0 }).limited(1)).await?).await?;
        found.first().map(from_document).transpose()
    }

    /// Several jobs in one read, in no order; deleted ones included. One that cannot be read is an error of its own.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get_many(&self, ids: &[JobId]) -> Result<Vec<Result<Job>>> {
        let ids: Vec<Bson> = ids.iter().map(|id| Bson::ObjectId(id.0)).collect();
        let found = collect(self.database.find(JOBS, Find::by(doc! { "_id": { "$in": ids } })).await?).await?;
        Ok(found.iter().map(from_document).collect())
    }

    /// One page of jobs that are not deleted, and how many there are in all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self, filter: &JobFilter, order: JobOrder, page: u64, page_size: u64) -> Result<JobPage> {
        let (total, find) =
            (self.database.count(JOBS, filter.to_document()).await?, find(filter, order, page, page_size));
        let documents = collect(self.database.find(JOBS, find).await?).await?;
        let read = |document: &Document| match from_document(document) {
            Ok(job) => Some(Listed::Job(Box::new(job))),
            Err(error) => match DamagedJob::of(document) {
                Some(damaged) => Some(Listed::Damaged(Box::new(damaged))),
                None => {
                    tracing::error!(%error, "a document that nobody can ask for is left out");
                    None
                }
            },
        };
        Ok(JobPage { jobs: documents.iter().filter_map(read).collect(), total, page, page_size })
    }

    /// Jobs of a template whose parameter at a JSON pointer is this text: id and name of at most `limit`. A pointer that
    /// no path of the store can follow names none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn naming(
        &self,
        template_type: &str,
        pointer: &str,
        text: &str,
        limit: u64,
    ) -> Result<Vec<(JobId, String)>> {
        let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        let steps: Vec<String> = std::iter::once("parameters".to_owned()).chain(steps).collect();
        if steps.iter().any(|step| step.is_empty() || step.contains('.') || step.starts_with('$')) {
            return Ok(Vec::new());
        }
        let filter = doc! {
            "deleted_at": { "$exists": false },
            "template_type": template_type,
            steps.join("."): text,
        };
        let documents = collect(self.database.find(JOBS, Find::by(filter).limited(limit)).await?).await?;
        Ok(readable(&documents, from_document).into_iter().map(|job| (job.id, job.name)).collect())
    }

    /// Jobs of a template, in the order of their ids: at most `limit` behind `after`.
    ///
    /// # Errors
    /// Those of the database; `Corrupted` never, a damaged job is left out.
    pub async fn of_template(&self, template_type: &str, after: Option<JobId>, limit: u64) -> Result<Vec<Job>> {
        let mut filter = doc! { "deleted_at": { "$exists": false }, "template_type": template_type };
        if let Some(after) = after {
            filter.insert("_id", doc! { "$gt": after.0 });
        }
        let find = Find::by(filter).sorted(doc! { "_id": 1 }).limited(limit);
        let documents = collect(self.database.find(JOBS, find).await?).await?;
        Ok(readable(&documents, from_document))
    }

    /// Jobs with a hook that names a template, in the order of their ids: at most `limit` behind `after`.
    ///
    /// # Errors
    /// As [`of_template`](Self::of_template).
    pub async fn with_hook(&self, template_type: &str, after: Option<JobId>, limit: u64) -> Result<Vec<Job>> {
        let places = ["hooks.pre.template", "hooks.post.template"].map(|place| doc! { place: template_type });
        let mut filter = doc! { "deleted_at": { "$exists": false }, "$or": places.to_vec() };
        if let Some(after) = after {
            filter.insert("_id", doc! { "$gt": after.0 });
        }
        let find = Find::by(filter).sorted(doc! { "_id": 1 }).limited(limit);
        let documents = collect(self.database.find(JOBS, find).await?).await?;
        Ok(readable(&documents, from_document))
    }

    /// Whether any job of this template, deleted ones included, was approved for this component.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn any_with_digest(&self, template_type: &str, digest: &Digest) -> Result<bool> {
        let filter = doc! { "template_type": template_type, "template_digest": digest.0.as_str() };
        Ok(self.database.count(JOBS, filter).await? > 0)
    }

    /// How many jobs match.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count(&self, filter: &JobFilter) -> Result<u64> {
        self.database.count(JOBS, filter.to_document()).await
    }

    /// The template types that jobs name, deleted jobs included.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn template_types(&self) -> Result<Vec<String>> {
        let named = self.database.distinct(JOBS, "template_type", Document::new()).await?;
        Ok(named.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
    }

    /// The components that jobs were approved for, deleted jobs included.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn digests(&self) -> Result<Vec<Digest>> {
        let named = self.database.distinct(JOBS, "template_digest", Document::new()).await?;
        Ok(named.into_iter().filter_map(|value| value.as_str().map(|text| Digest(text.to_owned()))).collect())
    }

    /// Those that run next, soonest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_runs(&self, limit: u64) -> Result<Vec<Job>> {
        let find = Find::by(doc! { "enabled": true, "next_run_at": { "$gt": date(DateTime::UNIX_EPOCH) } })
            .sorted(doc! { "enabled": 1, "next_run_at": 1 })
            .limited(limit);
        Ok(readable(&collect(self.database.find(JOBS, find).await?).await?, from_document))
    }

    /// Walks every job, telling what the planner has to know. Reads bytes, not documents: there may be very many. One
    /// that cannot be read does not fire, and keeps no other from it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn walk(&self, mut visit: impl FnMut(Loaded)) -> Result<()> {
        let mut cursor = self.database.find_raw(JOBS, Find::default()).await?;
        loop {
            let batch = cursor.next(WALK_BYTES).await?;
            if batch.is_empty() {
                return Ok(());
            }
            let mut rest = batch.as_slice();
            while let Some(length) = rest.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes) as usize) {
                let (document, tail) = rest.split_at_checked(length).ok_or_else(truncated)?;
                match RawDocument::from_bytes(document).map_err(|_| truncated()).and_then(loaded) {
                    Ok(Some(job)) => visit(job),
                    Ok(None) => tracing::warn!("a document of {JOBS} whose _id is no ObjectId is left alone"),
                    Err(error) => tracing::error!(%error, "a job cannot be read and does not fire"),
                }
                rest = tail;
            }
        }
    }

    /// A new job.
    pub fn insert(job: &Job) -> Write {
        Write::Insert { collection: JOBS.into(), document: to_document(job) }
    }

    /// What a person edits, with the version that comes out and the next run; only over version `seen`.
    pub fn save(job: &Job, seen: i64) -> Write {
        let mut set = definition(job);
        set.insert("version", job.version);
        set.insert("shard", i32::from(job.shard));
        let mut unset: Document = OPTIONAL
            .into_iter()
            .filter(|field| !set.contains_key(field))
            .map(|field| (field.to_owned(), Bson::String(String::new())))
            .collect();
        put(&mut set, &mut unset, "next_run_at", job.next_run_at);
        put(&mut set, &mut unset, "deleted_at", job.deleted_at);
        let operators = if unset.is_empty() {
            doc! { "$set": set }
        } else {
            doc! { "$set": set, "$unset": unset }
        };
        update(doc! { "_id": job.id.0, "version": seen }, operators)
    }

    /// Gives a job of the older system the fields that it lacks.
    pub fn adopt(job: &Job) -> Write {
        let mut set = definition(job);
        set.insert("version", job.version);
        set.insert("shard", i32::from(job.shard));
        let mut unset = Document::new();
        put(&mut set, &mut unset, "next_run_at", job.next_run_at);
        let operators = if unset.is_empty() {
            doc! { "$set": set }
        } else {
            doc! { "$set": set, "$unset": unset }
        };
        update(doc! { "_id": job.id.0, "shard": { "$exists": false } }, operators)
    }

    /// Moves the next undecided instant on, unless somebody moved it meanwhile.
    pub fn advance(
        job: JobId,
        from: DateTime<Utc>,
        to: Option<DateTime<Utc>>,
        last_run_at: Option<DateTime<Utc>>,
    ) -> Write {
        let mut operators = match to {
            Some(to) => doc! { "$set": { "next_run_at": date(to) } },
            None => doc! { "$unset": { "next_run_at": "" } },
        };
        if let Some(at) = last_run_at {
            // Replays and a clock that was set back bring earlier instants.
            operators.insert("$max", doc! { "last_run_at": date(at) });
        }
        update(doc! { "_id": job.0, "next_run_at": date(from) }, operators)
    }

    /// Notes a run that did not come from the schedule.
    pub fn ran(job: JobId, at: DateTime<Utc>) -> Write {
        update(doc! { "_id": job.0 }, doc! { "$max": { "last_run_at": date(at) } })
    }

    /// A last run that was noted under a clock far ahead, later than `latest`, was made just now.
    pub fn ran_ahead(job: JobId, now: DateTime<Utc>, latest: DateTime<Utc>) -> Write {
        let filter = doc! { "_id": job.0, "last_run_at": { "$gt": date(latest) } };
        update(filter, doc! { "$set": { "last_run_at": date(now) } })
    }

    /// Removes a job whose deletion can no longer be taken back.
    pub fn purge(job: JobId) -> Write {
        let filter = doc! { "_id": job.0, "deleted_at": { "$exists": true } };
        Write::Delete { collection: JOBS.into(), delete: sandglass_database::Delete { filter, limit: Some(1) } }
    }
}

fn put(set: &mut Document, unset: &mut Document, field: &str, at: Option<DateTime<Utc>>) {
    match at {
        Some(at) => set.insert(field, date(at)),
        None => unset.insert(field, ""),
    };
}

fn update(filter: Document, operators: Document) -> Write {
    Write::Update { collection: JOBS.into(), update: Update::one(filter, operators) }
}

fn truncated() -> Error {
    Error::Corrupted { message: format!("{JOBS}: the bytes of a document are no BSON") }
}

fn loaded(raw: &RawDocument) -> Result<Option<Loaded>> {
    let mut few = Document::new();
    for element in raw {
        let (name, value) = element.map_err(|_| truncated())?;
        if matches!(name.as_str(), "_id" | "enabled" | "next_run_at" | "last_run_at" | "deleted_at" | "shard") {
            few.insert(name.as_str(), Bson::try_from(value).map_err(|_| truncated())?);
        }
    }
    let Some(Bson::ObjectId(id)) = few.get("_id") else { return Ok(None) };
    let fields = Fields::of(JOBS, &few);
    Ok(Some(Loaded {
        id: JobId(*id),
        enabled: fields.boolean("enabled")?.unwrap_or(true),
        next_run_at: fields.optional_date("next_run_at")?,
        last_run_at: fields.optional_date("last_run_at")?,
        deleted_at: fields.optional_date("deleted_at")?,
        foreign: fields.get("shard").is_none(),
    }))
}
