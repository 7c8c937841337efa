//! The line as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::slots::ClockChange;
use crate::api::job_view::RunMark;
use crate::api::time::Time;
use crate::api::words::JobStatusWord;

/// What ran and what is planned in a window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub struct TimelineView {
    pub now: Time,
    /// The first instant that is shown.
    pub from: Time,
    /// The first that is not shown any more.
    pub to: Time,
    pub timezone: String,
    /// Where each slot begins: an hour for windows of up to two days, a quarter of a day for up to ten, else a day, by the
    /// clock of the zone. The last ends at `to`.
    pub slots: Vec<Time>,
    /// Where the clocks of the zone change.
    pub clock_changes: Vec<ClockChangeView>,
    pub lanes: Vec<Lane>,
    /// Of all jobs, where it was asked for: one for each slot.
    pub load: Option<Vec<SlotLoad>>,
    /// Whether what is planned of all jobs was counted to the end; false: there may be more.
    pub load_is_whole: Option<bool>,
    /// Jobs on all pages.
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// A change of the clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockChange)]
pub struct ClockChangeView {
    pub at: Time,
    /// How far the clock jumps; below zero: back.
    #[schema(example = 3600)]
    pub shift_seconds: i32,
}

/// One job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineLane)]
pub struct Lane {
    pub job_id: String,
    pub job_name: String,
    pub template_type: String,
    #[schema(value_type = JobStatusWord)]
    pub status: serde_json::Value,
    pub timezone: String,
    pub schedule_text: String,
    /// What ran or runs, the latest first. Where there is more than a hundred, only what has not ended; the rest is summed.
    pub runs: Vec<RunMark>,
    /// What is planned, the earliest first; empty where it is summed.
    pub planned: Vec<Time>,
    /// Sums of what is too much to be told one by one, of the slots that hold any.
    pub sums: Vec<SlotSum>,
    /// What is planned was counted only so far: there is at least that much.
    pub is_at_least: bool,
}

/// What lies in one slot of one job.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TimelineSum)]
pub struct SlotSum {
    /// Which of `slots`, from 0.
    pub slot: usize,
    pub planned: u64,
    /// Ended, by status.
    pub runs: BTreeMap<&'static str, u64>,
}

/// What lies in one slot of all jobs.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TimelineLoad)]
pub struct SlotLoad {
    pub planned: u64,
    /// Ended, by status.
    pub runs: BTreeMap<&'static str, u64>,
}

impl From<ClockChange> for ClockChangeView {
    fn from(change: ClockChange) -> Self {
        Self { at: change.at.into(), shift_seconds: change.shift_seconds }
    }
}
