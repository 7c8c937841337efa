//! The lanes of a page of jobs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::STEPS;
use super::planned::{Budget, Planned, planned};
use super::slots::{Window, slot_of};
use super::view::{Lane, SlotSum};
use crate::api::error::ApiError;
use crate::api::job_view::RunMark;
use crate::api::state::{ApiState, Shared};
use crate::api::time::Time;
use crate::model::Job;
use crate::repository::{Listed, Mark};

/// Runs of one job that are told one by one, and so many planned ones.
const MOST_MARKS: usize = 100;

pub(super) async fn of(
    api: &Shared,
    window: &Window,
    begins: &[DateTime<Utc>],
    now: DateTime<Utc>,
    jobs: &[Listed],
) -> Result<Vec<Lane>, ApiError> {
    let plans = plans(window, begins, now, jobs).await?;
    let mut lanes = Vec::with_capacity(jobs.len());
    for (listed, plan) in jobs.iter().zip(plans) {
        lanes.push(lane(api, window, begins, listed, plan).await?);
    }
    Ok(lanes)
}

/// What is planned of each job; off the async threads, for it is computed.
async fn plans(
    window: &Window,
    begins: &[DateTime<Utc>],
    now: DateTime<Utc>,
    jobs: &[Listed],
) -> Result<Vec<Planned>, ApiError> {
    let (to, from) = (window.to, window.from.max(now));
    let begins = begins.to_vec();
    // A job that cannot be read, or whose schedule cannot be used, does not fire.
    let timetables: Vec<_> = jobs
        .iter()
        .map(|listed| match listed {
            Listed::Job(job) if job.enabled => job.schedule.compile(job.created_at).ok(),
            Listed::Job(_) | Listed::Damaged(_) => None,
        })
        .collect();
    let work = move || {
        let mut budget = Budget { steps: STEPS };
        let plan = |timetable: Option<_>| match timetable {
            Some(timetable) if from < to => planned(&timetable, (from, to), &begins, MOST_MARKS, &mut budget),
            _ => Planned::default(),
        };
        timetables.into_iter().map(plan).collect()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::internal(&error))
}

async fn lane(
    api: &ApiState,
    window: &Window,
    begins: &[DateTime<Utc>],
    listed: &Listed,
    plan: Planned,
) -> Result<Lane, ApiError> {
    let job: &Job = listed.job();
    let limit = MOST_MARKS as u64 + 1;
    let mut marks = api.executions.marks(job.id, Some((window.from, window.to)), limit).await?;
    let mut sums = BTreeMap::<usize, SlotSum>::new();
    let mut slot = |number: usize, change: &mut dyn FnMut(&mut SlotSum)| {
        change(sums.entry(number).or_insert_with(|| SlotSum { slot: number, ..SlotSum::default() }));
    };
    if marks.len() > MOST_MARKS {
        // Counters know only what has ended.
        marks.retain(|mark: &Mark| !mark.status.is_final());
        for (hour, totals) in api.counters.by_hour((window.from, window.to), Some(job.id), None).await? {
            slot(slot_of(begins, hour), &mut |sum| {
                for (status, count) in &totals.runs {
                    *sum.runs.entry(status).or_default() += count;
                }
            });
        }
    }
    for (number, count) in plan.sums.iter().enumerate().filter(|(_, count)| **count > 0) {
        slot(number, &mut |sum| sum.planned = *count);
    }
    let view = api.row(listed);
    Ok(Lane {
        job_id: view.id,
        job_name: view.name,
        template_type: view.template_type,
        status: json!(view.status),
        timezone: job.schedule.timezone().to_owned(),
        schedule_text: view.schedule_text,
        runs: marks.iter().map(RunMark::from).collect(),
        planned: plan.instants.into_iter().map(Time).collect(),
        sums: sums.into_values().filter(|sum| sum.planned > 0 || !sum.runs.is_empty()).collect(),
        is_at_least: plan.is_at_least,
    })
}
