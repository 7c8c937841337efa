//! Hooks of jobs that run a template: they run whichever version is in force, so a version must fit them too before it
//! takes over without a person's word.

use std::sync::Arc;

use super::jobs::{MOST_NAMED, MOST_TRIES, PAGE};
use super::{DropIn, DropInError, JobLeft};
use crate::model::Job;
use crate::model::job::Hook;
use crate::model::template::Problem;
use crate::registry::templates::{AdmitError, Entry};
use crate::scheduler::{Change, ChangeError, StoreError};

impl DropIn {
    /// Adds jobs with a hook that an examined component would not run; at most as many as an answer names.
    pub(super) async fn misfit_hooks(&self, entry: &Arc<Entry>, misfits: &mut Vec<JobLeft>) -> Result<(), DropInError> {
        let template_type = entry.template.metadata.name.as_str();
        let mut after = None;
        loop {
            let page = self.0.parts.jobs.with_hook(template_type, after, PAGE).await?;
            let Some(last) = page.last().map(|job| job.id) else { return Ok(()) };
            for mut job in page {
                if misfits.len() >= MOST_NAMED {
                    return Ok(());
                }
                if let Err(problems) = self.fill_hooks(entry, &mut job).await? {
                    misfits.push(JobLeft { id: job.id, name: job.name, problems });
                }
            }
            after = Some(last);
        }
    }

    /// Gives hooks the defaults of the version in force, as a job gets them when it moves. A hook that does not fit stays
    /// as it is: whoever let the version take over was told of it.
    pub(super) async fn move_hooks(&self, entry: &Arc<Entry>) -> Result<(), DropInError> {
        let template_type = entry.template.metadata.name.as_str();
        let mut after = None;
        loop {
            let page = self.0.parts.jobs.with_hook(template_type, after, PAGE).await?;
            let Some(last) = page.last().map(|job| job.id) else { return Ok(()) };
            for job in page {
                self.move_hooks_of(entry, job).await?;
            }
            after = Some(last);
        }
    }

    async fn move_hooks_of(&self, entry: &Arc<Entry>, job: Job) -> Result<(), DropInError> {
        let mut job = job;
        for _ in 0..MOST_TRIES {
            let mut filled = job.clone();
            if self.fill_hooks(entry, &mut filled).await?.is_err() || filled.hooks == job.hooks {
                return Ok(());
            }
            let (id, seen) = (job.id, job.version);
            match self.0.parts.scheduler.change(Change::Save { job: Box::new(filled), expected: Some(seen) }).await {
                Ok(_) | Err(ChangeError::NotFound | ChangeError::Schedule(_)) => return Ok(()),
                Err(ChangeError::Stale { .. }) => match self.0.parts.jobs.get(id).await? {
                    Some(edited) => job = edited,
                    None => return Ok(()),
                },
                Err(ChangeError::Store(StoreError::Database(error))) => return Err(error.into()),
                Err(ChangeError::Store(StoreError::Stopping)) => {
                    return Err(AdmitError::Failed("the server is stopping".to_owned()).into());
                }
            }
        }
        // Whoever keeps changing it has its hooks checked against the version in force.
        Ok(())
    }

    /// Puts the schema's defaults into the parameters of the hooks that run this template, or says what the schema or the
    /// component has against them.
    async fn fill_hooks(&self, entry: &Arc<Entry>, job: &mut Job) -> Result<Result<(), Vec<Problem>>, DropInError> {
        let mut found = Vec::new();
        for (list, hooks) in [("pre", &mut job.hooks.pre), ("post", &mut job.hooks.post)] {
            for (place, hook) in hooks.iter_mut().enumerate() {
                let Hook::Template { template, parameters } = hook else { continue };
                if *template != entry.template.metadata.name {
                    continue;
                }
                match self.fits(entry, parameters).await? {
                    Ok(filled) => *parameters = filled,
                    Err(problems) => found.extend(problems.into_iter().map(|problem| Problem {
                        pointer: format!("/hooks/{list}/{place}/parameters{}", problem.pointer),
                        message: format!("its {list}-hook: {}", problem.message),
                        ..problem
                    })),
                }
            }
        }
        Ok(if found.is_empty() { Ok(()) } else { Err(found) })
    }
}
