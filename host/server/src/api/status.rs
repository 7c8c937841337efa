//! The whole at a glance.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::Duration;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::query::NoQuery;
use super::state::{ApiState, Shared};
use super::time::Time;
use super::words::HealthWord;
use crate::repository::{JobFilter, Totals};

/// Jobs shown as next.
const NEXT_RUNS: u64 = 10;

/// The scheduler at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    pub now: Time,
    pub total_jobs: u64,
    /// Enabled.
    pub active_jobs: u64,
    pub disabled_jobs: u64,
    /// Runs on this host now.
    pub running: usize,
    /// Due, and waiting for a slot on this host.
    pub queued: usize,
    pub slots: usize,
    /// Executions in the history.
    pub total_executions: u64,
    /// Successes among the runs of 24 hours, 0 to 1; null without a run.
    pub success_rate: Option<f64>,
    /// The last 24 hours.
    pub last_24h: PeriodView,
    pub next_runs: Vec<NextRun>,
    /// The last 24 hours, by template.
    pub templates: BTreeMap<String, PeriodView>,
    pub hosts: Vec<HostView>,
}

/// Sums over a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub struct PeriodView {
    /// Ends by status.
    pub runs: BTreeMap<String, u64>,
    pub success_rate: Option<f64>,
    pub duration_seconds: f64,
    pub records_processed: u64,
    pub records_affected: u64,
}

/// A job that is due soon.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextRun {
    pub job_id: String,
    pub job_name: String,
    pub template_type: String,
    pub next_run_at: Option<Time>,
}

/// A host and how it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Host)]
pub struct HostView {
    pub name: String,
    #[schema(value_type = HealthWord)]
    pub health: &'static str,
    pub slots: usize,
    pub running: usize,
    pub queued: usize,
}

impl From<&Totals> for PeriodView {
    fn from(totals: &Totals) -> Self {
        Self {
            runs: totals.runs.iter().map(|(status, number)| ((*status).to_owned(), *number)).collect(),
            success_rate: totals.success_rate(),
            duration_seconds: totals.duration_seconds,
            records_processed: totals.records_processed,
            records_affected: totals.records_affected,
        }
    }
}

impl ApiState {
    /// Types that jobs name and that cannot run now.
    pub(super) async fn blocked_types(&self) -> Result<Vec<String>, ApiError> {
        let named = self.stored_jobs.template_types().await?;
        Ok(named.into_iter().filter(|named| !self.templates.readiness(named, None).is_ready()).collect())
    }
}

/// The scheduler at a glance: counts, rates, what is next, hosts.
#[utoipa::path(get, path = "/api/admin/scheduler/status", tag = "scheduler", responses((status = 200, body = StatusView)))]
pub(super) async fn read(State(api): State<Shared>, _: NoQuery) -> Result<Json<StatusView>, ApiError> {
    let now = api.clock.now();
    let count =
        async |enabled| api.stored_jobs.count(&JobFilter { enabled: Some(enabled), ..JobFilter::default() }).await;
    let (active_jobs, disabled_jobs) = (count(true).await?, count(false).await?);
    let ended = api.counters.all_time(None, None).await?;
    let day = api.counters.since(now - Duration::days(1), None, None).await?;
    let by_template = api.counters.by_template(now - Duration::days(1)).await?;
    let next = api.stored_jobs.next_runs(NEXT_RUNS).await?;
    let load = (api.load)();
    let health = if api.stopping.is_cancelled() { "stopping" } else { "healthy" };
    Ok(Json(StatusView {
        now: now.into(),
        total_jobs: active_jobs + disabled_jobs,
        active_jobs,
        disabled_jobs,
        running: load.running,
        queued: load.queued,
        slots: load.slots,
        total_executions: ended.ended(),
        success_rate: day.success_rate(),
        last_24h: PeriodView::from(&day),
        next_runs: next
            .into_iter()
            .map(|job| NextRun {
                job_id: job.id.to_string(),
                job_name: job.name,
                template_type: job.template_type,
                next_run_at: job.next_run_at.map(Time),
            })
            .collect(),
        templates: by_template.iter().map(|(name, totals)| (name.clone(), PeriodView::from(totals))).collect(),
        hosts: vec![HostView {
            name: api.host.clone(),
            health,
            slots: load.slots,
            running: load.running,
            queued: load.queued,
        }],
    }))
}
