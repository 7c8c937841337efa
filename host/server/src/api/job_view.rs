//! A job as JSON: what is shown, and what is asked for.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::job_policies::{HooksBody, MisfireBody, NotificationsBody, RetryBody, ScheduleBody, hooks, retry_policy};
use super::time::Time;
use super::words::{JobStatusWord, OnLostWord, OverlapWord, StatusWord};
use crate::model::Job;
use crate::model::job::JobStatus;
use crate::registry::Readiness;
use crate::repository::{DamagedJob, Mark};

/// A job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    #[schema(example = "65f1c0ffee65f1c0ffee65f1")]
    pub id: String,
    pub name: String,
    pub description: String,
    pub template_type: String,
    pub parameters: Value,
    pub schedule: ScheduleBody,
    pub enabled: bool,
    pub timeout_seconds: u32,
    pub retry_policy: RetryBody,
    pub notifications: NotificationsBody,
    pub created_by: String,
    pub created_at: Time,
    pub updated_at: Time,
    pub last_run_at: Option<Time>,
    pub next_run_at: Option<Time>,
    /// Grows with every edit; also the ETag.
    pub version: i64,
    pub tags: Vec<String>,
    #[schema(value_type = OverlapWord)]
    pub overlap_policy: Value,
    pub max_concurrent: u32,
    pub misfire: MisfireBody,
    pub priority: u8,
    /// Null: as the template says.
    #[schema(value_type = Option<OnLostWord>)]
    pub on_lost: Value,
    pub hooks: HooksBody,
    /// The component that it runs.
    pub template_digest: Option<String>,
    #[schema(value_type = JobStatusWord)]
    pub status: Value,
    /// Why it is blocked.
    pub status_reason: Option<String>,
    /// The schedule in words.
    #[schema(example = "At 08:00 every weekday, Europe/Berlin")]
    pub schedule_text: String,
    /// The newest executions, the newest first: in a list that was asked for them with `recent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_runs: Option<Vec<RunMark>>,
}

/// An execution in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunMark {
    pub id: String,
    #[schema(value_type = StatusWord)]
    pub status: &'static str,
    /// The nominal instant.
    pub scheduled_for: Time,
    pub started_at: Option<Time>,
    pub duration_seconds: Option<f64>,
}

impl From<&Mark> for RunMark {
    fn from(mark: &Mark) -> Self {
        Self {
            id: mark.execution.to_string(),
            status: mark.status.as_str(),
            scheduled_for: mark.scheduled_for.into(),
            started_at: mark.started_at.map(Time),
            duration_seconds: mark.duration_seconds,
        }
    }
}

impl JobView {
    pub(super) fn of(job: &Job, readiness: &Readiness) -> Self {
        let hindrance = readiness.reason().map(str::to_owned).or_else(|| job.schedule_fault());
        Self {
            id: job.id.to_string(),
            name: job.name.clone(),
            description: job.description.clone(),
            template_type: job.template_type.clone(),
            parameters: job.parameters.clone(),
            schedule: ScheduleBody::from(&job.schedule),
            enabled: job.enabled,
            timeout_seconds: job.timeout_seconds,
            retry_policy: retry_policy(job),
            notifications: NotificationsBody {
                on_success: job.notifications.on_success.clone(),
                on_failure: job.notifications.on_failure.clone(),
            },
            created_by: job.created_by.clone(),
            created_at: job.created_at.into(),
            updated_at: job.updated_at.into(),
            last_run_at: job.last_run_at.map(Time),
            next_run_at: job.next_run_at.map(Time),
            version: job.version,
            tags: job.tags.clone(),
            overlap_policy: json!(job.overlap_policy),
            max_concurrent: job.max_concurrent,
            misfire: MisfireBody { policy: json!(job.misfire.policy), window_seconds: job.misfire.window_seconds },
            priority: job.priority,
            on_lost: json!(job.on_lost),
            hooks: hooks(job),
            template_digest: job.template_digest.as_ref().map(ToString::to_string),
            status: json!(job.status(hindrance.is_some())),
            status_reason: hindrance.filter(|_| job.enabled),
            schedule_text: job.schedule.describe(),
            recent_runs: None,
        }
    }
}

impl JobView {
    /// As far as it can be read.
    pub(super) fn damaged(damaged: &DamagedJob) -> Self {
        Self {
            next_run_at: None,
            status: json!(JobStatus::Blocked),
            status_reason: Some(damaged.reason()),
            ..Self::of(&damaged.job, &Readiness::Missing(String::new()))
        }
    }
}

/// One page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    pub jobs: Vec<JobView>,
    /// On all pages.
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// A new job. A change (PUT) names any of these fields; null resets one to its default. Fields that are only shown
/// are taken and ignored.
#[expect(dead_code, reason = "documents the request, which is read field by field to tell every problem at once")]
#[derive(ToSchema)]
pub struct JobRequest {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(max_length = 10000)]
    description: Option<String>,
    #[schema(example = "database_cleanup")]
    template_type: String,
    /// As the template's schema says; its defaults are filled in.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    schedule: ScheduleBody,
    #[schema(default = true)]
    enabled: Option<bool>,
    #[schema(default = 300, minimum = 1, maximum = 604800)]
    timeout_seconds: Option<u32>,
    retry_policy: Option<RetryBody>,
    notifications: Option<NotificationsBody>,
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    #[schema(default = "skip", value_type = Option<OverlapWord>)]
    overlap_policy: Option<String>,
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    max_concurrent: Option<u32>,
    misfire: Option<MisfireBody>,
    #[schema(default = 5, maximum = 9)]
    priority: Option<u8>,
    /// Null: as the template says.
    #[schema(value_type = Option<OnLostWord>)]
    on_lost: Option<String>,
    hooks: Option<HooksBody>,
    /// Only when it is created: start one run at once.
    #[schema(default = false)]
    run_now: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::scene::{cron, job};

    #[test]
    fn a_job_whose_stored_schedule_cannot_be_used_is_blocked_and_says_why() {
        let ready = Readiness::Ready(crate::model::Digest("00".into()));
        let unusable = Job { schedule: cron("61 * * * *", "UTC"), ..job() };
        let view = JobView::of(&unusable, &ready);
        assert_eq!(view.status, "blocked");
        let reason = view.status_reason.unwrap();
        assert!(reason.contains("the stored schedule cannot be used") && reason.contains("61"), "{reason}");
        let view = JobView::of(&Job { enabled: false, ..unusable }, &ready);
        assert_eq!((view.status, view.status_reason), (json!("disabled"), None));
    }
}
