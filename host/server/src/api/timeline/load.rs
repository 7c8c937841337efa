//! Sums over all jobs: what ran by the counters, what is planned by the schedules of those that run soonest.

use chrono::{DateTime, Utc};

use super::STEPS;
use super::planned::{Budget, summed};
use super::slots::{Window, slot_of};
use super::view::SlotLoad;
use crate::api::error::ApiError;
use crate::api::state::Shared;

/// Jobs that are looked at; whoever has more gets a load that is not whole, and is told so.
const MOST_JOBS: u64 = 5_000;

pub(super) struct Load {
    pub slots: Vec<SlotLoad>,
    pub is_whole: bool,
}

pub(super) async fn over_all(
    api: &Shared,
    window: &Window,
    begins: &[DateTime<Utc>],
    now: DateTime<Utc>,
    template_type: Option<&str>,
) -> Result<Load, ApiError> {
    let mut slots: Vec<SlotLoad> = begins.iter().map(|_| SlotLoad::default()).collect();
    for (hour, totals) in api.counters.by_hour((window.from, window.to), None, template_type).await? {
        let Some(slot) = slots.get_mut(slot_of(begins, hour)) else { continue };
        for (status, count) in totals.runs {
            *slot.runs.entry(status).or_default() += count;
        }
    }
    let (from, to) = (window.from.max(now), window.to);
    if from >= to {
        return Ok(Load { slots, is_whole: true });
    }
    let mut jobs = api.stored_jobs.next_runs(MOST_JOBS).await?;
    // The soonest come first: when the last of them is due after the window, no other is due within it.
    let reaches_end = jobs.last().is_none_or(|last| last.next_run_at.is_none_or(|next| next >= to));
    let mut is_whole = reaches_end || (jobs.len() as u64) < MOST_JOBS;
    jobs.retain(|job| {
        let is_asked = template_type.is_none_or(|asked| job.template_type == asked);
        is_asked && job.deleted_at.is_none() && job.next_run_at.is_some_and(|next| next < to)
    });
    let begins = begins.to_vec();
    let work = move || {
        let mut budget = Budget { steps: STEPS };
        let mut planned = vec![0u64; begins.len()];
        let mut is_at_least = false;
        for timetable in jobs.iter().filter_map(|job| job.schedule.compile(job.created_at).ok()) {
            let found = summed(&timetable, (from, to), &begins, &mut budget);
            planned.iter_mut().zip(found.sums).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            is_at_least |= found.is_at_least;
        }
        (planned, is_at_least)
    };
    let counted = tokio::task::spawn_blocking(work).await;
    let (planned, is_at_least) = counted.map_err(|error| ApiError::internal(&error))?;
    is_whole &= !is_at_least;
    slots.iter_mut().zip(planned).for_each(|(slot, count)| slot.planned = count);
    Ok(Load { slots, is_whole })
}
