//! Jobs as people make and change them: read strictly, checked whole, then handed to the planner.
//!
//! Every problem is reported at once with its pointer; nothing is stored that has one.

mod damaged;
mod definition;
mod policies;
mod run;
mod schedule;

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::{Fields, Problems};
use super::templates::{AdmitError, Templates};
use crate::model::audit::ChangeRecord;
use crate::model::job::Hook;
use crate::model::template::Problem;
use crate::model::{Clock, Job, JobId};
use crate::repository;
use crate::repository::DamagedJob;
use crate::repository::audit::Audit;
use crate::scheduler::{Change, ChangeError, ManualRun, Scheduler, StoreError, TriggerError};

pub use run::RunRequest;
pub use schedule::read as read_schedule;

/// An edit without a version is laid over what stands there; this often, when others do the same.
const MOST_TRIES: usize = 5;

/// What people call the fields of a job.
const OTHERWISE: [(&str, &str); 10] = [
    ("cron", "it belongs into the schedule: \"schedule\": {\"type\": \"cron\", \"expression\": \"0 8 * * *\"}"),
    ("expression", "it belongs into the schedule: \"schedule\": {\"type\": \"cron\", \"expression\": \"0 8 * * *\"}"),
    (
        "cron_expression",
        "it belongs into the schedule: \"schedule\": {\"type\": \"cron\", \"expression\": \"0 8 * * *\"}",
    ),
    ("interval", "it belongs into the schedule: \"schedule\": {\"type\": \"interval\", \"interval_seconds\": 3600}"),
    (
        "interval_seconds",
        "it belongs into the schedule: \"schedule\": {\"type\": \"interval\", \"interval_seconds\": 3600}",
    ),
    (
        "run_at",
        "it belongs into the schedule: \"schedule\": {\"type\": \"once\", \"run_at\": \"2027-01-31T08:00:00Z\"}",
    ),
    ("timezone", "it belongs into the schedule: \"schedule\": {…, \"timezone\": \"Europe/Berlin\"}"),
    ("params", "did you mean `parameters`?"),
    ("template", "did you mean `template_type`?"),
    ("type", "did you mean `template_type`?"),
];

/// Why a job was not stored, changed or run. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JobError {
    /// What was given is not right; each problem has its pointer.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
    #[error("there is no such job")]
    NotFound,
    /// Somebody damaged its document.
    #[error("the job cannot be read")]
    Unreadable(Box<DamagedJob>),
    #[error("the job is at version {actual} by now, not {expected}")]
    Stale { expected: i64, actual: i64 },
    /// Others keep changing the job at the same time.
    #[error("the job is being changed by others at this moment")]
    Contended,
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Template(#[from] AdmitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sandglass_database::Error> for JobError {
    fn from(error: sandglass_database::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

impl From<ChangeError> for JobError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::NotFound,
            ChangeError::Stale { expected, actual } => Self::Stale { expected, actual },
            ChangeError::Schedule(message) => {
                Self::Invalid(vec![Problem { pointer: "/schedule".into(), code: "invalid_schedule".into(), message }])
            }
            ChangeError::Store(error) => Self::Store(error),
        }
    }
}

/// Creates, changes and runs jobs. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    scheduler: Scheduler,
    templates: Arc<Templates>,
    stored: repository::Jobs,
    audit: Audit,
    clock: Arc<dyn Clock>,
}

impl Jobs {
    pub fn new(
        scheduler: Scheduler,
        templates: Arc<Templates>,
        stored: repository::Jobs,
        audit: Audit,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { scheduler, templates, stored, audit, clock }
    }

    /// Checks a new job and stores it. With `run_now: true` one manual run starts at once. `id`: the one that a repeated
    /// request must have too, so that it cannot create a second job.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn create(&self, body: &Value, id: Option<JobId>, by: &str) -> Result<Job, JobError> {
        let (mut job, run_now) = self.checked_new(body, by).await?;
        if let Some(id) = id {
            job.id = id;
            job.shard = Job::shard_of(id);
            if let Some(earlier) = self.stored.get(id).await? {
                return Ok(earlier);
            }
        }
        let job = self.scheduler.change(Change::Create(Box::new(job))).await?;
        self.note("job.create", job.id, by, json!({ "name": job.name, "version": job.version })).await;
        if run_now {
            self.scheduler.trigger(ManualRun::plain(job.id, by)).await?;
        }
        Ok(job)
    }

    /// The job as it would be stored, with the defaults of the schema.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn validate(&self, body: &Value, by: &str) -> Result<Job, JobError> {
        Ok(self.checked_new(body, by).await?.0)
    }

    /// Changes the top-level fields that the body names; null resets a field to its default. `expected` is the version
    /// that the editor saw.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn change(&self, id: JobId, body: &Value, expected: Option<i64>, by: &str) -> Result<Job, JobError> {
        for _ in 0..MOST_TRIES {
            let stored = match self.stored.damaged(id).await? {
                Some(damaged) => self.repaired(damaged, body, expected, by).await?,
                None => self.stored.get(id).await?.ok_or(JobError::NotFound)?,
            };
            if let Some(expected) = expected.filter(|expected| *expected != stored.version) {
                return Err(JobError::Stale { expected, actual: stored.version });
            }
            // The version that was read: between it and the store somebody else may be quicker.
            let seen = stored.version;
            let (job, _) = self.checked(body, stored, definition::Kind::Change).await?;
            match self.scheduler.change(Change::Save { job: Box::new(job), expected: Some(seen) }).await {
                Ok(job) => {
                    let fields: Vec<&String> = body.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
                    self.note("job.change", id, by, json!({ "fields": fields, "version": job.version })).await;
                    return Ok(job);
                }
                Err(ChangeError::Stale { actual, .. }) if expected.is_none() => {
                    tracing::debug!(%id, seen, actual, "an edit without a version met another one");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(JobError::Contended)
    }

    /// # Errors
    /// As [`JobError`] says.
    pub async fn enable(&self, id: JobId, enabled: bool, by: &str) -> Result<Job, JobError> {
        let changed = self.scheduler.change(Change::Enable { job: id, enabled }).await;
        let job = self.explained(id, changed).await?;
        let action = if enabled { "job.enable" } else { "job.disable" };
        self.note(action, id, by, json!({ "version": job.version })).await;
        Ok(job)
    }

    /// # Errors
    /// As [`JobError`] says.
    pub async fn delete(&self, id: JobId, expected: Option<i64>, by: &str) -> Result<Job, JobError> {
        if let Some(damaged) = self.stored.damaged(id).await? {
            self.neutralised(&damaged).await?;
        }
        let job = self.scheduler.change(Change::Delete { job: id, expected }).await?;
        self.note("job.delete", id, by, json!({ "name": job.name })).await;
        Ok(job)
    }

    /// Takes a deletion back while that is possible.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn restore(&self, id: JobId, by: &str) -> Result<Job, JobError> {
        let changed = self.scheduler.change(Change::Restore { job: id }).await;
        let job = self.explained(id, changed).await?;
        self.note("job.restore", id, by, json!({ "name": job.name })).await;
        Ok(job)
    }

    /// The change is stored already: that its record is not must be seen, but undoes nothing.
    async fn note(&self, action: &str, subject: JobId, by: &str, details: Value) {
        let record = ChangeRecord {
            at: self.clock.now(),
            actor: by.to_owned(),
            action: action.to_owned(),
            subject: subject.to_string(),
            details,
        };
        if let Err(error) = self.audit.change(record).await {
            tracing::error!(%error, action, %subject, "the audit record of a change could not be stored");
        }
    }

    async fn checked_new(&self, body: &Value, by: &str) -> Result<(Job, bool), JobError> {
        let blank = definition::blank(by, self.clock.now());
        self.checked(body, blank, definition::Kind::New).await
    }

    /// The job with the body laid over it, whole and right.
    async fn checked(&self, body: &Value, base: Job, kind: definition::Kind) -> Result<(Job, bool), JobError> {
        let mut problems = Problems::default();
        let before = (base.template_type.clone(), base.parameters.clone());
        let (schedule_before, hooks_before) = (base.schedule.clone(), base.hooks.clone());
        let Some(mut fields) = Fields::of(body, "", &mut problems) else {
            return Err(JobError::Invalid(problems.into_vec()));
        };
        let mut job = base;
        let run_now = definition::read(&mut fields, &mut job, kind, &mut problems);
        fields.finish_knowing(&OTHERWISE, &mut problems);
        job.updated_at = self.clock.now();
        if kind == definition::Kind::Change && job.schedule != schedule_before {
            self.check_future(&job, &mut problems);
        }
        if job.hooks != hooks_before {
            self.check_hooks(&mut job, &mut problems).await?;
        }
        let is_new_choice =
            kind == definition::Kind::New || before != (job.template_type.clone(), job.parameters.clone());
        if is_new_choice && !job.template_type.is_empty() {
            if before.0 != job.template_type {
                job.template_digest = None;
            }
            self.check_parameters(&mut job, &mut problems).await?;
        }
        if problems.is_empty() { Ok((job, run_now)) } else { Err(JobError::Invalid(problems.into_vec())) }
    }

    async fn check_parameters(&self, job: &mut Job, problems: &mut Problems) -> Result<(), JobError> {
        if !job.parameters.is_object() {
            return Ok(());
        }
        let kept = job.template_digest.as_ref();
        let mut checked = self.templates.check(&job.template_type, kept, job.parameters.clone()).await?;
        if kept.is_some() && self.templates.in_force(&job.template_type).as_ref() != kept {
            // A job that stayed with an earlier version moves on once its parameters fit the one in force.
            let today = self.templates.check(&job.template_type, None, job.parameters.clone()).await?;
            let is_kept_wrong = checked.as_ref().is_none_or(|checked| !checked.problems.is_empty());
            if today.as_ref().is_some_and(|today| is_kept_wrong || today.problems.is_empty()) {
                checked = today;
            }
        }
        match checked {
            None => problems.add("/template_type", "unknown_template", self.no_such_template(&job.template_type)),
            Some(checked) => {
                problems.extend(under("/parameters", checked.problems));
                job.parameters = checked.parameters;
                job.template_digest = Some(checked.digest);
            }
        }
        Ok(())
    }

    /// A new schedule has to have something to come (T6); that the job has run before does not count.
    fn check_future(&self, job: &Job, problems: &mut Problems) {
        let now = self.clock.now();
        if job.schedule.compile(job.created_at).is_ok_and(|timetable| timetable.next(now).is_none()) {
            problems.add("/schedule", "never_due", "nothing of this schedule is still to come; choose a later time");
        }
    }

    /// Templates of hooks get their parameters checked as a job's are.
    async fn check_hooks(&self, job: &mut Job, problems: &mut Problems) -> Result<(), JobError> {
        for (list, hooks) in [("pre", &mut job.hooks.pre), ("post", &mut job.hooks.post)] {
            for (place, hook) in hooks.iter_mut().enumerate() {
                let Hook::Template { template, parameters } = hook else { continue };
                let pointer = format!("/hooks/{list}/{place}");
                match self.templates.check(template, None, parameters.clone()).await? {
                    None => {
                        problems.add(
                            format!("{pointer}/template"),
                            "unknown_template",
                            self.no_such_template(template),
                        );
                    }
                    Some(checked) => {
                        problems.extend(under(&format!("{pointer}/parameters"), checked.problems));
                        *parameters = checked.parameters;
                    }
                }
            }
        }
        Ok(())
    }

    fn no_such_template(&self, named: &str) -> String {
        let types = self.templates.types();
        format!("there is no template {}; there are {}", super::fields::shown(named), types.join(", "))
    }
}

/// Problems whose pointers begin at `pointer`.
fn under(pointer: &str, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |problem| Problem { pointer: format!("{pointer}{}", problem.pointer), ..problem })
}
