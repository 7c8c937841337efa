//! Runs that do not end within the time that a stop gives them.

use std::sync::Arc;
use std::time::Duration;

use bson::doc;
use sandglass_database::memory::Memory;
use sandglass_database::{Database, Update};
use sandglass_schedule::misfire::Policy;

use super::scene::{Act, Host, every, executor_settings, job};
use crate::executor::Settings;
use crate::model::job::Misfire;
use crate::model::template::OnLost;
use crate::model::{Execution, ExecutionId, Job, SkipReason, Status};
use crate::repository::{Executions, JOBS};

fn impatient() -> Settings {
    Settings { drain: Duration::from_millis(50), ..executor_settings() }
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_run_that_outlasts_the_drain_is_handed_over_and_loses_no_try() {
    let host = Host::start_with(Arc::new(Memory::new()), impatient()).await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::Hang]);
    let id = host.trigger(job.id).await.id;
    host.until_status(id, Status::Running).await;
    let database = host.stop().await;
    let next = Host::start_on(database).await;
    let ended = next.until_status(id, Status::Success).await;
    let tries: Vec<_> = ended.attempts.iter().map(|attempt| (attempt.status, attempt.interrupted)).collect();
    assert_eq!(tries, [(Status::Cancelled, true), (Status::Success, false)], "{ended:#?}");
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_a_run_that_may_not_be_repeated_is_left_to_the_next_start_when_it_outlasts_the_drain() {
    let host = Host::start_with(Arc::new(Memory::new()), impatient()).await;
    let job = host.create(Job { on_lost: Some(OnLost::Fail), ..job() }).await;
    host.script(job.id, [Act::Hang]);
    let id = host.trigger(job.id).await.id;
    host.until_status(id, Status::Running).await;
    let database = host.stop().await;
    let held = Executions::new(database.clone()).held().await.unwrap();
    assert_eq!(held.iter().map(|execution| execution.id).collect::<Vec<_>>(), [id]);
    // The audit shows no write, so it may be tried again all the same.
    let next = Host::start_on(database).await;
    let ended = next.until_status(id, Status::Success).await;
    assert_eq!(ended.attempts.first().map(|attempt| attempt.status), Some(Status::Lost), "{ended:#?}");
    next.stop().await;
}

/// A stop that found an occurrence of a job, due each second, waiting for the only slot; and what the next start needs.
async fn handed_over_unbegun(policy: Policy) -> (Arc<dyn Database>, Execution) {
    let host = Host::start_with(Arc::new(Memory::new()), Settings { slots: 1, share: 1, ..impatient() }).await;
    let in_the_way = host.create(job()).await;
    host.script(in_the_way.id, [Act::UntilStopped]);
    let running = host.trigger(in_the_way.id).await;
    host.until_status(running.id, Status::Running).await;
    let misfire = Misfire { policy, ..Misfire::default() };
    let waits = host.create(Job { schedule: every(1), misfire, ..job() }).await;
    let first = ExecutionId::derive(waits.id, waits.next_run_at.unwrap());
    for _ in 0..1_000 {
        if host.executor.load().queued == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let database = host.stop().await;
    let left = Executions::new(database.clone()).get(first).await.unwrap().unwrap();
    assert!(left.status == Status::Queued && left.host.is_none() && left.attempts.is_empty(), "{left:#?}");
    (database, left)
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_a_claim_that_was_handed_over_unbegun_and_comes_back_late_is_a_misfire() {
    let (database, left) = handed_over_unbegun(Policy::None).await;
    while chrono::Utc::now() - left.scheduled_for < chrono::Duration::milliseconds(1_500) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let next = Host::start_on(database).await;
    let ended = next.until(left.id, |execution| execution.status.is_final()).await;
    assert_eq!((ended.status, ended.skip_reason), (Status::Skipped, Some(SkipReason::Misfire)), "{ended:#?}");
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_claim_that_was_handed_over_unbegun_is_a_skip_once_its_job_is_disabled() {
    let (database, left) = handed_over_unbegun(Policy::Latest).await;
    let disable = Update::one(doc! { "_id": left.job_id.0 }, doc! { "$set": { "enabled": false } });
    database.update(JOBS, disable).await.unwrap();
    let next = Host::start_on(database).await;
    let ended = next.until(left.id, |execution| execution.status.is_final()).await;
    assert_eq!((ended.status, ended.skip_reason), (Status::Skipped, Some(SkipReason::Paused)), "{ended:#?}");
    next.stop().await;
}
