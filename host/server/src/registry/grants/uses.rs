//! Gathers what a template did of late: the newest runs of its newest jobs, and every refusal of the time.
//!
//! Bounded in all directions, so that the answer is quick however long the history is; it says on how much it stands.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::GrantError;
use super::overview::{CapabilityUse, overview};
use crate::model::audit::EffectRecord;
use crate::model::{Clock, Digest};
use crate::registry::templates::Templates;
use crate::repository::audit::Audit;
use crate::repository::{Executions, JobFilter, JobOrder, Jobs, Listed, RunReads};

const DAYS: i64 = 30;
/// Jobs that are looked at, the latest to run first.
const MOST_JOBS: u64 = 50;
/// Runs of each.
const MOST_RUNS: u64 = 20;
/// Entries of the audit that are looked at for each kind.
const MOST_ENTRIES: u64 = 10_000;

/// What a template asks for, gets and uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Uses {
    pub template_type: String,
    pub digest: Digest,
    /// The beginning of the time that is looked at.
    pub since: DateTime<Utc>,
    /// Runs that the figures of use stand on.
    pub runs: u64,
    /// Whether these are all runs of that time.
    pub is_complete: bool,
    pub capabilities: Vec<CapabilityUse>,
}

/// Reads what was used.
pub struct UseReader {
    pub templates: Arc<Templates>,
    pub jobs: Jobs,
    pub executions: Executions,
    pub audit: Audit,
    pub clock: Arc<dyn Clock>,
}

impl UseReader {
    /// The last thirty days of the template in force under this type.
    ///
    /// # Errors
    /// [`GrantError::NotFound`], those of the store.
    pub async fn of(&self, template_type: &str) -> Result<Uses, GrantError> {
        let view = self.templates.get(template_type).ok_or(GrantError::NotFound)?;
        let since = self.clock.now() - TimeDelta::days(DAYS);
        let filter = JobFilter { template_type: Some(template_type.to_owned()), ..JobFilter::default() };
        let jobs = self.jobs.list(&filter, JobOrder::LastRun, 1, MOST_JOBS).await?;
        let mut is_complete = jobs.total <= MOST_JOBS;
        let (mut records, mut ids) = (Vec::new(), Vec::new());
        for job in &jobs.jobs {
            let Listed::Job(job) = job else { continue };
            let runs = self.executions.newest_reads(job.id, since, MOST_RUNS).await?;
            is_complete &= (runs.len() as u64) < MOST_RUNS;
            for RunReads { execution, at, sums } in runs {
                ids.push(execution);
                records.extend(sums.into_iter().map(|sum| EffectRecord {
                    execution,
                    job: job.id,
                    attempt: 1,
                    digest: view.template.digest.clone(),
                    at,
                    capability: sum.capability,
                    operation: sum.operation,
                    target: sum.target,
                    verdict: sum.verdict,
                    usage: sum.usage,
                    calls: sum.calls,
                }));
            }
        }
        let writes = self.audit.writes_of(&ids, MOST_ENTRIES).await?;
        is_complete &= (writes.len() as u64) < MOST_ENTRIES;
        records.extend(writes);
        let digests = self.templates.digests(template_type);
        records.extend(self.audit.refusals(&digests, since, MOST_ENTRIES).await?);
        let rights = view.grant.as_ref().map(|grant| grant.rights.as_slice()).unwrap_or_default();
        Ok(Uses {
            template_type: template_type.to_owned(),
            since,
            runs: ids.len() as u64,
            is_complete,
            capabilities: overview(&view.template, rights, &records),
            digest: view.template.digest,
        })
    }
}
