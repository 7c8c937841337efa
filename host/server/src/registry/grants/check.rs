//! What a grant would do to the jobs that are there, before it is given. Changes nothing and is not on record.

use serde_json::Value;

use super::read::Asked;
use super::warnings::warnings;
use super::{GrantError, Grants};
use crate::capabilities::forecast::{Denial, forecast};
use crate::model::grant::Right;
use crate::model::template::{Need, Problem};
use crate::model::{Digest, Job, JobId};
use crate::registry::templates::TemplateView;
use crate::repository::Jobs;

/// Jobs read at once.
const PAGE: u64 = 200;
/// Jobs that are looked at, so that the answer is quick however many there are.
const MOST_JOBS: u64 = 2_000;
/// Jobs that an answer names.
const MOST_NAMED: usize = 50;

/// What a grant would come to.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantCheck {
    /// What is right in form, but may not do what was meant.
    pub warnings: Vec<Problem>,
    /// Jobs of the version that were looked at.
    pub jobs: u64,
    /// Whether these are all.
    pub is_complete: bool,
    /// How many of them would be denied what they cannot do without.
    pub affected: u64,
    /// The first of those.
    pub named: Vec<JobAffected>,
}

/// A job that could not do its work under a grant.
#[derive(Debug, Clone, PartialEq)]
pub struct JobAffected {
    pub id: JobId,
    pub name: String,
    /// Whether the grant in force lets it do its work.
    pub is_new: bool,
    /// Only what is certain and needed.
    pub denied: Vec<Denial>,
}

impl Grants {
    /// What giving the grant in `body` would come to for the jobs that run this version.
    ///
    /// # Errors
    /// As [`set`](Self::set), but nothing is stale or contended.
    pub async fn check(&self, template_type: &str, body: &Value, jobs: &Jobs) -> Result<GrantCheck, GrantError> {
        let (view, Asked { rights, .. }) = self.asked(template_type, body)?;
        let needs = &view.template.metadata.needs;
        let today = view.grant.as_ref().map(|grant| grant.rights.clone()).unwrap_or_default();
        let mut check = GrantCheck {
            warnings: warnings(&rights, &view.template, &self.host),
            jobs: 0,
            is_complete: true,
            affected: 0,
            named: Vec::new(),
        };
        let mut after = None;
        loop {
            let page = jobs.of_template(template_type, after, PAGE).await?;
            let Some(last) = page.last().map(|job| job.id) else { return Ok(check) };
            for job in page.into_iter().filter(|job| self.runs(job, &view)) {
                check.jobs += 1;
                let denied = stopping(forecast(needs, &rights, &job.parameters));
                if denied.is_empty() {
                    continue;
                }
                check.affected += 1;
                if check.named.len() < MOST_NAMED {
                    let is_new = is_free(needs, &today, &job.parameters);
                    check.named.push(JobAffected { id: job.id, name: job.name, is_new, denied });
                }
            }
            if check.jobs >= MOST_JOBS {
                check.is_complete = false;
                return Ok(check);
            }
            after = Some(last);
        }
    }

    /// Whether a job runs this version, or would once it is approved.
    fn runs(&self, job: &Job, view: &TemplateView) -> bool {
        let Some(own) = &job.template_digest else { return true };
        let digest: &Digest = &view.template.digest;
        let in_force = self.templates.in_force(&job.template_type);
        own == digest || in_force.as_ref() != Some(digest) || self.templates.of_digest(own).is_none()
    }
}

fn stopping(denials: Vec<Denial>) -> Vec<Denial> {
    denials.into_iter().filter(|denial| denial.is_certain && !denial.optional).collect()
}

fn is_free(needs: &[Need], rights: &[Right], parameters: &Value) -> bool {
    stopping(forecast(needs, rights, parameters)).is_empty()
}
