//! A job made ready for firing: what is needed at every occurrence, worked out once for each version.

use std::sync::Arc;

use sandglass_schedule::Timetable;

use super::executions_claim::Parameters;
use crate::model::Job;

/// One version of a job with its compiled timetable and its parameters in the forms that a run needs.
#[derive(Clone)]
pub struct Definition {
    pub job: Job,
    /// `Err`: the stored schedule is refused (it comes from elsewhere), in words.
    pub timetable: Result<Timetable, String>,
    pub parameters: Arc<Parameters>,
}

impl Definition {
    pub fn of(job: Job) -> Self {
        let timetable = job
            .schedule
            .compile(job.created_at)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        let parameters = Arc::new(Parameters::of(&job.parameters));
        Self { job, timetable, parameters }
    }

    /// The timetable of a job that is enabled, not deleted and can be read.
    pub fn active_timetable(&self) -> Option<&Timetable> {
        if !self.job.enabled || self.job.deleted_at.is_some() {
            return None;
        }
        self.timetable.as_ref().ok()
    }
}
