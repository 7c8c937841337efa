//! The parts of a job as JSON: the customer's names, with what is added to them.

use std::collections::BTreeMap;

use sandglass_schedule::Schedule;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::time::Time;
use super::words::{BackoffWord, FoldWord, GapWord, MisfireWord, ScheduleTypeWord};
use crate::model::Job;
use crate::model::job::Hook;

/// When a job is due. Which fields count depends on `type`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleBody {
    #[serde(rename = "type")]
    #[schema(example = "cron", value_type = ScheduleTypeWord)]
    pub kind: Value,
    /// Interval only: seconds from one run to the next, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub interval_seconds: Option<u64>,
    /// Cron only: five fields or a macro.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "0 8 * * *")]
    pub expression: Option<String>,
    /// IANA name; UTC if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub timezone: Option<String>,
    /// Once only: the instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Time>,
    /// Nothing is due earlier; the phase of an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Time>,
    /// Nothing is due later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Time>,
    /// Cron only: seconds within the minute; `0` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<String>,
    /// Cron only: what happens when the clocks change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst: Option<DstBody>,
}

/// What a job at a fixed time does when the clocks change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Dst)]
pub struct DstBody {
    /// A time that the clock jumps over.
    #[schema(value_type = GapWord)]
    pub gap: Value,
    /// A time that the clock shows twice.
    #[schema(value_type = FoldWord)]
    pub fold: Value,
}

/// How often and how far apart a failed run is tried again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RetryPolicy)]
pub struct RetryBody {
    #[schema(default = 0, maximum = 100)]
    pub max_retries: u32,
    #[schema(default = 60, maximum = 86400)]
    pub retry_delay_seconds: u32,
    #[schema(default = "fixed", value_type = BackoffWord)]
    pub backoff: Value,
    pub max_delay_seconds: Option<u32>,
    /// Spreads each delay over half of itself.
    #[schema(default = false)]
    pub jitter: bool,
}

/// E-mail addresses or web addresses that hear of the end.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Notifications)]
pub struct NotificationsBody {
    pub on_success: Vec<String>,
    pub on_failure: Vec<String>,
}

/// What happens with instants that were missed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Misfire)]
pub struct MisfireBody {
    #[schema(default = "latest", value_type = MisfireWord)]
    pub policy: Value,
    #[schema(default = 3600)]
    pub window_seconds: u32,
}

/// What runs before an attempt and after the end.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Hooks)]
pub struct HooksBody {
    pub pre: Vec<HookBody>,
    pub post: Vec<HookBody>,
}

/// A request, or a template with parameters of its own.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Hook)]
pub struct HookBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HookRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

/// The request of a hook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HookRequest {
    pub url: String,
    #[schema(default = "POST")]
    pub method: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
}

impl From<&Schedule> for ScheduleBody {
    fn from(schedule: &Schedule) -> Self {
        Self {
            kind: json!(schedule.kind),
            interval_seconds: schedule.interval_seconds,
            expression: schedule.expression.clone(),
            timezone: schedule.timezone.clone(),
            run_at: schedule.run_at.map(Time),
            start_at: schedule.start_at.map(Time),
            end_at: schedule.end_at.map(Time),
            seconds: schedule.seconds.clone(),
            dst: schedule.dst.map(|dst| DstBody { gap: json!(dst.gap), fold: json!(dst.fold) }),
        }
    }
}

pub(super) fn retry_policy(job: &Job) -> RetryBody {
    let policy = &job.retry_policy;
    RetryBody {
        max_retries: policy.max_retries,
        retry_delay_seconds: policy.retry_delay_seconds,
        backoff: json!(policy.backoff),
        max_delay_seconds: policy.max_delay_seconds,
        jitter: policy.jitter,
    }
}

pub(super) fn hooks(job: &Job) -> HooksBody {
    let list = |hooks: &[Hook]| hooks.iter().map(hook).collect();
    HooksBody { pre: list(&job.hooks.pre), post: list(&job.hooks.post) }
}

fn hook(hook: &Hook) -> HookBody {
    match hook {
        Hook::Http { http } => HookBody {
            http: Some(HookRequest {
                url: http.url.clone(),
                method: http.method.clone(),
                headers: http.headers.clone(),
                body: http.body.clone(),
            }),
            template: None,
            parameters: None,
        },
        Hook::Template { template, parameters } => {
            HookBody { http: None, template: Some(template.clone()), parameters: Some(parameters.clone()) }
        }
    }
}
