//! What a schedule means, before anything is stored.

use axum::Json;
use axum::extract::State;
use sandglass_schedule::preview as show;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, Code};
use super::job_policies::ScheduleBody;
use super::json::Json as Body;
use super::query::NoQuery;
use super::state::Shared;
use super::time::Time;
use crate::registry::fields::{Fields, Problems};
use crate::registry::read_schedule;

const MOST_RUNS: u32 = 100;
const RUNS: u32 = 10;

/// A schedule to be looked at.
#[expect(dead_code, reason = "documents the request, which is read field by field to tell every problem at once")]
#[derive(ToSchema)]
pub struct PreviewRequest {
    schedule: ScheduleBody,
    /// Exclusive; now if absent.
    after: Option<Time>,
    #[schema(default = 10, minimum = 1, maximum = 100)]
    count: Option<u32>,
}

/// A schedule in words and instants.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// The next runs.
    pub runs: Vec<Time>,
    /// The same in the schedule's zone, with its offset.
    pub local: Vec<String>,
    pub timezone: String,
    /// The schedule in words.
    pub text: String,
    /// What happens when the clocks change.
    pub notes: Vec<String>,
}

/// The next runs of a schedule.
#[utoipa::path(post, path = "/api/admin/scheduler/schedules/preview", tag = "jobs", request_body = PreviewRequest, responses((status = 200, body = PreviewView)))]
pub(super) async fn preview(
    State(api): State<Shared>,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<PreviewView>, ApiError> {
    let now = api.clock.now();
    let mut problems = Problems::default();
    let invalid = |problems: Problems| ApiError::with(Code::Invalid, problems.into_vec());
    let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return Err(invalid(problems)) };
    let after = fields.instant("after", &mut problems).unwrap_or(now);
    let count = fields.whole("count", 1, MOST_RUNS, &mut problems).unwrap_or(RUNS);
    let given = fields.value("schedule");
    // A look into the past needs a phase that lies there.
    let created_at = now.min(after);
    let schedule = given.and_then(|value| read_schedule(value, "/schedule", created_at, &mut problems));
    if given.is_none() {
        problems.add("/schedule", "required", "is missing");
    }
    fields.finish(&mut problems);
    let Some(schedule) = schedule.filter(|_| problems.is_empty()) else { return Err(invalid(problems)) };
    let shown = show(&schedule, created_at, after, count as usize).map_err(|found| {
        let mut problems = Problems::default();
        for problem in found {
            problems.add(format!("/schedule/{}", problem.field), problem.code, problem.message);
        }
        invalid(problems)
    })?;
    Ok(Json(PreviewView {
        runs: shown.runs.into_iter().map(Time).collect(),
        local: shown.local,
        timezone: schedule.timezone().to_owned(),
        text: shown.description,
        notes: shown.notes,
    }))
}
