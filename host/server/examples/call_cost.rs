//! What one run in the sandbox costs: CPU time of the whole process per run of `database_cleanup` on an empty collection.
//!
//! `cargo run --release -p sandglass --example call_cost [RUNS [TASKS]]`, after `cargo xtask plugins`. The database is in
//! memory, so that the sandbox and the gate are measured and not a store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use sandglass::capabilities::{Bounds, EmailClient, Folders, Gates, GrantTable, HttpClient, Parts};
use sandglass::config;
use sandglass::model::execution::Progress;
use sandglass::model::grant::{Grant, Limits, Right};
use sandglass::model::log::LogLine;
use sandglass::model::outcome::Outcome;
use sandglass::model::{Digest, ExecutionId, Incarnation, JobId, Lease, SystemClock};
use sandglass::repository::audit::Audit;
use sandglass::repository::{Keyring, Secrets};
use sandglass::sandbox::{Compiler, Run, Runner as _, Sandbox, Watcher};
use sandglass_database::memory::Memory;
use tokio_util::sync::CancellationToken;

struct Nobody;

impl Watcher for Nobody {
    fn log(&self, _line: LogLine) {}
    fn progress(&self, _progress: Progress) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let runs: u32 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let tasks: u32 = arguments.next().map_or(Ok(1), |text| text.parse())?;

    let database = Memory::new();
    let cache = tempfile::tempdir()?;
    let keys = config::Secrets { key: String::new(), previous_key: String::new() };
    let keyring = Keyring::read(&keys, cache.path())?;
    let grants = Arc::new(GrantTable::default());
    let settings = config::Sandbox {
        workers: 0,
        memory_bytes: 64 << 20,
        cpu_seconds: 10,
        parameters_bytes: 256 << 10,
        result_bytes: 1 << 20,
        log_bytes: 32 << 20,
        log_line_bytes: 8 << 10,
        batch_bytes: 1 << 20,
        batch_documents: 1_000,
        component_bytes: 32 << 20,
        compile_seconds: 60,
        compile_memory_bytes: 2 << 30,
        large_memory_bytes: 128 << 20,
        large_compile_seconds: 300,
        large_compile_memory_bytes: 4 << 30,
    };
    let data = tempfile::tempdir()?;
    let gates = Gates::new(Parts {
        database: Arc::new(database.clone()),
        connections: BTreeMap::new(),
        audit: Audit::start(Arc::new(database.clone()), Incarnation::generate()),
        grants: grants.clone(),
        http: HttpClient::new(&config::Http {
            allow_private_networks: false,
            allowed_networks: Vec::new(),
            requests: 100,
            body_bytes: 10 << 20,
            redirects: 5,
            timeout_seconds: 30,
        })?,
        email: EmailClient::default(),
        folders: Folders::open(
            &BTreeMap::new(),
            &config::Files { file_bytes: 1 << 20, files_per_run: 1 },
            data.path(),
            None,
        )?,
        secrets: Secrets::open(Arc::new(database.clone()), keyring).await?,
        bounds: Bounds { batch_bytes: 1 << 20, batch_documents: 1_000 },
        clock: Arc::new(SystemClock),
    });
    let sandbox =
        Sandbox::with_compiler(&settings, cache.path().to_owned(), gates, Arc::new(SystemClock), Compiler::InProcess)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/database_cleanup.wasm");
    let bytes = std::fs::read(&path).with_context(|| format!("{}: run `cargo xtask plugins` first", path.display()))?;
    let digest = sandbox.admit_built_in(&bytes).await?;
    grants.set(Grant {
        template_type: "database_cleanup".to_owned(),
        digest: digest.clone(),
        rights: vec![Right {
            capability: "documents".to_owned(),
            target: "*".to_owned(),
            access: vec!["read".to_owned(), "write".to_owned()],
            extra: None,
        }],
        limits: Limits::default(),
    });

    let Some(handle) = sandbox.handle() else { bail!("the sandbox has no threads") };
    let work = |runs: u32| {
        let (sandbox, digest) = (sandbox.clone(), digest.clone());
        handle.spawn(async move {
            for _ in 0..runs {
                let finished = sandbox.run(run(&digest)).await;
                if !matches!(finished.outcome, Outcome::Success(_)) {
                    bail!("a run did not succeed: {finished:?}");
                }
            }
            Ok(())
        })
    };
    work(1_000).await??;

    let (cpu, wall) = (process_cpu()?, Instant::now());
    let mut under_way = Vec::new();
    for _ in 0..tasks {
        under_way.push(work(runs / tasks));
    }
    for task in under_way {
        task.await??;
    }
    let done = f64::from(runs / tasks * tasks);
    let per_run = |time: Duration| time.as_secs_f64() * 1e6 / done;
    let (cpu, wall) = (per_run(process_cpu()?.saturating_sub(cpu)), per_run(wall.elapsed()));
    println!("{done} runs in {tasks} tasks: {cpu:.1} µs CPU, {wall:.1} µs wall a run");
    Ok(())
}

fn run(digest: &Digest) -> Run {
    Run {
        execution: ExecutionId::generate(),
        job: JobId::generate(),
        job_name: "cost".to_owned(),
        job_tags: Vec::new(),
        attempt: 1,
        template_type: "database_cleanup".to_owned(),
        digest: digest.clone(),
        parameters: Arc::from(r#"{"collection":"empty","conditions":{"state":"old"},"dry_run":true}"#),
        scheduled_for: chrono::DateTime::UNIX_EPOCH,
        timeout: Duration::from_secs(60),
        lease: Arc::new(Lease::default()),
        cancel: CancellationToken::new(),
        drain: CancellationToken::new(),
        watcher: Arc::new(Nobody),
    }
}

/// User and system time of this process, in the kernel's ticks of 10 ms.
fn process_cpu() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = text.rsplit_once(')').context("/proc/self/stat has another form than expected")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next =
        || fields.next().context("/proc/self/stat is too short")?.parse::<u64>().map_err(anyhow::Error::from);
    Ok(Duration::from_millis((next()? + next()?) * 10))
}
