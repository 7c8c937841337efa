//! Pages of the history: by cursor to any depth, by number up to 10,000 rows.

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Error, Find, Result, collect};

use super::counters::Counters;
use super::document::{date, readable};
use super::executions_document::from_document;
use super::{EXECUTIONS, Executions};
use crate::model::{Execution, ExecutionId, JobId, Status, Trigger};

/// How far a page number reaches; beyond it the cursor goes on.
pub const DEEPEST_ROW: u64 = 10_000;

/// All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionFilter {
    pub status: Option<Status>,
    pub template_type: Option<String>,
    pub job: Option<JobId>,
    pub trigger: Option<Trigger>,
    /// Nominal instant, inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Nominal instant, exclusive.
    pub until: Option<DateTime<Utc>>,
    /// A part of a log line, in any case; the line may stand in the document or in a chunk.
    pub log_text: Option<String>,
}

/// Where a page begins. History is shown newest first, by `_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Behind the last row of the page before.
    After(ExecutionId),
    /// 1 is the first.
    Page(u64),
}

/// One page of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub executions: Vec<Execution>,
    /// Where the next page begins; none on the last one.
    pub next: Option<ExecutionId>,
    /// Rows in all, where the counters know; an exact count over millions is not made.
    pub total: Option<u64>,
}

impl Executions {
    /// # Errors
    /// `Invalid` when a page number reaches beyond `DEEPEST_ROW`; else those of the database.
    pub async fn list(&self, filter: &ExecutionFilter, position: Position, page_size: u64) -> Result<Page> {
        let mut conditions = filter.conditions();
        let mut skip = 0;
        match position {
            Position::After(id) => conditions.push(doc! { "_id": { "$lt": id.0 } }),
            Position::Page(page) => {
                skip = page.saturating_sub(1).saturating_mul(page_size);
                if skip.saturating_add(page_size) > DEEPEST_ROW {
                    return Err(Error::invalid(format!(
                        "`page` {page} of {page_size} rows reaches beyond row {DEEPEST_ROW}; go on with `cursor`"
                    )));
                }
            }
        }
        if let Some(text) = &filter.log_text {
            let ids: Vec<Document> =
                conditions.iter().filter_map(|one| one.get_document("_id").ok().cloned()).collect();
            conditions.push(self.with_line(text, filter.job, &ids).await?);
        }
        let all = if conditions.is_empty() {
            Document::new()
        } else {
            doc! { "$and": conditions }
        };
        // Lists show no lines: those of a page could be many megabytes.
        let mut find =
            Find::by(all).sorted(doc! { "_id": -1 }).projected(doc! { "logs": 0 }).limited(page_size.saturating_add(1));
        find.skip = skip;
        let mut documents = collect(self.database.find(EXECUTIONS, find).await?).await?;
        let more = documents.len() as u64 > page_size;
        documents.truncate(usize::try_from(page_size).unwrap_or(usize::MAX));
        // Of the documents, not of those that could be read: the next page begins behind both.
        let last = documents.last().filter(|_| more).and_then(|last| last.get_object_id("_id").ok());
        let executions = readable(&documents, from_document);
        Ok(Page { next: last.map(ExecutionId), total: self.total(filter).await?, executions })
    }

    async fn total(&self, filter: &ExecutionFilter) -> Result<Option<u64>> {
        if filter.trigger.is_some() || filter.from.is_some() || filter.until.is_some() || filter.log_text.is_some() {
            return Ok(None);
        }
        if filter.job.is_some() && filter.template_type.is_some() {
            return Ok(None);
        }
        let active: Vec<Bson> = Status::ALL
            .into_iter()
            .filter(|status| !status.is_final() && filter.status.is_none_or(|wanted| wanted == *status))
            .map(|status| Bson::from(status.as_str()))
            .collect();
        let mut total = 0;
        if !active.is_empty() {
            let mut conditions = ExecutionFilter { status: None, ..filter.clone() }.conditions();
            conditions.push(doc! { "status": { "$in": active } });
            total += self.database.count(EXECUTIONS, doc! { "$and": conditions }).await?;
        }
        if filter.status.is_none_or(Status::is_final) {
            let ended =
                Counters::new(self.database.clone()).all_time(filter.job, filter.template_type.as_deref()).await?;
            total += filter.status.map_or_else(|| ended.ended(), |status| ended.of(status));
        }
        Ok(Some(total))
    }
}

impl ExecutionFilter {
    fn conditions(&self) -> Vec<Document> {
        let mut all = Vec::new();
        if let Some(job) = self.job {
            all.push(doc! { "job_id": job.to_string() });
        }
        if let Some(status) = self.status {
            all.push(doc! { "status": status.as_str() });
        }
        if let Some(template) = &self.template_type {
            all.push(doc! { "template_type": template.as_str() });
        }
        if let Some(trigger) = self.trigger {
            all.push(doc! { "trigger": trigger.as_str() });
        }
        // Ids begin with the seconds of the nominal instant, so a range of time is a range of ids.
        if let Some(from) = self.from {
            all.push(doc! { "_id": { "$gte": first_id_of(from) }, "scheduled_for": { "$gte": date(from) } });
        }
        if let Some(until) = self.until {
            let beyond = until + chrono::Duration::seconds(1);
            all.push(doc! { "_id": { "$lt": first_id_of(beyond) }, "scheduled_for": { "$lt": date(until) } });
        }
        all
    }
}

pub(super) fn first_id_of(instant: DateTime<Utc>) -> bson::oid::ObjectId {
    let seconds = u32::try_from(instant.timestamp().clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
    let mut bytes = [0; 12];
    for (to, from) in bytes.iter_mut().zip(seconds.to_be_bytes()) {
        *to = from;
    }
    bson::oid::ObjectId::from_bytes(bytes)
}
