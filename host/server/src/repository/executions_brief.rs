//! Executions in short, newest first: for figures over many of them.
//!
//! Logs, parameters and results stay in the store. A range of time is a range of ids, so an index carries every read;
//! how far a reader goes is the reader's matter.

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Cursor, Find, Result};

use super::document::{Fields, date, readable};
use super::executions_list::first_id_of;
use super::{EXECUTIONS, Executions};
use crate::model::{JobId, Status};

/// What figures need of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    pub job: String,
    pub job_name: String,
    pub template_type: String,
    pub status: Status,
    /// The nominal instant.
    pub scheduled_for: DateTime<Utc>,
    pub duration_seconds: Option<f64>,
}

/// Briefs in batches. Dropping it closes it.
pub struct Briefs(Box<dyn Cursor>);

impl Briefs {
    /// At most `max` further documents; none at the end. One that cannot be read is left out of the answer but counted.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next(&mut self, max: usize) -> Result<Option<(usize, Vec<Brief>)>> {
        let documents = self.0.next(max).await?;
        Ok((!documents.is_empty()).then(|| (documents.len(), readable(&documents, brief))))
    }
}

impl Executions {
    /// The executions of one job, or of all, that were scheduled from `since` up to and without `until`; at most
    /// `limit`, the newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn briefs(
        &self,
        job: Option<JobId>,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Briefs> {
        let beyond = first_id_of(until.checked_add_signed(chrono::Duration::seconds(1)).unwrap_or(until));
        let mut filter = Document::new();
        if let Some(job) = job {
            filter.insert("job_id", job.to_string());
        }
        filter.insert("_id", doc! { "$gte": first_id_of(since), "$lt": beyond });
        // The older system wrote no `scheduled_for`; its ids say when a run began.
        filter.insert(
            "$or",
            vec![
                doc! { "scheduled_for": { "$gte": date(since), "$lt": date(until) } },
                doc! { "scheduled_for": null, "started_at": { "$gte": date(since), "$lt": date(until) } },
            ],
        );
        let fields = doc! {
            "job_id": 1, "job_name": 1, "template_type": 1, "status": 1, "scheduled_for": 1, "started_at": 1,
            "duration_seconds": 1,
        };
        let find = Find::by(filter).sorted(doc! { "_id": -1 }).projected(fields).limited(limit);
        Ok(Briefs(self.database.find(EXECUTIONS, find).await?))
    }
}

fn brief(document: &Document) -> Result<Brief> {
    let fields = Fields::of(EXECUTIONS, document);
    let scheduled_for = match fields.optional_date("scheduled_for")? {
        Some(at) => at,
        None => fields.date("started_at")?,
    };
    Ok(Brief {
        job: fields.text("job_id")?,
        job_name: fields.text("job_name")?,
        template_type: fields.text("template_type")?,
        status: fields.word("status", Status::parse)?.ok_or_else(|| fields.damaged("status", "a status"))?,
        scheduled_for,
        duration_seconds: fields.number("duration_seconds")?,
    })
}
