//! W1: N jobs each second, their phases spread over it. W2: N one-shots due at one instant.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use sandglass_tests::{Client, Server, Setup};
use serde_json::{Value, json};

use crate::machine::{self, Noise, Process};
use crate::readback::{self, Runs};

/// Requests on the way at the same time while jobs are created.
const CONNECTIONS: usize = 32;
/// Between the last job's creation and the window, so that its own cost is not measured.
const SETTLE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy)]
pub enum Workload {
    EachSecond { jobs: u32, seconds: u32 },
    AtOnce { jobs: u32 },
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    pub workload: Workload,
    pub expected: u64,
    pub runs: Runs,
    /// From the common instant to the start of the last run (W2).
    pub cpu_microseconds: f64,
    pub memory_bytes: u64,
    pub noise: Noise,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EachSecond { jobs, seconds } => write!(f, "W1 {jobs} jobs each second, {seconds} s"),
            Self::AtOnce { jobs } => write!(f, "W2 {jobs} one-shots at one instant"),
        }
    }
}

impl Workload {
    pub async fn measure(self) -> Outcome {
        eprintln!("{self}");
        let folder = tempfile::tempdir().unwrap();
        let noise = machine::noise();
        let server = Setup::on(folder.path())
            .with("SANDGLASS_SERVER__LISTEN", "127.0.0.1:0")
            .with("SANDGLASS_LOG__LEVEL", "warn")
            .start()
            .await;
        match self {
            Self::EachSecond { jobs, seconds } => each_second(self, folder.path(), server, jobs, seconds, noise).await,
            Self::AtOnce { jobs } => at_once(self, folder.path(), server, jobs, noise).await,
        }
    }
}

async fn each_second(
    workload: Workload,
    folder: &Path,
    server: Server,
    jobs: u32,
    seconds: u32,
    noise: Noise,
) -> Outcome {
    let client = server.client();
    // Far enough ahead that every job is there before the first is due.
    let begin = Utc::now() + chrono::Duration::seconds(4 + i64::from(jobs / 1_000));
    create(&client, jobs, |number| {
        let phase = begin + chrono::Duration::microseconds(i64::from(number) * 1_000_000 / i64::from(jobs));
        json!({"type": "interval", "interval_seconds": 1, "start_at": rfc3339(phase)})
    })
    .await;
    let from = begin.max(Utc::now()) + chrono::Duration::from_std(SETTLE).unwrap();
    let until = from + chrono::Duration::seconds(i64::from(seconds));
    sleep_until(from).await;
    let before = Process::look(server.process_id());
    sleep_until(until).await;
    let after = Process::look(server.process_id());
    eprintln!("  stopping and reading back");
    server.terminate(120).await;
    let runs = readback::runs(folder, from, until);
    let expected = u64::from(jobs) * u64::from(seconds);
    Outcome {
        workload,
        expected,
        cpu_microseconds: per_run(&before, &after, runs.done),
        memory_bytes: after.memory_bytes,
        runs,
        noise,
    }
}

async fn at_once(workload: Workload, folder: &Path, server: Server, jobs: u32, noise: Noise) -> Outcome {
    let client = server.client();
    let instant = Utc::now() + chrono::Duration::seconds(6 + i64::from(jobs / 1_000));
    create(&client, jobs, |_| json!({"type": "once", "run_at": rfc3339(instant)})).await;
    assert!(Utc::now() < instant, "creating {jobs} jobs took longer than planned");
    sleep_until(instant - chrono::Duration::seconds(1)).await;
    let before = Process::look(server.process_id());
    sandglass_tests::wait_for("end of all one-shots", 120, || {
        let client = client.clone();
        async move {
            let status = client.get("/status").await.ok();
            let ended = status["total_executions"].as_u64().is_some_and(|ended| ended >= u64::from(jobs));
            (ended && status["running"] == 0 && status["queued"] == 0).then_some(())
        }
    })
    .await;
    let after = Process::look(server.process_id());
    server.terminate(120).await;
    let runs = readback::runs(folder, instant, instant + chrono::Duration::milliseconds(1));
    Outcome {
        workload,
        expected: u64::from(jobs),
        cpu_microseconds: per_run(&before, &after, runs.done),
        memory_bytes: after.memory_bytes,
        runs,
        noise,
    }
}

async fn create(client: &Client, jobs: u32, schedule: impl Fn(u32) -> Value) {
    eprintln!("  creating {jobs} jobs");
    stream::iter(0..jobs)
        .map(|number| {
            let body = json!({
                "name": format!("Bench {number}"), "template_type": "database_cleanup",
                "parameters": {"collection": "nothing", "conditions": {"a": 1}, "dry_run": false},
                "schedule": schedule(number),
            });
            let client = client.clone();
            async move { client.post("/jobs", &body).await.ok() }
        })
        .buffer_unordered(CONNECTIONS)
        .collect::<Vec<_>>()
        .await;
}

fn per_run(before: &Process, after: &Process, runs: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let microseconds = (after.cpu - before.cpu).as_micros() as f64 / runs.max(1) as f64;
    microseconds
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn sleep_until(instant: DateTime<Utc>) {
    tokio::time::sleep((instant - Utc::now()).to_std().unwrap_or_default()).await;
}
