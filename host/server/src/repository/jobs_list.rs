//! Which jobs a list shows, and in which order.

use bson::{Document, doc};
use sandglass_database::Find;

use super::document::date;
use super::jobs_damaged::DamagedJob;
use crate::model::Job;
use crate::model::job::JobStatus;

/// All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobFilter {
    pub template_type: Option<String>,
    pub enabled: Option<bool>,
    /// `Blocked` needs [`blocked_types`](Self::blocked_types).
    pub status: Option<JobStatus>,
    /// Template types that are not ready; they make `active` jobs `blocked`.
    pub blocked_types: Vec<String>,
    pub tag: Option<String>,
    /// A part of name or description, in any case.
    pub search: Option<String>,
    pub created_by: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobOrder {
    /// Newest first.
    #[default]
    Newest,
    Oldest,
    Name,
    /// Soonest first.
    NextRun,
    /// Latest first.
    LastRun,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Listed {
    Job(Box<Job>),
    /// Somebody damaged its document.
    Damaged(Box<DamagedJob>),
}

impl Listed {
    /// The job, as far as it can be read.
    pub fn job(&self) -> &Job {
        match self {
            Self::Job(job) => job,
            Self::Damaged(damaged) => &damaged.job,
        }
    }
}

/// One page and the number of jobs on all pages.
#[derive(Debug, Clone, PartialEq)]
pub struct JobPage {
    pub jobs: Vec<Listed>,
    pub total: u64,
    pub page: u64,
    pub page_size: u64,
}

impl JobFilter {
    pub(super) fn to_document(&self) -> Document {
        let mut all = vec![doc! { "deleted_at": { "$exists": false } }];
        for (field, text) in
            [("template_type", &self.template_type), ("tags", &self.tag), ("created_by", &self.created_by)]
        {
            if let Some(text) = text {
                all.push(doc! { field: text.as_str() });
            }
        }
        if let Some(enabled) = self.enabled {
            all.push(doc! { "enabled": enabled });
        }
        if let Some(text) = &self.search {
            let pattern = doc! { "$regex": escape(text), "$options": "i" };
            all.push(doc! { "$or": [{ "name": pattern.clone() }, { "description": pattern }] });
        }
        match self.status {
            None => {}
            Some(JobStatus::Disabled) => all.push(doc! { "enabled": false }),
            Some(JobStatus::Blocked) => {
                all.push(doc! { "enabled": true, "template_type": { "$in": self.blocked_types.clone() } });
            }
            Some(status) => {
                let due = doc! { "$gt": date(chrono::DateTime::UNIX_EPOCH) };
                let next = if status == JobStatus::Active {
                    due
                } else {
                    doc! { "$not": due }
                };
                all.push(doc! {
                    "enabled": true,
                    "template_type": { "$nin": self.blocked_types.clone() },
                    "next_run_at": next,
                });
            }
        }
        doc! { "$and": all }
    }
}

pub(super) fn find(filter: &JobFilter, order: JobOrder, page: u64, page_size: u64) -> Find {
    let sort = match order {
        JobOrder::Newest => doc! { "_id": -1 },
        JobOrder::Oldest => doc! { "_id": 1 },
        JobOrder::Name => doc! { "name": 1, "_id": 1 },
        JobOrder::NextRun => doc! { "next_run_at": 1, "_id": 1 },
        JobOrder::LastRun => doc! { "last_run_at": -1, "_id": -1 },
    };
    let mut find = Find::by(filter.to_document()).sorted(sort).limited(page_size);
    find.skip = page.saturating_sub(1).saturating_mul(page_size);
    find
}

/// A text as a regular expression that matches only itself.
pub(super) fn escape(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && c != ' ' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
