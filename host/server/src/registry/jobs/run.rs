//! Manual runs and reruns (T4b).

use serde_json::{Value, json};

use super::{Fields, JobError, Jobs, Problems, under};
use crate::model::{Execution, ExecutionId, JobId, Trigger};
use crate::registry::fields::wrong_type;
use crate::scheduler::ManualRun;

/// The body of a manual run: both fields may be left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunRequest {
    /// Instead of the job's own.
    pub parameters: Option<Value>,
    /// Past the overlap policy.
    pub force: bool,
}

impl ManualRun {
    /// With the job's own parameters, under its overlap policy.
    pub fn plain(job: JobId, by: &str) -> Self {
        Self {
            job,
            trigger: Trigger::Manual,
            parameters: None,
            force: false,
            triggered_by: by.to_owned(),
            rerun_of: None,
            id: None,
        }
    }
}

impl RunRequest {
    /// # Errors
    /// [`JobError::Invalid`] with every problem of the body.
    pub fn read(body: &Value) -> Result<Self, JobError> {
        let mut problems = Problems::default();
        let mut request = Self::default();
        if let Some(mut fields) = Fields::of(body, "", &mut problems) {
            request.force = fields.boolean("force", &mut problems).unwrap_or(false);
            request.parameters = fields.value("parameters").cloned();
            fields.finish(&mut problems);
        }
        if problems.is_empty() { Ok(request) } else { Err(JobError::Invalid(problems.into_vec())) }
    }
}

impl Jobs {
    /// Starts one run now. `execution`: the id that a repeated request must have too, so that it finds the run that it
    /// has started already.
    ///
    /// # Errors
    /// As [`JobError`] says; a run that the overlap policy refuses is stored nowhere.
    pub async fn run(
        &self,
        id: JobId,
        request: RunRequest,
        execution: Option<ExecutionId>,
        by: &str,
    ) -> Result<Execution, JobError> {
        let parameters = match request.parameters {
            None => None,
            Some(parameters) => Some(self.checked_override(id, parameters).await?),
        };
        let run = ManualRun { parameters, force: request.force, id: execution, ..ManualRun::plain(id, by) };
        let started = self.scheduler.trigger(run).await;
        let execution = self.explained(id, started).await?;
        self.note("job.run", id, by, json!({ "execution": execution.id, "force": request.force })).await;
        Ok(execution)
    }

    /// Runs an ended execution's job again, with the parameters as they were and today's digest.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn rerun(&self, earlier: &Execution, by: &str) -> Result<Execution, JobError> {
        let run = ManualRun {
            trigger: Trigger::Rerun,
            parameters: Some(earlier.parameters.clone()),
            rerun_of: Some(earlier.id),
            ..ManualRun::plain(earlier.job_id, by)
        };
        let started = self.scheduler.trigger(run).await;
        let execution = self.explained(earlier.job_id, started).await?;
        let details = json!({ "execution": execution.id, "rerun_of": earlier.id });
        self.note("job.run", earlier.job_id, by, details).await;
        Ok(execution)
    }

    /// The given parameters laid over the job's own, one by one; null gives a parameter back to its default.
    async fn checked_override(&self, id: JobId, given: Value) -> Result<Value, JobError> {
        let stored = self.stored.get(id).await.map_err(JobError::from);
        let job = self.explained(id, stored).await?.ok_or(JobError::NotFound)?;
        let Value::Object(given) = given else {
            let mut problems = Problems::default();
            wrong_type(&mut problems, "/parameters", "an object", &given);
            return Err(JobError::Invalid(problems.into_vec()));
        };
        let mut parameters = job.parameters.as_object().cloned().unwrap_or_default();
        for (name, value) in given {
            if value.is_null() {
                parameters.shift_remove(&name);
            } else {
                parameters.insert(name, value);
            }
        }
        let parameters = Value::Object(parameters);
        let checked =
            self.templates.check(&job.template_type, job.template_digest.as_ref(), parameters.clone()).await?;
        match checked {
            // The planner says why a job without its template does not run.
            None => Ok(parameters),
            Some(checked) if checked.problems.is_empty() => Ok(checked.parameters),
            Some(checked) => Err(JobError::Invalid(under("/parameters", checked.problems).collect())),
        }
    }
}
