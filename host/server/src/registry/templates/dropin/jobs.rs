//! Jobs and the version of a template that they run.

use serde_json::json;

use super::{DropIn, DropInError, JobLeft, Moved};
use crate::model::template::Problem;
use crate::model::{Digest, Job, JobId};
use crate::registry::templates::{AdmitError, Entry};
use crate::scheduler::{Change, ChangeError, StoreError};

/// Jobs looked at in one read.
pub(super) const PAGE: u64 = 200;
/// Jobs that an answer names.
pub(super) const MOST_NAMED: usize = 50;
/// A job that somebody edits at the same time is tried this often.
pub(super) const MOST_TRIES: usize = 5;

impl DropIn {
    /// Jobs that an examined component would not run: at most as many as an answer names.
    pub(super) async fn misfits(&self, entry: &std::sync::Arc<Entry>) -> Result<Vec<JobLeft>, DropInError> {
        let mut misfits = Vec::new();
        let mut after = None;
        loop {
            let page = self.page(&entry.template.metadata.name, after).await?;
            let Some(last) = page.last().map(|job| job.id) else { break };
            for job in page {
                if let Err(problems) = self.fits(entry, &job.parameters).await? {
                    misfits.push(JobLeft { id: job.id, name: job.name, problems });
                    if misfits.len() >= MOST_NAMED {
                        return Ok(misfits);
                    }
                }
            }
            after = Some(last);
        }
        self.misfit_hooks(entry, &mut misfits).await?;
        Ok(misfits)
    }

    /// Lets every job of a template run the digest in force, unless its parameters do not fit.
    pub(super) async fn move_jobs(&self, template_type: &str, by: &str) -> Result<Moved, DropInError> {
        let mut told = Moved::default();
        let templates = &self.0.parts.templates;
        let Some(digest) = templates.in_force(template_type) else { return Ok(told) };
        let Some(entry) = templates.entry(&digest) else { return Ok(told) };
        let mut after = None;
        loop {
            let page = self.page(template_type, after).await?;
            let Some(last) = page.last().map(|job| job.id) else { break };
            for job in page.into_iter().filter(|job| job.template_digest.as_ref() != Some(&digest)) {
                let name = job.name.clone();
                let id = job.id;
                match self.move_job(&entry, job).await? {
                    Ok(()) => told.moved += 1,
                    Err(problems) if told.left.len() < MOST_NAMED => told.left.push(JobLeft { id, name, problems }),
                    Err(_) => {}
                }
            }
            after = Some(last);
        }
        self.move_hooks(&entry).await?;
        if told.moved > 0 {
            let left: Vec<String> = told.left.iter().map(|left| left.id.to_string()).collect();
            let facts = json!({ "digest": digest, "moved": told.moved, "left": left });
            self.record("template.jobs", template_type, by, facts).await?;
        }
        Ok(told)
    }

    /// `Err` in it: the job does not fit, and stays as it is.
    async fn move_job(&self, entry: &std::sync::Arc<Entry>, job: Job) -> Result<Result<(), Vec<Problem>>, DropInError> {
        let mut job = job;
        for _ in 0..MOST_TRIES {
            let parameters = match self.fits(entry, &job.parameters).await? {
                Ok(parameters) => parameters,
                Err(problems) => return Ok(Err(problems)),
            };
            let (id, seen) = (job.id, job.version);
            let moved = Job { parameters, template_digest: Some(entry.template.digest.clone()), ..job };
            match self.0.parts.scheduler.change(Change::Save { job: Box::new(moved), expected: Some(seen) }).await {
                Ok(_) | Err(ChangeError::NotFound) => return Ok(Ok(())),
                Err(ChangeError::Stale { .. }) => match self.0.parts.jobs.get(id).await? {
                    Some(edited) if edited.template_type == entry.template.metadata.name => job = edited,
                    _ => return Ok(Ok(())),
                },
                Err(ChangeError::Schedule(message)) => return Ok(Err(vec![problem(message)])),
                Err(ChangeError::Store(StoreError::Database(error))) => return Err(error.into()),
                Err(ChangeError::Store(StoreError::Stopping)) => {
                    return Err(AdmitError::Failed("the server is stopping".to_owned()).into());
                }
            }
        }
        Ok(Err(vec![problem("others keep changing it; it moves at the next start".to_owned())]))
    }

    /// The parameters with the schema's defaults, or what the schema or the component has against them.
    pub(super) async fn fits(
        &self,
        entry: &std::sync::Arc<Entry>,
        parameters: &serde_json::Value,
    ) -> Result<Result<serde_json::Value, Vec<Problem>>, DropInError> {
        let (parameters, mut problems) = match entry.clone().check(parameters.clone()).await {
            Ok(checked) => checked,
            Err(error) => return refused(error),
        };
        if problems.is_empty() {
            let components = &self.0.parts.templates.components;
            problems = match components.validate(&entry.template.digest, &parameters.to_string()).await {
                Ok(problems) => problems,
                Err(error) => return refused(error),
            };
        }
        Ok(if problems.is_empty() { Ok(parameters) } else { Err(problems) })
    }

    async fn page(&self, template_type: &str, after: Option<JobId>) -> Result<Vec<Job>, DropInError> {
        Ok(self.0.parts.jobs.of_template(template_type, after, PAGE).await?)
    }

    /// Jobs of a template, with their names; at most as many as an answer names.
    pub(super) async fn users(&self, template_type: &str) -> Result<Vec<(JobId, String)>, DropInError> {
        let jobs = self.0.parts.jobs.of_template(template_type, None, MOST_NAMED as u64).await?;
        Ok(jobs.into_iter().map(|job| (job.id, job.name)).collect())
    }

    /// At a start: jobs that a stop in the middle of a take-over has left behind move on.
    pub(super) async fn settle_jobs(&self) {
        for view in self.0.parts.templates.list().into_iter().filter(|view| view.stand.is_some()) {
            let (name, digest): (String, Digest) = (view.template.metadata.name, view.template.digest);
            if let Err(error) = self.move_jobs(&name, super::FOLDER).await {
                tracing::warn!(template = name, %digest, %error, "its jobs stay with the version that they run");
            }
        }
    }
}

fn refused<T>(error: AdmitError) -> Result<Result<T, Vec<Problem>>, DropInError> {
    match error {
        AdmitError::Refused(reason) => Ok(Err(vec![problem(reason)])),
        AdmitError::Failed(_) => Err(error.into()),
    }
}

/// One that is about the job as a whole.
fn problem(message: String) -> Problem {
    Problem { pointer: String::new(), code: "does_not_fit".to_owned(), message }
}
