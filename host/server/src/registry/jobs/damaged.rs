//! Jobs whose document somebody damaged: who asks for one is told what was found; an edit that gives the damaged fields
//! mends it, and it can be deleted.

use serde_json::Value;

use super::{JobError, Jobs, definition};
use crate::model::template::Problem;
use crate::model::{Job, JobId};
use crate::repository::DamagedJob;

impl Jobs {
    /// Says of a job that seems not to be there, or cannot be read, what is wrong with its document.
    pub(super) async fn explained<T, E: Into<JobError>>(
        &self,
        id: JobId,
        outcome: Result<T, E>,
    ) -> Result<T, JobError> {
        let Err(error) = outcome else { return outcome.map_err(Into::into) };
        Err(self.explain(id, error.into()).await)
    }

    /// As an answer to a read that failed.
    pub async fn explain(&self, id: JobId, error: JobError) -> JobError {
        match self.stored.damaged(id).await {
            Ok(Some(damaged)) => JobError::Unreadable(Box::new(damaged)),
            Ok(None) | Err(_) => error,
        }
    }

    /// Writes what the body gives over what cannot be read; the edit itself follows. Nothing is written unless the
    /// whole body is right.
    ///
    /// # Errors
    /// [`JobError::Invalid`] when a damaged field is not given, and as [`JobError`] says.
    pub(super) async fn repaired(
        &self,
        damaged: DamagedJob,
        body: &Value,
        expected: Option<i64>,
        by: &str,
    ) -> Result<Job, JobError> {
        let seen = damaged.job.version;
        if let Some(expected) = expected.filter(|expected| *expected != seen) {
            return Err(JobError::Stale { expected, actual: seen });
        }
        if damaged.job.deleted_at.is_some() {
            return Err(JobError::NotFound);
        }
        let missing: Vec<Problem> = damaged
            .faults
            .iter()
            .filter(|fault| fault.has_to_be_given() && body.get(&fault.field).is_none())
            .map(|fault| Problem {
                pointer: format!("/{}", fault.field),
                code: "unreadable".into(),
                message: format!("the stored {}; give it anew", fault.reason),
            })
            .collect();
        if !missing.is_empty() {
            return Err(JobError::Invalid(missing));
        }
        let (job, _) = self.checked(body, damaged.job.clone(), definition::Kind::Change).await?;
        self.written(&damaged, job, by).await
    }

    /// Makes a damaged job one that can be deleted like any other: until it is, it does nothing.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub(super) async fn neutralised(&self, damaged: &DamagedJob) -> Result<(), JobError> {
        let mut job = damaged.job.clone();
        job.next_run_at = None;
        job.deleted_at = None;
        if self.stored.mend(damaged, &job).await? { Ok(()) } else { Err(JobError::Contended) }
    }

    async fn written(&self, damaged: &DamagedJob, job: Job, by: &str) -> Result<Job, JobError> {
        let mended = Job { next_run_at: None, version: damaged.job.version, ..job };
        if !self.stored.mend(damaged, &mended).await? {
            return Err(JobError::Contended);
        }
        let fields: Vec<&str> = damaged.faults.iter().map(|fault| fault.field.as_str()).collect();
        self.note("job.mend", mended.id, by, serde_json::json!({ "fields": fields })).await;
        self.stored.get(mended.id).await?.ok_or(JobError::NotFound)
    }
}
