//! What tests of the whole way stand on: a host on the database in memory, with a runner that does as it is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sandglass_database::memory::Memory;
use sandglass_database::{Database, Find, collect};
use sandglass_schedule::{Schedule, ScheduleKind};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc};

use super::{ManualRun, Parts, Scheduler, Settings, start};
use crate::executor::{self, Deliver, EffectsSeen, Executor, HttpAnswer, HttpCall, Message, Templates, Undelivered};
use crate::model::job::{Hooks, Misfire, Notifications, OverlapPolicy, RetryPolicy};
use crate::model::log::{Level, LogLine};
use crate::model::outcome::{FailureKind, Finished, Metrics, Outcome, RunResult};
use crate::model::template::OnLost;
use crate::model::{Clock, Digest, Execution, ExecutionId, Incarnation, Job, JobId, Status, SystemClock, Trigger};
use crate::repository::{EXECUTIONS, Executions, ensure_indexes, execution_from_document};
use crate::sandbox::{Lease, Run, Runner};

/// A job due each hour, so that nothing but what a test asks for happens.
pub fn job() -> Job {
    let now = Utc::now();
    let id = JobId::generate();
    Job {
        id,
        name: "a job".into(),
        description: String::new(),
        template_type: "scripted".into(),
        template_digest: None,
        parameters: serde_json::json!({"collection": "logs"}),
        schedule: every(3600),
        enabled: true,
        timeout_seconds: 300,
        retry_policy: RetryPolicy { retry_delay_seconds: 1, ..RetryPolicy::default() },
        notifications: Notifications::default(),
        created_by: "anna".into(),
        created_at: now,
        updated_at: now,
        last_run_at: None,
        next_run_at: None,
        version: 1,
        tags: Vec::new(),
        overlap_policy: OverlapPolicy::Skip,
        max_concurrent: 1,
        misfire: Misfire::default(),
        priority: 5,
        on_lost: None,
        hooks: Hooks::default(),
        shard: Job::shard_of(id),
        deleted_at: None,
    }
}

pub fn every(seconds: u64) -> Schedule {
    Schedule { interval_seconds: Some(seconds), ..blank(ScheduleKind::Interval) }
}

pub fn cron(expression: &str, timezone: &str) -> Schedule {
    Schedule { expression: Some(expression.into()), timezone: Some(timezone.into()), ..blank(ScheduleKind::Cron) }
}

pub fn once(at: DateTime<Utc>) -> Schedule {
    Schedule { run_at: Some(at), ..blank(ScheduleKind::Once) }
}

fn blank(kind: ScheduleKind) -> Schedule {
    Schedule {
        kind,
        interval_seconds: None,
        expression: None,
        timezone: None,
        run_at: None,
        start_at: None,
        end_at: None,
        seconds: None,
        dst: None,
    }
}

/// One script for each job; without one a run succeeds at once.
#[derive(Default)]
pub struct Scripted {
    pub scripts: Mutex<HashMap<JobId, Vec<Act>>>,
    pub seen: Mutex<Vec<(ExecutionId, u32, DateTime<Utc>)>>,
}

/// What one attempt does. The last act of a script repeats.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Succeed,
    Fail(FailureKind),
    /// Runs until it is told to stop, then says `interrupted`.
    UntilStopped,
    /// Takes no notice of anything.
    Hang,
    Panic,
    Say(usize),
    Take(Duration),
}

#[async_trait]
impl Runner for Scripted {
    async fn run(&self, run: Run) -> Finished {
        self.seen.lock().push((run.execution, run.attempt, Utc::now()));
        let act = {
            let mut scripts = self.scripts.lock();
            match scripts.get_mut(&run.job) {
                Some(script) if script.len() > 1 => script.remove(0),
                Some(script) => script.first().cloned().unwrap_or(Act::Succeed),
                None => Act::Succeed,
            }
        };
        let outcome = match act {
            Act::Succeed => success(),
            Act::Fail(kind) => failure(kind),
            Act::UntilStopped => tokio::select! {
                () = run.cancel.cancelled() => Outcome::Cancelled,
                () = run.drain.cancelled() => failure(FailureKind::Interrupted),
            },
            Act::Hang => std::future::pending().await,
            Act::Panic => panic!("scripted"),
            Act::Say(lines) => {
                for n in 0..lines {
                    let message = format!("line {n}");
                    run.watcher.log(LogLine { timestamp: Utc::now(), level: Level::Info, message });
                }
                success()
            }
            Act::Take(time) => {
                tokio::time::sleep(time).await;
                success()
            }
        };
        Finished { outcome, metrics: Metrics::default() }
    }
}

pub fn success() -> Outcome {
    Outcome::Success(RunResult {
        status: "success".into(),
        message: "done".into(),
        details: serde_json::json!({}),
        records_processed: 3,
        records_affected: 1,
        errors: Vec::new(),
        warnings: Vec::new(),
    })
}

pub fn failure(kind: FailureKind) -> Outcome {
    Outcome::Failure { kind, message: "scripted".into(), retry_after: None, details: None }
}

/// Every template is ready but those named.
#[derive(Default)]
pub struct Ready {
    pub missing: Mutex<Vec<String>>,
}

impl Templates for Ready {
    fn ready(&self, template_type: &str, _: Option<&Digest>) -> Result<Digest, String> {
        if self.missing.lock().iter().any(|missing| missing == template_type) {
            return Err(format!("{template_type} is not installed"));
        }
        Ok(Digest("00".into()))
    }

    fn on_lost(&self, _: &Digest) -> OnLost {
        OnLost::Retry
    }
}

pub struct NoEffects;

#[async_trait]
impl EffectsSeen for NoEffects {
    async fn any_write(&self, _: ExecutionId, _: u32) -> sandglass_database::Result<bool> {
        Ok(false)
    }
}

/// Remembers what it was asked to carry out; answers with a status, or not at all for `http://down`.
#[derive(Default)]
pub struct Post {
    pub calls: Mutex<Vec<HttpCall>>,
    pub refuse: Mutex<Option<u16>>,
}

#[async_trait]
impl Deliver for Post {
    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, String> {
        self.calls.lock().push(call);
        Ok(HttpAnswer { status: self.refuse.lock().unwrap_or(200) })
    }

    async fn email(&self, _: Message) -> Result<(), Undelivered> {
        Err(Undelivered::ForGood("no e-mail here".into()))
    }
}

/// One host.
pub struct Host {
    pub scheduler: Scheduler,
    pub executor: Executor,
    pub runner: Arc<Scripted>,
    pub templates: Arc<Ready>,
    pub post: Arc<Post>,
    pub database: Arc<dyn Database>,
    pub thread: std::thread::JoinHandle<()>,
}

pub fn planner_settings() -> Settings {
    Settings {
        lead: chrono::Duration::milliseconds(100),
        group_size: 2_000,
        grace: chrono::Duration::seconds(60),
        replay_limit: 100,
        queue: 10_000,
        undo: chrono::Duration::seconds(10),
        advance_separately: false,
    }
}

pub fn executor_settings() -> executor::Settings {
    executor::Settings {
        host_name: "box".into(),
        slots: 64,
        share: 32,
        queue: 100_000,
        drain: Duration::from_secs(5),
        lines_in_document: 1_000,
        hook_timeout: Duration::from_secs(2),
    }
}

impl Host {
    pub async fn start() -> Self {
        Self::start_on(Arc::new(Memory::new())).await
    }

    pub async fn start_on(database: Arc<dyn Database>) -> Self {
        Self::start_with(database, executor_settings()).await
    }

    pub async fn start_with(database: Arc<dyn Database>, settings: executor::Settings) -> Self {
        Self::start_by(Arc::new(SystemClock), database, settings, planner_settings()).await
    }

    /// With a script for a job that is due as soon as the host is up.
    pub async fn start_scripted(database: Arc<dyn Database>, job: JobId, script: Vec<Act>) -> Self {
        let runner = Arc::new(Scripted::default());
        runner.scripts.lock().insert(job, script);
        let clock = Arc::new(SystemClock);
        Self::start_running(clock, database, executor_settings(), planner_settings(), runner).await
    }

    /// Under a clock of the test's own.
    pub async fn start_by(
        clock: Arc<dyn Clock>,
        database: Arc<dyn Database>,
        settings: executor::Settings,
        planner: Settings,
    ) -> Self {
        Self::start_running(clock, database, settings, planner, Arc::default()).await
    }

    async fn start_running(
        clock: Arc<dyn Clock>,
        database: Arc<dyn Database>,
        settings: executor::Settings,
        planner: Settings,
        runner: Arc<Scripted>,
    ) -> Self {
        ensure_indexes(database.as_ref()).await.unwrap();
        let (templates, post) = (Arc::new(Ready::default()), Arc::new(Post::default()));
        let events = broadcast::channel(16).0;
        let (ended, ends) = mpsc::unbounded_channel();
        let executor = Executor::start(executor::Parts {
            settings,
            runner: runner.clone(),
            database: database.clone(),
            clock: clock.clone(),
            events: events.clone(),
            ended,
            deliver: post.clone(),
            templates: templates.clone(),
            lease: Arc::new(Lease::default()),
            figures: executor::Figures::default(),
            guests: Handle::current(),
        })
        .unwrap();
        let parts = Parts {
            settings: planner,
            database: database.clone(),
            starts: Arc::new(executor.clone()),
            templates: templates.clone(),
            effects: Arc::new(NoEffects),
            clock,
            events,
            host: Incarnation::generate(),
        };
        let (scheduler, _, thread) = start(parts, ends).await.unwrap();
        Self { scheduler, executor, runner, templates, post, database, thread }
    }

    pub fn script(&self, job: JobId, acts: impl Into<Vec<Act>>) {
        self.runner.scripts.lock().insert(job, acts.into());
    }

    pub async fn create(&self, job: Job) -> Job {
        self.scheduler.change(super::Change::Create(Box::new(job))).await.unwrap()
    }

    pub fn run_of(job: JobId) -> ManualRun {
        ManualRun {
            job,
            trigger: Trigger::Manual,
            parameters: None,
            force: false,
            triggered_by: "anna".into(),
            rerun_of: None,
            id: None,
        }
    }

    pub async fn trigger(&self, job: JobId) -> Execution {
        self.scheduler.trigger(Self::run_of(job)).await.unwrap()
    }

    pub async fn get(&self, id: ExecutionId) -> Execution {
        Executions::new(self.database.clone()).get(id).await.unwrap().unwrap()
    }

    /// All executions of a job, oldest first.
    pub async fn history(&self, job: JobId) -> Vec<Execution> {
        let find = Find::by(bson::doc! { "job_id": job.to_string() }).sorted(bson::doc! { "_id": 1 });
        let documents = collect(self.database.find(EXECUTIONS, find).await.unwrap()).await.unwrap();
        documents.iter().map(|document| execution_from_document(document).unwrap()).collect()
    }

    /// Waits until an execution is as wanted.
    pub async fn until(&self, id: ExecutionId, wanted: impl Fn(&Execution) -> bool) -> Execution {
        for _ in 0..2_000 {
            let execution = self.get(id).await;
            if wanted(&execution) {
                return execution;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not as wanted after 20 s: {:#?}", self.get(id).await);
    }

    pub async fn until_status(&self, id: ExecutionId, status: Status) -> Execution {
        self.until(id, |execution| execution.status == status).await
    }

    /// Ends well.
    pub async fn stop(self) -> Arc<dyn Database> {
        self.scheduler.stop().await.unwrap();
        self.executor.drain().await;
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap();
        self.database
    }
}
