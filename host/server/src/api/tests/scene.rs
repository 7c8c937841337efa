//! A host whose templates are played by this file, and requests to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bson::doc;
use prometheus_client::registry::Registry;
use sandglass_database::Database;
use sandglass_database::memory::Memory;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::api::{ApiState, Metrics, PublicAddress, router};
use crate::executor::{self, Deliver, EffectsSeen, Executor, HttpAnswer, HttpCall, Message, Undelivered};
use crate::model::event::Event;
use crate::model::log::{Level, LogLine};
use crate::model::outcome::{Finished, Metrics as Used, Outcome, RunResult};
use crate::model::template::{Build, Metadata, Need, OnLost, Problem};
use crate::model::{Clock, Digest, ExecutionId, Incarnation, Lease, SystemClock};
use crate::registry::{
    self, Access, AccessParts, AdmitError, Components, Described, DropIn, DropInParts, Jobs, Shelf, Templates,
};
use crate::repository::audit::Audit;
use crate::repository::{self, Counters, Executions, Keyring, RequestStore, Secrets, TemplateFiles, ensure_indexes};
use crate::sandbox::{Run, Runner};
use crate::scheduler;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const BASE: &str = "/api/admin/scheduler";

pub struct Scene {
    pub router: Router,
    pub database: Arc<dyn Database>,
    pub stopping: CancellationToken,
    /// What watchers are told.
    pub events: broadcast::Receiver<Event>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Scene {
    pub async fn start() -> Self {
        let (state, database) = Self::state().await;
        Self::on(state, database)
    }

    /// On what a test has changed.
    pub fn on(state: ApiState, database: Arc<dyn Database>) -> Self {
        let (stopping, events) = (state.stopping.clone(), state.events.subscribe());
        Self { router: router(state), database, stopping, events }
    }

    /// What the router stands on.
    pub async fn state() -> (ApiState, Arc<dyn Database>) {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        ensure_indexes(&*database).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let host = Incarnation::generate();
        let events = broadcast::channel(64).0;
        let templates = Arc::new(Templates::new(Arc::new(Played), database.clone(), clock.clone()));
        templates.admit_built_in(&[("database_cleanup", b"database_cleanup")]).await.unwrap();
        let audit = Audit::start(database.clone(), host.clone());
        audit.prepare().await.unwrap();
        // Kept as long as the test's process: the scene does not own it.
        let shelf = tempfile::tempdir().unwrap().keep();
        let (ended, ends) = mpsc::unbounded_channel();
        let figures = executor::Figures::default();
        let mut measured = Registry::default();
        figures.register(&mut measured);
        let executor = Executor::start(executor::Parts {
            settings: scheduler::scene::executor_settings(),
            runner: Arc::new(Played),
            database: database.clone(),
            clock: clock.clone(),
            events: events.clone(),
            ended,
            deliver: Arc::new(Nobody),
            templates: templates.clone(),
            lease: Arc::new(Lease::default()),
            figures: figures.clone(),
            guests: Handle::current(),
        })
        .unwrap();
        let parts = scheduler::Parts {
            settings: scheduler::scene::planner_settings(),
            database: database.clone(),
            starts: Arc::new(executor.clone()),
            templates: templates.clone(),
            effects: Arc::new(Nobody),
            clock: clock.clone(),
            events: events.clone(),
            host,
        };
        let (scheduler, ..) = scheduler::start(parts, ends).await.unwrap();
        let stored_jobs = repository::Jobs::new(database.clone());
        let key = crate::config::Secrets { key: "5e".repeat(32), previous_key: String::new() };
        let keyring = Keyring::read(&key, std::path::Path::new("/nonexistent")).unwrap();
        let secrets = Secrets::open(database.clone(), keyring).await.unwrap();
        let admin = Some(Sha256::digest(TOKEN).into());
        let parts = AccessParts { database: database.clone(), audit: audit.clone(), clock: clock.clone(), admin };
        let access = Access::open(parts).await.unwrap();
        let state = ApiState {
            jobs: Jobs::new(scheduler.clone(), templates.clone(), stored_jobs.clone(), audit.clone(), clock.clone()),
            scheduler: scheduler.clone(),
            secrets: registry::Secrets::new(
                secrets,
                stored_jobs.clone(),
                templates.clone(),
                vec![("ops".to_owned(), "smtp".to_owned())],
                audit.clone(),
                clock.clone(),
            ),
            grants: registry::Grants::new(
                templates.clone(),
                repository::GrantStore::new(database.clone()),
                audit.clone(),
                events.clone(),
                clock.clone(),
                registry::HostOffer::default(),
            ),
            uses: registry::UseReader {
                templates: templates.clone(),
                jobs: stored_jobs.clone(),
                executions: Executions::new(database.clone()),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            stored_jobs: stored_jobs.clone(),
            executions: Executions::new(database.clone()),
            counters: Counters::new(database.clone()),
            drop_in: DropIn::new(DropInParts {
                templates: templates.clone(),
                shelf: Shelf::open(shelf.join("components")).unwrap(),
                folder: None,
                component_bytes: 1 << 20,
                files: TemplateFiles::new(database.clone()),
                jobs: stored_jobs.clone(),
                scheduler: scheduler.clone(),
                audit: audit.clone(),
                events: events.clone(),
                clock: clock.clone(),
            }),
            templates,
            audit,
            requests: RequestStore::new(database.clone()),
            database: database.clone(),
            events,
            access,
            address: PublicAddress::default(),
            metrics: Metrics::new(measured),
            load: Arc::new(move || executor.load()),
            clock,
            host: "box".into(),
            stopping: CancellationToken::new(),
            body_limit_bytes: 262_144,
            request_timeout: Duration::from_secs(60),
        };
        (state, database)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json, text }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    pub async fn call_with(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut request = authorised(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        };
        self.send(request.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A stored job that is due once an hour; gives its id.
    pub async fn job(&self) -> String {
        let answer = self.post("/jobs", sample()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    /// An execution that has ended well; gives its id.
    pub async fn execution(&self) -> String {
        let job = self.job().await;
        let answer = self.post(&format!("/jobs/{job}/run?wait=30"), json!({})).await;
        assert_eq!(answer.json["status"], "success", "{}", answer.text);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    pub async fn audited(&self, action: &str) -> u64 {
        self.database.count("sandglass_audit", doc! { "action": action }).await.unwrap()
    }
}

/// A path beginning with `!` is absolute; others stand below the base.
pub fn authorised(method: Method, path: &str) -> axum::http::request::Builder {
    let uri = path.strip_prefix('!').map_or_else(|| format!("{BASE}{path}"), str::to_owned);
    Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {TOKEN}"))
}

/// The body of the customer's own test.
pub fn sample() -> Value {
    json!({
        "name": "Test Cleanup Job",
        "template_type": "database_cleanup",
        "parameters": {"collection": "logs", "days_old": 30, "date_field": "created_at"},
        "schedule": {"type": "interval", "interval_seconds": 3600}
    })
}

/// Plays sandbox and guests.
struct Played;

#[async_trait]
impl Components for Played {
    async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        let name = String::from_utf8_lossy(bytes).into_owned();
        let need = Need {
            capability: "documents".into(),
            target: "param:/collection".into(),
            access: "write".into(),
            reason: "deletes what is old".into(),
            optional: false,
            extra: None,
        };
        let metadata = Metadata {
            name,
            version: "1.0.0".into(),
            title: "Database cleanup".into(),
            description: "Deletes old documents".into(),
            icon: "🧹".into(),
            category: "Database".into(),
            tags: vec!["database".into()],
            needs: vec![need],
            on_lost: OnLost::Retry,
            dry_run: Some("/dry_run".into()),
            extra: None,
        };
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["collection"],
            "properties": {
                "collection": {"type": "string", "minLength": 1},
                "days_old": {"type": "integer", "minimum": 1},
                "date_field": {"type": "string", "default": "created_at"},
                "dry_run": {"type": "boolean", "default": true},
            }
        });
        let imports = vec!["sandglass:documents/write.delete".into()];
        let (digest, size_bytes) = (Digest::of(bytes), bytes.len() as u64);
        Ok(Described { digest, metadata, schema, imports, has_wasi: false, size_bytes })
    }

    async fn admit_foreign(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        self.admit(bytes).await
    }

    fn forget(&self, _: &Digest) {}

    async fn validate(&self, _: &Digest, parameters: &str) -> Result<Vec<Problem>, AdmitError> {
        let parameters: Value = serde_json::from_str(parameters).unwrap();
        let own = parameters["collection"] == "dynamic_jobs";
        let problem = Problem {
            pointer: "/collection".into(),
            code: "not_allowed".into(),
            message: "this collection belongs to Sandglass".into(),
        };
        Ok(if own { vec![problem] } else { Vec::new() })
    }

    fn is_loaded(&self, _: &Digest) -> bool {
        true
    }

    fn build(&self, _: &Digest) -> Option<Build> {
        None
    }
}

#[async_trait]
impl Runner for Played {
    /// Says three lines and succeeds; in the collection `slow` it goes on until it is told to stop.
    async fn run(&self, run: Run) -> Finished {
        for (level, message) in [(Level::Debug, "begin"), (Level::Info, "work"), (Level::Warning, "end")] {
            run.watcher.log(LogLine { timestamp: SystemClock.now(), level, message: message.into() });
        }
        if run.parameters.contains("slow") {
            run.cancel.cancelled().await;
            return Finished { outcome: Outcome::Cancelled, metrics: Used::default() };
        }
        let result = RunResult {
            status: "success".into(),
            message: "3 documents would go".into(),
            details: json!({"matched": 3}),
            records_processed: 3,
            records_affected: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        Finished { outcome: Outcome::Success(result), metrics: Used::default() }
    }
}

/// Neither sends anything nor has effects.
struct Nobody;

#[async_trait]
impl Deliver for Nobody {
    async fn http(&self, _: HttpCall) -> Result<HttpAnswer, String> {
        Err("nobody is there".into())
    }

    async fn email(&self, _: Message) -> Result<(), Undelivered> {
        Err(Undelivered::ForGood("nobody is there".into()))
    }
}

#[async_trait]
impl EffectsSeen for Nobody {
    async fn any_write(&self, _: ExecutionId, _: u32) -> sandglass_database::Result<bool> {
        Ok(false)
    }
}
