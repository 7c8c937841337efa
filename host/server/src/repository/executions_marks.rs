//! Executions as marks on a line: when, how it stands, how long. The newest first, never more than asked for.
//!
//! An index carries every read, whatever the length of the history: `{job_id, _id}`, and ids begin with the nominal
//! instant.

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Find, Result, collect};

use super::document::{Fields, readable};
use super::executions_list::first_id_of;
use super::{EXECUTIONS, Executions};
use crate::model::{ExecutionId, JobId, Status};

/// One execution in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub execution: ExecutionId,
    pub status: Status,
    /// The nominal instant.
    pub scheduled_for: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub duration_seconds: Option<f64>,
}

impl Executions {
    /// The newest executions of a job, at most `limit`; with a window only those that were scheduled from its first
    /// instant up to and without its last. One that cannot be read is left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn marks(
        &self,
        job: JobId,
        window: Option<(DateTime<Utc>, DateTime<Utc>)>,
        limit: u64,
    ) -> Result<Vec<Mark>> {
        let mut filter = doc! { "job_id": job.to_string() };
        if let Some((from, to)) = window {
            let beyond = to.checked_add_signed(chrono::Duration::seconds(1)).unwrap_or(to);
            filter.insert("_id", doc! { "$gte": first_id_of(from), "$lt": first_id_of(beyond) });
        }
        let fields = doc! { "status": 1, "scheduled_for": 1, "started_at": 1, "duration_seconds": 1 };
        let find = Find::by(filter).sorted(doc! { "_id": -1 }).projected(fields).limited(limit);
        let documents = collect(self.database.find(EXECUTIONS, find).await?).await?;
        let mut marks = readable(&documents, mark);
        if let Some((from, to)) = window {
            marks.retain(|mark| (from..to).contains(&mark.scheduled_for));
        }
        Ok(marks)
    }
}

fn mark(document: &Document) -> Result<Mark> {
    let fields = Fields::of(EXECUTIONS, document);
    let started_at = fields.optional_date("started_at")?;
    // The older system wrote no `scheduled_for`.
    let scheduled_for = match fields.optional_date("scheduled_for")? {
        Some(at) => at,
        None => fields.date("started_at")?,
    };
    Ok(Mark {
        execution: ExecutionId(document.get_object_id("_id").map_err(|_| fields.damaged("_id", "an id"))?),
        status: fields.word("status", Status::parse)?.ok_or_else(|| fields.damaged("status", "a status"))?,
        scheduled_for,
        started_at,
        duration_seconds: fields.number("duration_seconds")?,
    })
}
