//! Figures for Prometheus. Never a job's id as a label: their number has no bound.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::IntoResponse;
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::error::ApiError;
use super::query::NoQuery;
use super::state::Shared;
use crate::model::Status;
use crate::repository::JobFilter;

type Labels = Vec<(&'static str, String)>;

/// Everything that is measured; other rooms register their own figures in the registry before it gets here.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<Labels, Counter>,
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    executions: Family<Labels, Gauge>,
    jobs: Family<Labels, Gauge>,
    load: Family<Labels, Gauge>,
    success_rate: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub fn new(mut registry: Registry) -> Self {
        let requests = Family::default();
        let durations: Family<Labels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 3.0, 10)));
        let (executions, jobs, load) = (Family::default(), Family::default(), Family::default());
        let success_rate = Gauge::default();
        registry.register("sandglass_http_requests", "Requests answered", requests.clone());
        registry.register("sandglass_http_request_duration_seconds", "Time to the answer", durations.clone());
        registry.register(
            "sandglass_executions_ended",
            "Executions in the history, by final status",
            executions.clone(),
        );
        registry.register("sandglass_jobs", "Jobs, enabled or not", jobs.clone());
        registry.register("sandglass_runs", "Runs of this host now: slots, running, queued, waiting", load.clone());
        registry.register("sandglass_success_rate_24h", "Successes among the runs of 24 hours", success_rate.clone());
        let registry = Arc::new(Mutex::new(registry));
        Self { registry, requests, durations, executions, jobs, load, success_rate }
    }

    pub(super) fn request(&self, method: &Method, route: &str, status: StatusCode, duration: Duration) {
        // Methods that no route takes are many, and a caller makes them up.
        let known = matches!(*method, Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE);
        let method = if known { method.as_str() } else { "other" };
        let class = format!("{}xx", status.as_u16() / 100);
        let route = ("route", route.to_owned());
        let labels = vec![("method", method.to_owned()), route.clone(), ("status", class)];
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&vec![route]).observe(duration.as_secs_f64());
    }

    async fn refresh(&self, api: &Shared) -> Result<(), ApiError> {
        let ended = api.counters.all_time(None, None).await?;
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            set(&self.executions, "status", status.as_str(), ended.of(status));
        }
        for (label, enabled) in [("enabled", true), ("disabled", false)] {
            let filter = JobFilter { enabled: Some(enabled), ..JobFilter::default() };
            set(&self.jobs, "state", label, api.stored_jobs.count(&filter).await?);
        }
        let load = (api.load)();
        for (label, number) in
            [("slots", load.slots), ("running", load.running), ("queued", load.queued), ("waiting", load.waiting)]
        {
            set(&self.load, "kind", label, number as u64);
        }
        let day = api.counters.since(api.clock.now() - chrono::Duration::days(1), None, None).await?;
        self.success_rate.set(day.success_rate().unwrap_or(f64::NAN));
        Ok(())
    }
}

fn set(family: &Family<Labels, Gauge>, label: &'static str, value: &str, number: u64) {
    let labels = vec![(label, value.to_owned())];
    family.get_or_create(&labels).set(i64::try_from(number).unwrap_or(i64::MAX));
}

/// Figures in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "machines", responses(
    (status = 200, description = "OpenMetrics", body = String, content_type = "application/openmetrics-text"),
))]
pub(super) async fn scrape(State(api): State<Shared>, _: NoQuery) -> Result<impl IntoResponse, ApiError> {
    api.metrics.refresh(&api).await?;
    let mut text = String::new();
    encode(&mut text, &api.metrics.registry.lock()).map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
