//! How late runs start, and what one costs, without the sandbox: N jobs each second on the embedded engine, with a
//! runner that does nothing. `cargo run --release --example lateness -- 1000 20`
//!
//! Prints percentiles of `started_at - scheduled_for` as stored, runs done, and CPU time of the process for each run.
//! `cargo xtask bench` measures the whole server; this one is for those who work on planner, executor or store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use sandglass::executor::{self, Deliver, EffectsSeen, Executor, HttpAnswer, HttpCall, Message, Templates};
use sandglass::model::outcome::{Finished, Metrics, Outcome, RunResult};
use sandglass::model::template::OnLost;
use sandglass::model::{Digest, ExecutionId, Incarnation, Job, JobId, SystemClock};
use sandglass::repository::{EXECUTIONS, ensure_indexes, job_from_document};
use sandglass::sandbox::{Lease, Run, Runner};
use sandglass::scheduler::{self, Change};
use sandglass_database::bson::{Bson, doc};
use sandglass_database::embedded::{Embedded, Options};
use sandglass_database::{Database, Find};
use tokio::sync::{broadcast, mpsc};

struct Nothing;

#[async_trait]
impl Runner for Nothing {
    async fn run(&self, _: Run) -> Finished {
        let result = RunResult {
            status: "success".into(),
            message: "nothing was done".into(),
            details: serde_json::Value::Null,
            records_processed: 1,
            records_affected: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        Finished { outcome: Outcome::Success(result), metrics: Metrics::default() }
    }
}

#[async_trait]
impl Deliver for Nothing {
    async fn http(&self, _: HttpCall) -> Result<HttpAnswer, String> {
        Err("nothing is sent".into())
    }

    async fn email(&self, _: Message) -> Result<(), executor::Undelivered> {
        Err(executor::Undelivered::ForGood("nothing is sent".into()))
    }
}

impl Templates for Nothing {
    fn ready(&self, _: &str, _: Option<&Digest>) -> Result<Digest, String> {
        Ok(Digest("0".repeat(64)))
    }

    fn on_lost(&self, _: &Digest) -> OnLost {
        OnLost::Retry
    }
}

#[async_trait]
impl EffectsSeen for Nothing {
    async fn any_write(&self, _: ExecutionId, _: u32) -> sandglass_database::Result<bool> {
        Ok(false)
    }
}

fn job(number: u64, once: bool) -> anyhow::Result<Job> {
    let now = Utc::now();
    let schedule = if once {
        doc! { "type": "once", "run_at": Bson::DateTime((now + chrono::Duration::seconds(5)).into()) }
    } else {
        doc! { "type": "interval", "interval_seconds": 1_i64 }
    };
    Ok(job_from_document(&doc! {
        "_id": JobId::generate().0,
        "name": format!("job {number}"),
        "template_type": "nothing",
        "parameters": { "collection": "logs", "days_old": 30, "date_field": "created_at", "dry_run": true },
        "schedule": schedule,
        "enabled": true,
        "created_by": "bench",
        // Spread over the second, as jobs of people are.
        "created_at": Bson::DateTime((now - chrono::Duration::milliseconds(i64::try_from(number % 1_000)?)).into()),
    })?)
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = text
        .rsplit(')')
        .next()
        .map_or(0, |rest| rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum());
    Duration::from_millis(ticks * 10)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let jobs: u64 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let once = arguments.next().as_deref() == Some("once");
    let folder = tempfile::tempdir()?;
    let database: Arc<dyn Database> = Arc::new(Embedded::open(folder.path(), Options::default())?);
    ensure_indexes(database.as_ref()).await?;
    let events = broadcast::channel(16).0;
    let (ended, ends) = mpsc::unbounded_channel();
    let guests = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let configuration = sandglass::config::Execution {
        slots: 64,
        job_share_percent: 50,
        queue: 100_000,
        drain_seconds: 30,
        log_lines_in_document: 1_000,
        hook_timeout_seconds: 30,
    };
    let executor = Executor::start(executor::Parts {
        settings: executor::Settings::of(&configuration, "bench".into()),
        runner: Arc::new(Nothing),
        database: database.clone(),
        clock: Arc::new(SystemClock),
        events: events.clone(),
        ended,
        deliver: Arc::new(Nothing),
        templates: Arc::new(Nothing),
        lease: Arc::new(Lease::default()),
        figures: executor::Figures::default(),
        guests: guests.handle().clone(),
    })?;
    let configuration = sandglass::config::Scheduler {
        lead_milliseconds: 100,
        group_size: 2_000,
        misfire_grace_seconds: 60,
        misfire_all_limit: 100,
        queue: 10_000,
    };
    let parts = scheduler::Parts {
        settings: scheduler::Settings::of(&configuration),
        database: database.clone(),
        starts: Arc::new(executor.clone()),
        templates: Arc::new(Nothing),
        effects: Arc::new(Nothing),
        clock: Arc::new(SystemClock),
        events,
        host: Incarnation::generate(),
    };
    let (planner, _, thread) = scheduler::start(parts, ends).await?;

    let began = std::time::Instant::now();
    let mut creations = tokio::task::JoinSet::new();
    for number in 0..jobs {
        let (planner, job) = (planner.clone(), job(number, once)?);
        creations.spawn(async move { planner.change(Change::Create(Box::new(job))).await });
    }
    while let Some(created) = creations.join_next().await {
        created??;
    }
    println!("{jobs} jobs created in {:.2} s", began.elapsed().as_secs_f64());

    let (from, cpu_before) = (Utc::now() + chrono::Duration::seconds(1), cpu());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let cpu_used = cpu().saturating_sub(cpu_before);
    planner.stop().await?;
    executor.drain().await;

    let fields = doc! { "scheduled_for": 1, "started_at": 1, "status": 1 };
    let mut cursor = database.find(EXECUTIONS, Find::default().projected(fields)).await?;
    let (mut lateness, mut all, mut unstarted, mut last) = (Vec::new(), 0_u64, 0_u64, 0_i64);
    loop {
        let batch = cursor.next(1_000).await?;
        if batch.is_empty() {
            break;
        }
        for document in batch {
            all += 1;
            let (Ok(due), Ok(started)) = (document.get_datetime("scheduled_for"), document.get_datetime("started_at"))
            else {
                // Claimed ahead when the planner was stopped, and handed over.
                unstarted += 1;
                continue;
            };
            if once || due.timestamp_millis() >= from.timestamp_millis() {
                lateness.push(started.timestamp_millis() - due.timestamp_millis());
                last = last.max(started.timestamp_millis() - due.timestamp_millis());
            }
        }
    }
    lateness.sort_unstable();
    let at = |percent: usize| lateness.get(lateness.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0);
    println!(
        "{all} executions, {unstarted} of them not begun at the stop; lateness p50 {} ms, p99 {} ms, max {last} ms; CPU {:.1} s, {:.0} µs a run",
        at(50),
        at(99),
        cpu_used.as_secs_f64(),
        cpu_used.as_secs_f64() * 1e6 / all.max(1) as f64,
    );
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| anyhow::anyhow!("the planner panicked"))?;
    guests.shutdown_background();
    Ok(())
}
