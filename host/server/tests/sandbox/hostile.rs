//! Each way to misbehave ends alone, under its own name, while a neighbour keeps working.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sandglass::model::grant::Limits;
use sandglass::model::log::Level;
use sandglass::model::outcome::{FailureKind, Limit, Outcome};
use sandglass::sandbox::Runner as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::{Template, World, http, settings};

const RIGHTS: [(&str, &str, &str); 2] = [("documents", "*", "read"), ("http", "*", "send")];

/// A neighbour that works all the while: how long each of its runs took.
struct Neighbour {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Neighbour {
    fn start(world: &Arc<World>, template: &Template) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (world, template, seen) = (world.clone(), template.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let mut times = Vec::new();
            while !seen.load(Ordering::SeqCst) {
                let begin = Instant::now();
                let (finished, _) = world.run(&template, json!({ "mode": "ok" })).await;
                assert!(matches!(finished.outcome, Outcome::Success(_)), "a neighbour suffered: {finished:?}");
                times.push(begin.elapsed());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            times
        });
        Self { stop, task }
    }

    /// Every run succeeded, there were enough of them, and the usual one was not held up.
    async fn end(self, at_least: usize) {
        self.stop.store(true, Ordering::SeqCst);
        let mut times = self.task.await.unwrap();
        assert!(times.len() >= at_least, "the neighbour ran {} times only", times.len());
        times.sort();
        let median = times[times.len() / 2];
        assert!(median < Duration::from_millis(250), "the neighbour's median run took {median:?}");
    }
}

async fn world() -> (Arc<World>, Template) {
    let world = Arc::new(World::with(&settings(), &http(&["127.0.0.1/32"])));
    let template = world.load("test/hostile", &RIGHTS).await;
    (world, template)
}

async fn outcome(parameters: Value) -> Outcome {
    let (world, template) = world().await;
    let neighbour = Neighbour::start(&world, &template);
    let (finished, _) = world.run(&template, parameters).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    neighbour.end(3).await;
    finished.outcome
}

fn assert_limit(outcome: &Outcome, expected: Limit) {
    match outcome {
        Outcome::LimitReached { limit, message } => {
            assert_eq!(*limit, expected, "{message}");
            assert!(message.contains(expected.as_str()), "{message}");
        }
        other => panic!("{expected:?} expected, not {other:?}"),
    }
}

/// How far beyond its deadline a run ends, the best of a few tries: the machine may be busy with other things, but a
/// sandbox that is late by design is late every time.
async fn lateness(parameters: Value) -> Duration {
    let (world, template) = world().await;
    let neighbour = Neighbour::start(&world, &template);
    let timeout = Duration::from_millis(400);
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let (mut run, _) = template.run(parameters.clone());
        run.timeout = timeout;
        let begin = Instant::now();
        let finished = world.sandbox.run(run).await;
        let late = begin.elapsed().saturating_sub(timeout);
        assert_eq!(finished.outcome, Outcome::Timeout);
        best = best.min(late);
        if best <= Duration::from_millis(100) {
            break;
        }
    }
    neighbour.end(5).await;
    best
}

const IN_TIME: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_at_its_deadline() {
    assert!(lateness(json!({ "mode": "endless-loop" })).await <= IN_TIME);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_without_end_ends_at_the_deadline() {
    assert!(lateness(json!({ "mode": "wait-forever" })).await <= IN_TIME);
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_without_end_end_at_the_deadline() {
    assert!(lateness(json!({ "mode": "tight-host-calls" })).await <= IN_TIME);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_blocked_in_a_host_call_ends_at_its_deadline() {
    // Takes connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    assert!(lateness(json!({ "mode": "http-slow", "url": url })).await <= IN_TIME);
    held.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_spends_its_computing_time() {
    let mut small = settings();
    small.cpu_seconds = 1;
    let world = Arc::new(World::with(&small, &http(&[])));
    let template = world.load("test/hostile", &[]).await;
    let neighbour = Neighbour::start(&world, &template);
    let (finished, _) = world.run(&template, json!({ "mode": "endless-loop" })).await;
    assert_limit(&finished.outcome, Limit::Cpu);
    assert!((1_000.0..2_000.0).contains(&finished.metrics.cpu_ms), "{:?}", finished.metrics);
    neighbour.end(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_bomb_meets_the_memory_limit() {
    assert_limit(&outcome(json!({ "mode": "memory-bomb" })).await, Limit::Memory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_can_lower_the_memory_limit() {
    let (world, template) = world().await;
    let limits = sandglass::model::grant::Limits { memory_bytes: Some(8 << 20), ..Default::default() };
    world.grant(&template, &RIGHTS, limits);
    let (finished, _) = world.run(&template, json!({ "mode": "memory-bomb" })).await;
    assert_limit(&finished.outcome, Limit::Memory);
    assert!(finished.metrics.peak_memory_bytes <= 8 << 20, "{:?}", finished.metrics);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_recursion_meets_the_stack_limit() {
    assert_limit(&outcome(json!({ "mode": "deep-recursion" })).await, Limit::Stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_result_meets_the_result_limit() {
    assert_limit(&outcome(json!({ "mode": "huge-result", "size_bytes": 2 << 20 })).await, Limit::ResultSize);
    assert_limit(&outcome(json!({ "mode": "huge-result", "size_bytes": 8 << 20 })).await, Limit::ResultSize);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_larger_than_a_host_call_may_carry_meets_its_limit() {
    let (world, template) = world().await;
    let line = async |mebibytes: u32| {
        let (finished, _) =
            world.run(&template, json!({ "mode": "log-long-line", "size_bytes": mebibytes << 20 })).await;
        finished.outcome
    };
    // It may send bodies of 10 MiB, and what comes with them.
    assert!(matches!(line(5).await, Outcome::Success(_)));
    assert_limit(&line(15).await, Limit::HostCall);
    world.grant(&template, &[("documents", "orders", "read")], Limits::default());
    assert_limit(&line(5).await, Limit::HostCall);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_handles_meets_the_handle_limit() {
    assert_limit(&outcome(json!({ "mode": "handle-flood", "collection": "orders" })).await, Limit::Handles);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_with_its_own_words() {
    match outcome(json!({ "mode": "panic" })).await {
        Outcome::Trap { message } => assert!(message.contains("asked to panic"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_lines_is_kept_up_to_the_limit_and_counted_beyond() {
    let (world, template) = world().await;
    let neighbour = Neighbour::start(&world, &template);
    let lines = 200_000;
    let (finished, heard) = world.run(&template, json!({ "mode": "log-flood", "count": lines })).await;
    assert!(matches!(finished.outcome, Outcome::Success(_)), "{finished:?}");
    neighbour.end(3).await;
    let heard = heard.lines.lock();
    let kept = heard.iter().filter(|line| line.level == Level::Info);
    let bytes: usize = kept.clone().map(|line| line.message.len()).sum();
    assert!(bytes <= settings().log_bytes && bytes > settings().log_bytes / 2, "{bytes}");
    let dropped = lines - kept.count();
    let last = &heard.last().unwrap().message;
    assert!(last.contains(&format!("{dropped} further lines")), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_is_cut() {
    let (world, template) = world().await;
    let (_, heard) = world.run(&template, json!({ "mode": "log-long-line", "size_bytes": 1 << 20 })).await;
    let longest = heard.lines.lock().iter().map(|line| line.message.len()).max();
    assert!(longest.is_some_and(|bytes| bytes <= settings().log_line_bytes), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_keep_their_kind() {
    for (mode, expected) in [("fail-retryable", FailureKind::Retryable), ("fail-permanent", FailureKind::Permanent)] {
        match outcome(json!({ "mode": mode })).await {
            Outcome::Failure { kind, .. } => assert_eq!(kind, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_guest_that_does_not_listen_is_killed_after_half_a_second() {
    let (world, template) = world().await;
    let neighbour = Neighbour::start(&world, &template);
    let (run, _) = template.run(json!({ "mode": "endless-loop" }));
    let cancel = run.cancel.clone();
    let sandbox = world.sandbox.clone();
    let task = tokio::spawn(async move { sandbox.run(run).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begin = Instant::now();
    cancel.cancel();
    let finished = tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    assert_eq!(finished.outcome, Outcome::Cancelled);
    assert!(begin.elapsed() >= Duration::from_millis(490), "{:?}", begin.elapsed());
    neighbour.end(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_drain_reach_a_guest_that_listens() {
    let world = Arc::new(World::new());
    let template = world.load("test/probe", &[]).await;
    for drain in [false, true] {
        let (run, _) = template.run(json!({ "steps": [{ "op": "until_stopped" }] }));
        let stop = if drain { run.drain.clone() } else { run.cancel.clone() };
        let sandbox = world.sandbox.clone();
        let task = tokio::spawn(async move { sandbox.run(run).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
        let finished = tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
        match finished.outcome {
            Outcome::Failure { kind, .. } => assert_eq!(kind, FailureKind::Interrupted),
            other => panic!("drain {drain}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_runs_than_the_pool_holds_wait_and_all_succeed() {
    let (world, template) = world().await;
    let runs = (0..600).map(|_| {
        let (run, _) = template.run(json!({ "mode": "ok" }));
        let sandbox = world.sandbox.clone();
        tokio::spawn(async move { sandbox.run(run).await })
    });
    let runs: Vec<_> = runs.collect();
    let mut succeeded = 0;
    for run in runs {
        let finished = run.await.unwrap();
        assert!(matches!(finished.outcome, Outcome::Success(_)), "{finished:?}");
        succeeded += 1;
    }
    assert_eq!(succeeded, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_run_that_is_dropped() {
    let (world, template) = world().await;
    let (run, _) = template.run(json!({ "mode": "endless-loop" }));
    let dropped = tokio::time::timeout(Duration::from_millis(200), world.sandbox.run(run)).await;
    assert!(dropped.is_err());
    // With two workers, two such loops that went on would leave nothing for others.
    for _ in 0..3 {
        let (run, _) = template.run(json!({ "mode": "endless-loop" }));
        let _dropped = tokio::time::timeout(Duration::from_millis(50), world.sandbox.run(run)).await;
    }
    let neighbour = Neighbour::start(&world, &template);
    tokio::time::sleep(Duration::from_millis(200)).await;
    neighbour.end(3).await;
}
