//! A sandbox with all that it needs, as small as it gets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sandglass::capabilities::{Bounds, EmailClient, Folders, Gates, GrantTable, HttpClient, Parts};
use sandglass::config;
use sandglass::model::audit::EffectRecord;
use sandglass::model::execution::Progress;
use sandglass::model::grant::{Grant, Limits, Right};
use sandglass::model::log::LogLine;
use sandglass::model::outcome::{Finished, Outcome};
use sandglass::model::{Digest, ExecutionId, Incarnation, JobId, Lease, SystemClock};
use sandglass::repository::audit::Audit;
use sandglass::repository::{Keyring, NewSecret, Secrets};
use sandglass::sandbox::{Compiler, Run, Runner as _, Sandbox, Watcher};
use sandglass_database::Database;
use sandglass_database::memory::Memory;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Everything but the components.
pub struct World {
    pub sandbox: Sandbox,
    pub grants: Arc<GrantTable>,
    pub database: Memory,
    pub audit: Audit,
    pub host: Incarnation,
    /// The data directory, with the folders `exports` and `backups`.
    pub data: TempDir,
}

/// What a run says while it lasts.
#[derive(Default)]
pub struct Heard {
    pub lines: Mutex<Vec<LogLine>>,
    pub progress: Mutex<Vec<Progress>>,
    pub reads: Mutex<Vec<EffectRecord>>,
}

impl Watcher for Heard {
    fn log(&self, line: LogLine) {
        self.lines.lock().push(line);
    }

    fn progress(&self, progress: Progress) {
        self.progress.lock().push(progress);
    }

    fn reads(&self, sums: Vec<EffectRecord>) {
        self.reads.lock().extend(sums);
    }
}

pub fn settings() -> config::Sandbox {
    config::Sandbox {
        workers: 2,
        memory_bytes: 64 << 20,
        cpu_seconds: 10,
        parameters_bytes: 256 << 10,
        result_bytes: 1 << 20,
        log_bytes: 1 << 20,
        log_line_bytes: 8 << 10,
        batch_bytes: 1 << 20,
        batch_documents: 1_000,
        component_bytes: 32 << 20,
        compile_seconds: 60,
        compile_memory_bytes: 2 << 30,
        large_memory_bytes: 128 << 20,
        large_compile_seconds: 300,
        large_compile_memory_bytes: 4 << 30,
    }
}

pub fn http(allowed_networks: &[&str]) -> config::Http {
    config::Http {
        allow_private_networks: false,
        allowed_networks: allowed_networks.iter().map(|network| (*network).to_owned()).collect(),
        requests: 100,
        body_bytes: 10 << 20,
        redirects: 5,
        timeout_seconds: 30,
    }
}

/// The folders of a server that nobody has configured, but smaller.
pub fn folders(data_dir: &Path) -> Folders {
    let folder = config::Folder::default;
    let folders = ["exports", "backups"].map(|label| (label.to_owned(), folder()));
    Folders::open(&folders.into(), &config::Files { file_bytes: 1 << 20, files_per_run: 100 }, data_dir, None).unwrap()
}

/// The program whose hidden subcommand compiles.
pub fn program() -> Compiler {
    Compiler::Child(PathBuf::from(env!("CARGO_BIN_EXE_sandglass")))
}

/// A component that `cargo xtask plugins` built.
pub fn component(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins").join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask plugins` first", path.display()))
}

/// The parts of a sandbox with a database and grants of its own.
pub fn gates(http: &config::Http, data_dir: &Path) -> (Gates, Arc<GrantTable>, Memory, Audit, Incarnation) {
    let database = Memory::new();
    let (gates, grants, audit, host) = gates_over(Arc::new(database.clone()), http, data_dir);
    (gates, grants, database, audit, host)
}

/// As [`gates`], over another engine.
pub fn gates_over(
    database: Arc<dyn Database>,
    http: &config::Http,
    data_dir: &Path,
) -> (Gates, Arc<GrantTable>, Audit, Incarnation) {
    gates_with(database, HttpClient::new(http).unwrap(), data_dir, EmailClient::default())
}

fn gates_with(
    database: Arc<dyn Database>,
    http: HttpClient,
    data_dir: &Path,
    email: EmailClient,
) -> (Gates, Arc<GrantTable>, Audit, Incarnation) {
    let host = Incarnation::generate();
    let audit = Audit::start(database.clone(), host.clone());
    let grants = Arc::new(GrantTable::default());
    let secrets = futures::executor::block_on(secrets(database.clone()));
    let gates = Gates::new(Parts {
        database,
        connections: BTreeMap::new(),
        audit: audit.clone(),
        grants: grants.clone(),
        http,
        folders: folders(data_dir),
        email,
        secrets,
        bounds: Bounds { batch_bytes: settings().batch_bytes, batch_documents: settings().batch_documents },
        clock: Arc::new(SystemClock),
    });
    (gates, grants, audit, host)
}

/// Secrets in that database, under a key of these tests.
async fn secrets(database: Arc<dyn Database>) -> Secrets {
    let key = config::Secrets { key: "5e".repeat(32), previous_key: String::new() };
    Secrets::open(database, Keyring::read(&key, Path::new("/nonexistent")).unwrap()).await.unwrap()
}

/// Compiled components, kept between runs of the tests: compiling itself is tested elsewhere.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("components")
}

impl World {
    pub fn new() -> Self {
        Self::with(&settings(), &http(&[]))
    }

    pub fn with(settings: &config::Sandbox, http: &config::Http) -> Self {
        Self::with_client(settings, HttpClient::new(http).unwrap())
    }

    pub fn with_client(settings: &config::Sandbox, client: HttpClient) -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = Memory::new();
        let (gates, grants, audit, host) =
            gates_with(Arc::new(database.clone()), client, data.path(), EmailClient::default());
        Self::made_of(settings, (gates, grants, database, audit, host), data)
    }

    /// With identities.
    pub fn with_email(email: &config::Email) -> Self {
        let database = Memory::new();
        let (client, http) = (EmailClient::new(email).unwrap(), HttpClient::new(&http(&[])).unwrap());
        let data = tempfile::tempdir().unwrap();
        let (gates, grants, audit, host) = gates_with(Arc::new(database.clone()), http, data.path(), client);
        Self::made_of(&settings(), (gates, grants, database, audit, host), data)
    }

    fn made_of(
        settings: &config::Sandbox,
        parts: (Gates, Arc<GrantTable>, Memory, Audit, Incarnation),
        data: tempfile::TempDir,
    ) -> Self {
        let (gates, grants, database, audit, host) = parts;
        let sandbox = Sandbox::with_compiler(settings, cache(), gates, Arc::new(SystemClock), program()).unwrap();
        Self { sandbox, grants, database, audit, host, data }
    }

    /// Loads a component and grants it what it needs in these tests: `(capability, target, access)`.
    pub async fn load(&self, name: &str, rights: &[(&str, &str, &str)]) -> Template {
        self.load_bytes(&component(name), rights).await
    }

    /// As [`load`](Self::load), of bytes.
    pub async fn load_bytes(&self, bytes: &[u8], rights: &[(&str, &str, &str)]) -> Template {
        let digest = self.sandbox.admit(bytes).await.unwrap();
        let template = Template { name: self.sandbox.describe(&digest).await.unwrap().name, digest };
        self.grant(&template, rights, Limits::default());
        template
    }

    /// The secrets of this world.
    pub async fn secrets(&self) -> Secrets {
        secrets(Arc::new(self.database.clone())).await
    }

    /// Sets a secret that may go to `hosts`; anywhere, if there is none.
    pub async fn secret(&self, label: &str, text: &str, hosts: &[&str]) {
        let new = NewSecret {
            label: label.parse().unwrap(),
            text: text.to_owned().into(),
            description: None,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        };
        self.secrets().await.set(&new, "test", chrono::DateTime::UNIX_EPOCH).await.unwrap();
    }

    pub fn grant(&self, template: &Template, rights: &[(&str, &str, &str)], limits: Limits) {
        let right = |(capability, target, access): &(&str, &str, &str)| Right {
            capability: (*capability).to_owned(),
            target: (*target).to_owned(),
            access: access.split(' ').map(str::to_owned).collect(),
            extra: None,
        };
        self.grants.set(Grant {
            template_type: template.name.clone(),
            digest: template.digest.clone(),
            rights: rights.iter().map(right).collect(),
            limits,
        });
    }

    /// Runs and waits for the end.
    pub async fn run(&self, template: &Template, parameters: Value) -> (Finished, Arc<Heard>) {
        let (run, heard) = template.run(parameters);
        (self.sandbox.run(run).await, heard)
    }

    /// The answers of the probe, one a step.
    pub async fn probe(&self, template: &Template, parameters: Value) -> Vec<Value> {
        let (finished, _) = self.run(template, parameters).await;
        answers(&finished)
    }
}

/// A component that was loaded.
#[derive(Clone)]
pub struct Template {
    pub name: String,
    pub digest: Digest,
}

impl Template {
    /// A run with a minute of time.
    pub fn run(&self, parameters: Value) -> (Run, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let run = Run {
            execution: ExecutionId::generate(),
            job: JobId::generate(),
            job_name: "a job".to_owned(),
            job_tags: vec!["tag".to_owned()],
            attempt: 1,
            template_type: self.name.clone(),
            digest: self.digest.clone(),
            parameters: parameters.to_string().into(),
            scheduled_for: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            timeout: Duration::from_secs(60),
            lease: Arc::new(Lease::default()),
            cancel: CancellationToken::new(),
            drain: CancellationToken::new(),
            watcher: heard.clone(),
        };
        (run, heard)
    }
}

/// What the probe reports, one a step.
pub fn answers(finished: &Finished) -> Vec<Value> {
    match &finished.outcome {
        Outcome::Success(result) => result.details["answers"].as_array().unwrap().clone(),
        other => panic!("the probe did not get to its end: {other:?}"),
    }
}

/// The reason of a step that was refused.
pub fn reason(answer: &Value) -> &str {
    answer["error"]["reason"].as_str().unwrap_or_else(|| panic!("not refused: {answer}"))
}

/// A step that counts.
pub fn count(collection: &str) -> Value {
    json!({ "op": "count", "collection": collection })
}
