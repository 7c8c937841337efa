//! A wall clock that somebody sets while a host is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sandglass_database::Database;
use sandglass_database::memory::Memory;
use sandglass_schedule::misfire::Policy;

use super::scene::{Host, every, executor_settings, job, planner_settings};
use super::{Change, Planner, Settings};
use crate::model::job::Misfire;
use crate::model::{Clock, Execution, ExecutionId, Job, SkipReason, Status, SystemClock};
use crate::repository::{Definition, Executions, Jobs};

/// The machine's clock, and how many seconds somebody has set it ahead.
#[derive(Default)]
struct Set(AtomicI64);

impl Set {
    fn ahead_by(&self, time: TimeDelta) {
        self.0.store(time.num_seconds(), Ordering::SeqCst);
    }
}

impl Clock for Set {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }

    fn boot_time(&self) -> Duration {
        SystemClock.boot_time()
    }
}

async fn host(clock: &Arc<Set>, database: Arc<dyn Database>, settings: Settings) -> Host {
    Host::start_by(clock.clone(), database, executor_settings(), settings).await
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2_000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within 20 s: {what}");
}

/// A successful run of an instant within these.
async fn run_within(host: &Host, job: &Job, from: DateTime<Utc>, until_at: DateTime<Utc>) -> Execution {
    until("a run", async || {
        let history = host.history(job.id).await;
        history
            .into_iter()
            .find(|run| run.status == Status::Success && run.scheduled_for >= from && run.scheduled_for <= until_at)
    })
    .await
}

const YEARS: TimeDelta = TimeDelta::days(3_650);

/// A host whose clock showed ten years ahead while its job fired, and shows the truth again.
async fn back_from_the_future(clock: &Arc<Set>) -> (Host, Job) {
    let host = host(clock, Arc::new(Memory::new()), planner_settings()).await;
    let job = host.create(Job { schedule: every(1), ..job() }).await;
    clock.ahead_by(YEARS);
    let far = Utc::now() + YEARS;
    run_within(&host, &job, far - TimeDelta::seconds(5), far + TimeDelta::seconds(30)).await;
    (host, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_job_that_fired_under_a_clock_far_ahead_fires_again_once_the_clock_is_right() {
    let clock = Arc::new(Set::default());
    let (host, job) = back_from_the_future(&clock).await;
    clock.ahead_by(TimeDelta::zero());
    let now = Utc::now();
    run_within(&host, &job, now, now + TimeDelta::seconds(20)).await;
    let stored = Jobs::new(host.database.clone()).get(job.id).await.unwrap().unwrap();
    assert!(stored.next_run_at.unwrap() < now + TimeDelta::seconds(30), "{stored:#?}");
    assert!(stored.last_run_at.unwrap() < now + TimeDelta::seconds(30), "{stored:#?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_the_same_holds_when_the_clock_was_set_right_while_the_host_was_down() {
    let clock = Arc::new(Set::default());
    let (host, job) = back_from_the_future(&clock).await;
    let database = host.stop().await;
    clock.ahead_by(TimeDelta::zero());
    let now = Utc::now();
    let host = self::host(&clock, database, planner_settings()).await;
    run_within(&host, &job, now, now + TimeDelta::seconds(20)).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_an_edit_heals_a_job_whose_last_run_lies_in_the_future() {
    let database: Arc<dyn Database> = Arc::new(Memory::new());
    let clock = Arc::new(Set::default());
    let host = host(&clock, database.clone(), planner_settings()).await;
    let job = host.create(Job { schedule: every(60), ..job() }).await;
    let far = bson::DateTime::from_millis((Utc::now() + YEARS).timestamp_millis());
    let trap = bson::doc! { "$set": { "last_run_at": far, "next_run_at": far } };
    let update = sandglass_database::Update::one(bson::doc! { "_id": job.id.0 }, trap);
    database.update(crate::repository::JOBS, update).await.unwrap();
    let stored = Jobs::new(database).get(job.id).await.unwrap().unwrap();
    let edited = Box::new(Job { name: "another name".into(), ..stored });
    let edited = host.scheduler.change(Change::Save { job: edited, expected: None }).await.unwrap();
    assert!(edited.next_run_at.unwrap() < Utc::now() + TimeDelta::seconds(61), "{edited:#?}");
    host.stop().await;
}

#[test]
fn t16_a_last_run_a_little_ahead_is_waited_for_and_one_far_ahead_is_not() {
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let definition = Definition::of(Job { schedule: every(10), created_at: now, ..job() });
    let first = |ahead: i64| {
        let last = now + TimeDelta::seconds(ahead);
        let first = Planner::first_instant(&definition, Some(last), now, TimeDelta::seconds(60)).unwrap();
        (first - now).num_seconds()
    };
    assert_eq!((first(-100), first(30), first(60), first(61), first(1_000_000_000)), (10, 40, 70, 10, 10));
}

/// What becomes of a claim that was made ahead when the clock jumps forward by an hour before its instant.
async fn jumped_over(policy: Policy) -> (Host, Job, Execution) {
    let clock = Arc::new(Set::default());
    let early = Settings { lead: TimeDelta::seconds(4), ..planner_settings() };
    let host = host(&clock, Arc::new(Memory::new()), early).await;
    let misfire = Misfire { policy, ..Misfire::default() };
    let job = host.create(Job { schedule: every(5), misfire, ..job() }).await;
    let id = ExecutionId::derive(job.id, job.next_run_at.unwrap());
    let executions = Executions::new(host.database.clone());
    until("a claim", async || executions.get(id).await.unwrap()).await;
    assert!(Utc::now() < job.next_run_at.unwrap(), "too slow to see the claim before its instant");
    clock.ahead_by(TimeDelta::hours(1));
    let ended = host.until(id, |execution| execution.status.is_final()).await;
    (host, job, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_claim_that_a_forward_jump_has_passed_is_a_misfire_under_none() {
    let (host, _, ended) = jumped_over(Policy::None).await;
    assert_eq!((ended.status, ended.skip_reason), (Status::Skipped, Some(SkipReason::Misfire)), "{ended:#?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_under_latest_the_latest_missed_instant_runs_in_place_of_a_claim_that_was_passed() {
    let (host, job, ended) = jumped_over(Policy::Latest).await;
    assert_eq!((ended.status, ended.skip_reason), (Status::Skipped, Some(SkipReason::Misfire)), "{ended:#?}");
    let now = Utc::now() + TimeDelta::hours(1);
    run_within(&host, &job, now - TimeDelta::seconds(60), now + TimeDelta::seconds(30)).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_under_all_a_claim_that_was_passed_runs_late() {
    let (host, _, ended) = jumped_over(Policy::All).await;
    assert_eq!(ended.status, Status::Success, "{ended:#?}");
    host.stop().await;
}
