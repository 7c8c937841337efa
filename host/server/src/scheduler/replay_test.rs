//! Edits of a job that is catching up with what it missed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sandglass_database::Database;
use sandglass_database::memory::Memory;
use sandglass_schedule::misfire::Policy;

use super::Change;
use super::scene::{Act, Host, every, job};
use crate::model::job::{Misfire, OverlapPolicy};
use crate::model::{Execution, Job, SkipReason, Status};
use crate::repository::{JOBS, job_to_document};

/// Minutes that the job has missed when its host starts.
const MISSED: i64 = 6;

/// A host that has just begun with the first of the replays, which goes on until it is stopped.
async fn catching_up(overlap_policy: OverlapPolicy) -> (Host, Job, Execution) {
    let database: Arc<dyn Database> = Arc::new(Memory::new());
    // Half a minute behind the last instant, so that none comes due while the test runs.
    let first = Utc::now() - TimeDelta::seconds(60 * MISSED + 5);
    let first = DateTime::from_timestamp_millis(first.timestamp_millis()).unwrap();
    let job = Job {
        schedule: every(60),
        created_at: first - TimeDelta::seconds(60),
        next_run_at: Some(first),
        misfire: Misfire { policy: Policy::All, window_seconds: 3_600 },
        overlap_policy,
        max_concurrent: 3,
        ..job()
    };
    database.insert(JOBS, vec![job_to_document(&job)]).await.unwrap();
    crate::repository::ensure_indexes(database.as_ref()).await.unwrap();
    let host = Host::start_scripted(database, job.id, vec![Act::UntilStopped, Act::Succeed]).await;
    let id = crate::model::ExecutionId::derive(job.id, first);
    for _ in 0..2_000 {
        let history = host.history(job.id).await;
        if let Some(running) = history.into_iter().find(|run| run.id == id && run.status == Status::Running) {
            return (host, job, running);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the first replay did not begin");
}

/// Stops the first replay, and waits for all the others.
async fn the_rest(host: &Host, job: &Job, first: &Execution) -> Vec<Execution> {
    host.scheduler.cancel(first.id, "anna".into()).await.unwrap();
    for _ in 0..2_000 {
        let history = host.history(job.id).await;
        let good = history.iter().filter(|run| run.status == Status::Success).count();
        if good >= usize::try_from(MISSED).unwrap() {
            return history;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the replays did not all run: {:#?}", host.history(job.id).await);
}

fn one_after_the_other(history: &[Execution]) {
    let mut runs: Vec<_> = history.iter().filter(|run| run.status == Status::Success).collect();
    runs.sort_unstable_by_key(|run| run.started_at);
    for pair in runs.windows(2) {
        assert!(pair[0].scheduled_for < pair[1].scheduled_for, "oldest first: {history:#?}");
        assert!(pair[1].started_at >= pair[0].completed_at, "one after the other: {history:#?}");
    }
    assert!(history.iter().all(|run| run.skip_reason != Some(SkipReason::Edited)), "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_an_edit_that_leaves_the_schedule_alone_loses_no_replay() {
    let (host, job, first) = catching_up(OverlapPolicy::Skip).await;
    let renamed = Box::new(Job { name: "another name".into(), ..job.clone() });
    let renamed = host.scheduler.change(Change::Save { job: renamed, expected: None }).await.unwrap();
    assert_eq!(renamed.next_run_at, Some(first.scheduled_for), "it goes on from where it stands");
    let history = the_rest(&host, &job, &first).await;
    one_after_the_other(&history);
    let last = history.iter().max_by_key(|run| run.scheduled_for).unwrap();
    assert_eq!(last.job_name, "another name");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_under_an_edit_of_the_schedule_the_replays_that_are_left_run_as_they_were_decided() {
    for policy in [OverlapPolicy::Skip, OverlapPolicy::Allow] {
        let (host, job, first) = catching_up(policy).await;
        let other = Box::new(Job { schedule: every(86_400), ..job.clone() });
        let other = host.scheduler.change(Change::Save { job: other, expected: None }).await.unwrap();
        assert!(other.next_run_at.unwrap() > Utc::now() + TimeDelta::hours(1), "{other:#?}");
        one_after_the_other(&the_rest(&host, &job, &first).await);
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_pause_turns_the_replays_that_are_left_into_a_skip() {
    let (host, job, first) = catching_up(OverlapPolicy::Skip).await;
    host.scheduler.change(Change::Enable { job: job.id, enabled: false }).await.unwrap();
    let history = host.history(job.id).await;
    let skip = history.iter().find(|run| run.skip_reason == Some(SkipReason::Paused)).unwrap();
    assert_eq!(skip.skipped.map(|summary| summary.count), Some(u64::try_from(MISSED).unwrap()), "{history:#?}");
    host.scheduler.cancel(first.id, "anna".into()).await.unwrap();
    host.until_status(first.id, Status::Cancelled).await;
    host.stop().await;
}
