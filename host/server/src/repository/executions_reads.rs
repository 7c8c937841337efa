//! What the newest runs of a job read, as their attempts have summed it.

use bson::doc;
use chrono::{DateTime, Utc};
use sandglass_database::{Find, Result, collect};

use super::document::{Fields, readable};
use super::executions_document::read_sums;
use super::executions_list::first_id_of;
use super::{EXECUTIONS, Executions};
use crate::model::execution::ReadSum;
use crate::model::{ExecutionId, JobId};

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReads {
    pub execution: ExecutionId,
    /// When its last attempt began.
    pub at: DateTime<Utc>,
    pub sums: Vec<ReadSum>,
}

impl Executions {
    /// The newest runs of a job that were decided after `since`, at most `limit`; what never ran is left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn newest_reads(&self, job: JobId, since: DateTime<Utc>, limit: u64) -> Result<Vec<RunReads>> {
        let filter = doc! { "job_id": job.to_string(), "_id": { "$gte": first_id_of(since) } };
        let find = Find::by(filter).sorted(doc! { "_id": -1 }).projected(doc! { "attempts": 1 }).limited(limit);
        let documents = collect(self.database.find(EXECUTIONS, find).await?).await?;
        let runs = readable(&documents, |document| {
            let fields = Fields::of(EXECUTIONS, document);
            let id = document.get_object_id("_id").map_err(|_| fields.damaged("_id", "an id"))?;
            let mut run: Option<RunReads> = None;
            for attempt in fields.documents("attempts")? {
                let at = attempt.date("started_at")?;
                let run = run.get_or_insert(RunReads { execution: ExecutionId(id), at, sums: Vec::new() });
                run.at = at;
                run.sums.extend(read_sums(&attempt)?);
            }
            Ok(run)
        });
        Ok(runs.into_iter().flatten().collect())
    }
}
