//! What ran and what is to run, on a line: one lane a job, every run while they are few, sums when they are many.
//!
//! Nothing here walks the history: what ran is read by index and only so far, beyond that the counters by the hour know.
//! What is planned is computed from the schedules, within a budget.

mod lanes;
mod load;
mod planned;
mod slots;
mod view;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};

use self::slots::Window;
use self::view::{ClockChangeView, TimelineView};
use super::error::ApiError;
use super::query::Query;
use super::state::Shared;
use crate::model::JobId;
use crate::repository::{JobFilter, JobOrder, Listed};

/// A window that is longer says nothing to anybody.
const LONGEST: Duration = Duration::days(45);
/// Unless asked for otherwise.
const USUAL: Duration = Duration::hours(24);
/// Instants of cron expressions that are counted one by one for a whole answer; some tenths of a second of work.
const STEPS: u64 = 200_000;

/// What ran and what is planned, job by job, from one instant up to and without another. A job with more than a hundred
/// of either has them summed a slot; sums of what ran count whole hours.
#[utoipa::path(get, path = "/api/admin/scheduler/timeline", tag = "scheduler", params(
    ("from" = Option<String>, Query, description = "Inclusive; without it, now"),
    ("to" = Option<String>, Query, description = "Exclusive, at most 45 days later; without it, a day later"),
    ("timezone" = Option<String>, Query, description = "IANA name: whose hours and days the slots are; without it UTC"),
    ("job_id" = Option<String>, Query, description = "Only this job"),
    ("template_type" = Option<String>, Query),
    ("tag" = Option<String>, Query),
    ("search" = Option<String>, Query, description = "A part of name or description"),
    ("load" = Option<bool>, Query, description = "Also the sums over all jobs; goes with `template_type` only"),
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses((status = 200, body = TimelineView)))]
pub(super) async fn read(State(api): State<Shared>, mut query: Query) -> Result<Json<TimelineView>, ApiError> {
    let now = api.clock.now();
    let window = window(&mut query, now);
    let job: Option<JobId> = query.parsed("job_id");
    let filter = JobFilter {
        template_type: query.text("template_type"),
        tag: query.text("tag"),
        search: query.text("search"),
        ..JobFilter::default()
    };
    let with_load = query.boolean("load").unwrap_or(false);
    let (page, page_size) = query.page();
    if with_load && (job.is_some() || filter.tag.is_some() || filter.search.is_some()) {
        query.fault("load", "conflict", "goes with `template_type` only; leave it out, or the other filters");
    }
    query.finish()?;
    let begins = window.slots();
    let (listed, total) = match job {
        Some(id) => (vec![Listed::Job(Box::new(api.job(id).await?))], 1),
        None => {
            let found = api.stored_jobs.list(&filter, JobOrder::Name, page.into(), page_size.into()).await?;
            (found.jobs, found.total)
        }
    };
    let load = match with_load {
        true => Some(load::over_all(&api, &window, &begins, now, filter.template_type.as_deref()).await?),
        false => None,
    };
    let lanes = lanes::of(&api, &window, &begins, now, &listed).await?;
    Ok(Json(TimelineView {
        now: now.into(),
        from: window.from.into(),
        to: window.to.into(),
        timezone: window.zone.name().to_owned(),
        slots: begins.into_iter().map(Into::into).collect(),
        clock_changes: window.clock_changes().into_iter().map(ClockChangeView::from).collect(),
        lanes,
        load_is_whole: load.as_ref().map(|load| load.is_whole),
        load: load.map(|load| load.slots),
        total,
        page,
        page_size,
    }))
}

fn window(query: &mut Query, now: DateTime<Utc>) -> Window {
    let from = query.instant("from").unwrap_or(now);
    let to = query.instant("to").or_else(|| from.checked_add_signed(USUAL)).unwrap_or(from);
    let zone = query.zone("timezone");
    if to <= from {
        query.fault("to", "out_of_range", "must be later than `from`");
    } else if to - from > LONGEST {
        query.fault("to", "out_of_range", format!("is more than {} days later than `from`", LONGEST.num_days()));
    }
    // What comes after a fault is not answered, but it must not be endless either.
    let to = to.min(from.checked_add_signed(LONGEST).unwrap_or(from));
    Window { from, to, zone }
}
