//! T5 through the planner: a clock that walks over both changes of a zone, second by second.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use sandglass_database::memory::Memory;
use sandglass_schedule::{Dst, Gap};
use tokio::sync::oneshot;

use super::clock::Hands;
use super::faulty::Faulty;
use super::random::Random;
use super::workers::Workers;
use super::world::{all, planner};
use crate::model::{Clock, Job, SkipReason, Status};
use crate::repository::ensure_indexes;
use crate::scheduler::scene::{cron, job, planner_settings};
use crate::scheduler::{Change, Command};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What stands in the history after the clock has walked from one moment to another.
fn walk(expression: &str, zone: &str, gap: Gap, from: &str, until: &str) -> Vec<(DateTime<Utc>, Option<SkipReason>)> {
    let clock = Arc::new(Hands::at(at(from)));
    let of_store = clock.clone();
    let database = Faulty::new(Memory::with_clock(move || of_store.now()));
    block_on(ensure_indexes(&database)).unwrap();
    let workers = Workers::new(database.inner.clone());
    let mut planner = planner(&planner_settings(), &database, &workers, &clock, 0);
    let mut random = Random::new(1);
    let now = clock.now();
    let mut schedule = cron(expression, zone);
    schedule.dst = Some(Dst { gap, ..Dst::default() });
    let job = Job { schedule, created_at: now, updated_at: now, ..job() };
    let (answer, mut created) = oneshot::channel();
    block_on(planner.obey(vec![Command::Change { change: Change::Create(Box::new(job)), answer }]));
    created.try_recv().unwrap().unwrap();
    while clock.now() < at(until) {
        for ended in block_on(workers.work(clock.now(), &mut random, &database, false)) {
            planner.ended(&ended);
        }
        let next = block_on(planner.turn());
        clock.pass((next - clock.now()).max(TimeDelta::milliseconds(1)));
    }
    let mut history: Vec<_> = all(&database)
        .into_iter()
        .map(|execution| {
            assert_eq!(execution.status == Status::Skipped, execution.skip_reason.is_some());
            (execution.scheduled_for, execution.skip_reason)
        })
        .collect();
    history.sort_unstable_by_key(|(at, _)| *at);
    history
}

fn runs(instants: &[&str]) -> Vec<(DateTime<Utc>, Option<SkipReason>)> {
    instants.iter().map(|instant| (at(instant), None)).collect()
}

#[test]
fn t5_new_york_fires_after_the_gap_and_once_in_the_fold() {
    let spring = walk("30 2 * * *", "America/New_York", Gap::Next, "2026-03-07T06:00:00Z", "2026-03-09T08:00:00Z");
    assert_eq!(spring, runs(&["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]));
    let autumn = walk("30 1 * * *", "America/New_York", Gap::Next, "2026-10-31T05:00:00Z", "2026-11-02T08:00:00Z");
    assert_eq!(autumn, runs(&["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]));
}

#[test]
fn t5_lord_howe_changes_by_half_an_hour() {
    let spring = walk("15 2 * * *", "Australia/Lord_Howe", Gap::Next, "2026-10-02T15:00:00Z", "2026-10-04T16:00:00Z");
    assert_eq!(spring, runs(&["2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]));
    let autumn = walk("45 1 * * *", "Australia/Lord_Howe", Gap::Next, "2026-04-03T14:00:00Z", "2026-04-05T16:00:00Z");
    assert_eq!(autumn, runs(&["2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]));
}

#[test]
fn t5_apia_loses_a_whole_day_and_later_changes_by_an_hour() {
    let lost_day = walk("0 12 * * *", "Pacific/Apia", Gap::Next, "2011-12-29T20:00:00Z", "2011-12-30T23:00:00Z");
    assert_eq!(lost_day, runs(&["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]));
    let autumn = walk("30 3 * * *", "Pacific/Apia", Gap::Next, "2012-03-31T13:00:00Z", "2012-04-01T15:00:00Z");
    assert_eq!(autumn, runs(&["2012-03-31T13:30:00Z", "2012-04-01T14:30:00Z"]));
    let spring = walk("30 3 * * *", "Pacific/Apia", Gap::Next, "2012-09-29T13:00:00Z", "2012-09-30T15:00:00Z");
    assert_eq!(spring, runs(&["2012-09-29T14:00:00Z", "2012-09-30T13:30:00Z"]));
}

#[test]
fn t5_a_gap_that_is_to_be_left_out_is_recorded_as_a_skip() {
    let spring = walk("30 2 * * *", "America/New_York", Gap::Skip, "2026-03-07T06:00:00Z", "2026-03-09T08:00:00Z");
    let mut expected = runs(&["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]);
    expected[1].1 = Some(SkipReason::DstGap);
    assert_eq!(spring, expected);
}

#[test]
fn t5_every_hour_means_every_hour_in_gap_and_fold() {
    let autumn = walk("0 * * * *", "America/New_York", Gap::Next, "2026-11-01T04:30:00Z", "2026-11-01T08:30:00Z");
    let hours = ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z", "2026-11-01T08:00:00Z"];
    assert_eq!(autumn, runs(&hours));
}
