//! The life of a run, with the real clock, thread and recorder.

use std::time::Duration;

use chrono::Utc;

use super::scene::{Act, Host, every, executor_settings, job, once};
use super::{CancelOutcome, Change, TriggerError};
use crate::model::job::{Job, OverlapPolicy, RetryPolicy};
use crate::model::outcome::FailureKind;
use crate::model::{SkipReason, Status};

#[tokio::test(flavor = "multi_thread")]
async fn t2_a_job_fires_at_its_instant_never_before_and_its_end_is_recorded() {
    let host = Host::start().await;
    let job = host.create(Job { schedule: every(1), ..job() }).await;
    let mut history = Vec::new();
    for _ in 0..2_000 {
        history = host.history(job.id).await;
        if history.iter().filter(|execution| execution.status == Status::Success).count() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let done: Vec<_> = history.iter().filter(|execution| execution.status == Status::Success).collect();
    assert!(done.len() >= 3, "{history:#?}");
    for execution in &done {
        assert!(execution.started_at.unwrap() >= execution.scheduled_for, "{execution:#?}");
        assert_eq!((execution.overlap_key.clone(), execution.host.clone()), (None, None));
        assert_eq!(execution.attempts.len(), 1);
    }
    for (earlier, later) in done.iter().zip(done.iter().skip(1)) {
        assert_eq!(later.scheduled_for - earlier.scheduled_for, chrono::Duration::seconds(1));
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_shot_runs_once_and_its_job_is_finished() {
    let host = Host::start().await;
    let at = Utc::now() + chrono::Duration::milliseconds(300);
    let job = host.create(Job { schedule: once(at), ..job() }).await;
    let id = crate::model::ExecutionId::derive(job.id, job.next_run_at.unwrap());
    for _ in 0..2_000 {
        if host.history(job.id).await.iter().any(|execution| execution.status == Status::Success) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(host.get(id).await.status, Status::Success);
    let stored = crate::repository::Jobs::new(host.database.clone()).get(job.id).await.unwrap().unwrap();
    assert_eq!(stored.next_run_at, None);
    assert_eq!(stored.last_run_at, job.next_run_at);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_failed_run_is_tried_again_and_each_attempt_is_recorded() {
    let host = Host::start().await;
    let retry_policy = RetryPolicy { max_retries: 2, retry_delay_seconds: 0, ..RetryPolicy::default() };
    let job = host.create(Job { retry_policy, ..job() }).await;
    host.script(job.id, [Act::Fail(FailureKind::Retryable), Act::Panic, Act::Succeed]);
    let run = host.trigger(job.id).await;
    let ended = host.until(run.id, |execution| execution.status.is_final()).await;
    assert_eq!(ended.status, Status::Success, "{ended:#?}");
    let tries: Vec<_> = ended.attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(tries, [(1, Status::Failed), (2, Status::Failed), (3, Status::Success)]);
    assert!(ended.attempts.windows(2).all(|pair| pair[0].token < pair[1].token));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_a_run_that_hears_nothing_is_ended_at_its_time_out() {
    let host = Host::start().await;
    let job = host.create(Job { timeout_seconds: 1, ..job() }).await;
    host.script(job.id, [Act::Hang]);
    let run = host.trigger(job.id).await;
    let ended = host.until(run.id, |execution| execution.status.is_final()).await;
    assert_eq!(ended.status, Status::Timeout);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_a_running_execution_is_cancelled_and_a_later_cancel_says_so() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::UntilStopped]);
    let run = host.trigger(job.id).await;
    let running = host.until_status(run.id, Status::Running).await;
    assert!(running.started_at.is_some());
    assert_eq!(host.scheduler.cancel(run.id, "anna".into()).await.unwrap(), CancelOutcome::Requested);
    host.until_status(run.id, Status::Cancelled).await;
    let again = host.scheduler.cancel(run.id, "anna".into()).await.unwrap();
    assert_eq!(again, CancelOutcome::AlreadyEnded(Status::Cancelled));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t4b_a_manual_run_obeys_the_overlap_policy_unless_forced_and_works_on_a_disabled_job() {
    let host = Host::start().await;
    let job = host.create(Job { enabled: false, ..job() }).await;
    host.script(job.id, [Act::UntilStopped]);
    let first = host.trigger(job.id).await;
    let refused = host.scheduler.trigger(Host::run_of(job.id)).await.unwrap_err();
    assert_eq!(refused, TriggerError::Overlap { active: first.id });
    let forced = host.scheduler.trigger(super::ManualRun { force: true, ..Host::run_of(job.id) }).await.unwrap();
    for run in [first.id, forced.id] {
        host.scheduler.cancel(run, "anna".into()).await.unwrap();
        host.until_status(run, Status::Cancelled).await;
    }
    assert_eq!(host.history(job.id).await.len(), 2);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_a_run_that_was_cancelled_while_it_waited_for_a_slot_no_longer_counts_as_queued() {
    let settings = crate::executor::Settings { slots: 1, share: 1, ..executor_settings() };
    let host = Host::start_with(std::sync::Arc::new(sandglass_database::memory::Memory::new()), settings).await;
    let (first, second) = (host.create(job()).await, host.create(job()).await);
    host.script(first.id, [Act::UntilStopped]);
    let running = host.trigger(first.id).await;
    host.until_status(running.id, Status::Running).await;
    let waiting = host.trigger(second.id).await;
    for _ in 0..1_000 {
        if host.executor.load().queued == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(host.executor.load().queued, 1);
    let outcome = host.scheduler.cancel(waiting.id, "anna".into()).await.unwrap();
    assert_eq!((outcome, host.executor.load().queued), (CancelOutcome::Cancelled, 0));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_replace_stops_the_old_run_and_then_starts_the_new_one() {
    let host = Host::start().await;
    let job = host.create(Job { overlap_policy: OverlapPolicy::Replace, ..job() }).await;
    host.script(job.id, [Act::UntilStopped, Act::Succeed]);
    let old = host.trigger(job.id).await;
    host.until_status(old.id, Status::Running).await;
    let new = host.trigger(job.id).await;
    let (old, new) =
        (host.until_status(old.id, Status::Cancelled).await, host.until_status(new.id, Status::Success).await);
    assert!(new.started_at >= old.completed_at);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_queue_one_lets_one_wait_and_skips_the_rest() {
    let host = Host::start().await;
    let job = host.create(Job { overlap_policy: OverlapPolicy::QueueOne, ..job() }).await;
    host.script(job.id, [Act::Take(Duration::from_millis(300)), Act::Succeed]);
    let (first, second) = (host.trigger(job.id).await, host.trigger(job.id).await);
    let refused = host.scheduler.trigger(Host::run_of(job.id)).await.unwrap_err();
    assert_eq!(refused, TriggerError::Overlap { active: second.id });
    let first = host.until_status(first.id, Status::Success).await;
    let second = host.until_status(second.id, Status::Success).await;
    assert!(second.started_at >= first.completed_at);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer_to_a_pause_nothing_starts_and_the_claim_is_a_skip() {
    let host = Host::start().await;
    let job = host.create(Job { schedule: every(1), ..job() }).await;
    let next = job.next_run_at.unwrap();
    let id = crate::model::ExecutionId::derive(job.id, next);
    // Claimed ahead: the record is there before its instant.
    let until_claimed = async {
        while crate::repository::Executions::new(host.database.clone()).get(id).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until_claimed).await.unwrap();
    host.scheduler.change(Change::Enable { job: job.id, enabled: false }).await.unwrap();
    let answered = Utc::now();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    let execution = host.get(id).await;
    if answered < next {
        assert_eq!((execution.status, execution.skip_reason), (Status::Skipped, Some(SkipReason::Paused)));
    }
    assert!(host.runner.seen.lock().iter().all(|(_, _, at)| *at <= answered));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_job_stops_keeps_its_history_and_can_be_taken_back() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::UntilStopped]);
    let run = host.trigger(job.id).await;
    host.until_status(run.id, Status::Running).await;
    host.scheduler.change(Change::Delete { job: job.id, expected: Some(job.version) }).await.unwrap();
    host.until_status(run.id, Status::Cancelled).await;
    let refused = host.scheduler.trigger(Host::run_of(job.id)).await.unwrap_err();
    assert_eq!(refused, TriggerError::NotFound);
    let restored = host.scheduler.change(Change::Restore { job: job.id }).await.unwrap();
    assert!(restored.next_run_at.is_some() && restored.deleted_at.is_none());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_beyond_the_document_stand_in_chunks_and_are_read_as_one_log() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::Say(3_500)]);
    let run = host.trigger(job.id).await;
    let ended = host.until_status(run.id, Status::Success).await;
    assert_eq!((ended.logs.len(), ended.log_lines), (1_000, 3_500));
    let logs = crate::repository::Logs::new(host.database.clone());
    let all = logs.read(run.id, crate::repository::LogFilter::default()).await.unwrap().unwrap();
    assert_eq!(all.len(), 3_500);
    assert!(
        all.iter().enumerate().all(|(n, (number, line))| *number == n as u64 && line.message == format!("line {n}"))
    );
    let tail = crate::repository::LogFilter { tail: Some(2), ..Default::default() };
    let tail = logs.read(run.id, tail).await.unwrap().unwrap();
    assert_eq!(tail.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3_498, 3_499]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_know_what_ended() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::Succeed, Act::Fail(FailureKind::Permanent)]);
    for _ in 0..2 {
        let run = host.trigger(job.id).await;
        host.until(run.id, |execution| execution.status.is_final()).await;
    }
    let counters = crate::repository::Counters::new(host.database.clone());
    for totals in [
        counters.all_time(Some(job.id), None).await.unwrap(),
        counters.all_time(None, None).await.unwrap(),
        counters.since(job.created_at, None, Some("scripted")).await.unwrap(),
    ] {
        assert_eq!((totals.of(Status::Success), totals.of(Status::Failed), totals.ended()), (1, 1, 2));
        assert_eq!(totals.records_processed, 3);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_a_stop_hands_over_what_gives_way_and_the_next_start_goes_on() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::UntilStopped]);
    let run = host.trigger(job.id).await;
    host.until_status(run.id, Status::Running).await;
    let database = host.stop().await;
    let next = Host::start_on(database).await;
    let ended = next.until(run.id, |execution| execution.status.is_final()).await;
    assert_eq!(ended.status, Status::Success, "{ended:#?}");
    let tries: Vec<_> = ended.attempts.iter().map(|attempt| attempt.interrupted).collect();
    assert_eq!(tries, [true, false]);
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_told_once_to_those_who_asked_and_what_cannot_be_told_is_a_warning() {
    let host = Host::start().await;
    let notifications = crate::model::job::Notifications {
        on_success: vec!["https://example.org/hook".into(), "anna@example.org".into()],
        on_failure: vec!["https://example.org/never".into()],
    };
    let job = host.create(Job { notifications, ..job() }).await;
    let run = host.trigger(job.id).await;
    let told = host.until(run.id, |execution| execution.status.is_final() && execution.outbox.is_empty()).await;
    let calls = host.post.calls.lock().clone();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].url, "https://example.org/hook");
    assert_eq!(calls[0].idempotency_key, format!("{}-0", run.id));
    assert_eq!(calls[0].body.as_ref().unwrap()["status"], "success");
    let warnings: Vec<_> = told.logs.iter().map(|line| line.message.as_str()).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("anna@example.org"), "{warnings:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pre_hook_that_fails_stops_the_attempt_and_a_post_hook_that_fails_is_a_warning() {
    let host = Host::start().await;
    *host.post.refuse.lock() = Some(404);
    let hook = crate::model::job::Hook::Http {
        http: serde_json::from_value(serde_json::json!({"url": "https://example.org/gate"})).unwrap(),
    };
    let hooks = |pre, post| crate::model::job::Hooks { pre, post };
    let before = host.create(Job { hooks: hooks(vec![hook.clone()], vec![]), ..job() }).await;
    let run = host.trigger(before.id).await;
    let failed = host.until(run.id, |execution| execution.status.is_final()).await;
    assert_eq!(failed.status, Status::Failed);
    assert!(failed.error.unwrap().contains("pre-hook"));
    assert!(host.runner.seen.lock().iter().all(|(id, ..)| *id != run.id));

    let after = host.create(Job { hooks: hooks(vec![], vec![hook]), ..job() }).await;
    let run = host.trigger(after.id).await;
    let ended =
        host.until(run.id, |execution| execution.status == Status::Success && execution.outbox.is_empty()).await;
    assert!(ended.logs.iter().any(|line| line.message.contains("post-hook")), "{:?}", ended.logs);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_not_ready_refuses_a_manual_run_and_why_says_so() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.templates.missing.lock().push("scripted".into());
    let refused = host.scheduler.trigger(Host::run_of(job.id)).await.unwrap_err();
    assert_eq!(refused, TriggerError::Template("scripted is not installed".into()));
    let why = host.scheduler.why(job.id, job.next_run_at.unwrap()).await.unwrap().unwrap();
    let step = |check| why.steps.iter().find(|step| step.check == check).unwrap();
    assert!(step("enabled").passed && step("due").passed && !step("template").passed, "{why:#?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_the_older_system_are_adopted_and_do_not_fire_at_once() {
    let database = std::sync::Arc::new(sandglass_database::memory::Memory::new());
    let id = bson::oid::ObjectId::new();
    let past = bson::DateTime::from_millis(Utc::now().timestamp_millis() - 86_400_000);
    let old = bson::doc! {
        "_id": id, "name": "old", "description": bson::Bson::Null, "template_type": "scripted", "parameters": {},
        "schedule": { "type": "cron", "expression": "0 8 * * *", "interval_seconds": bson::Bson::Null, "timezone": "Europe/Berlin" },
        "enabled": true, "timeout_seconds": 300_i32, "retry_policy": { "max_retries": 3_i32, "retry_delay_seconds": 60_i32 },
        "notifications": { "on_success": [], "on_failure": [] }, "created_by": "admin", "created_at": past,
        "updated_at": past, "last_run_at": bson::Bson::Null, "next_run_at": past, "version": 1_i32,
    };
    let unfinished = bson::doc! {
        "_id": bson::oid::ObjectId::new(), "job_id": id.to_hex(), "job_name": "old", "template_type": "scripted",
        "status": "running", "started_at": past, "logs": [], "triggered_by": "scheduler", "execution_host": "old",
    };
    use sandglass_database::Database as _;
    database.insert("dynamic_jobs", vec![old]).await.unwrap();
    database.insert("job_executions", vec![unfinished]).await.unwrap();
    let host = Host::start_on(database).await;
    let job = crate::repository::Jobs::new(host.database.clone()).get(crate::model::JobId(id)).await.unwrap().unwrap();
    assert!(job.next_run_at.unwrap() > Utc::now());
    assert_eq!(job.retry_policy.max_retries, 3);
    let history = host.history(job.id).await;
    assert_eq!(history.iter().map(|execution| execution.status).collect::<Vec<_>>(), [Status::Lost]);
    let counters = crate::repository::Counters::new(host.database.clone());
    assert_eq!(counters.all_time(None, None).await.unwrap().of(Status::Lost), 1);
    // What comes in later is not counted, and its removal takes nothing away.
    let late = bson::doc! {
        "_id": bson::oid::ObjectId::new(), "job_id": id.to_hex(), "job_name": "old", "template_type": "scripted",
        "status": "success", "started_at": past, "result": { "records_processed": 5_i32, "records_affected": 5_i32 },
    };
    let late_id = crate::model::ExecutionId(late.get_object_id("_id").unwrap());
    host.database.insert("job_executions", vec![late]).await.unwrap();
    let executions = crate::repository::Executions::new(host.database.clone());
    assert_eq!(executions.delete(late_id).await.unwrap(), crate::repository::DeleteOutcome::Deleted);
    assert_eq!(counters.all_time(None, None).await.unwrap().ended(), 1);
    host.stop().await;
}
