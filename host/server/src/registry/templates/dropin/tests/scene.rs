//! A host whose components are JSON texts: what one says of itself is what its bytes say.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use parking_lot::Mutex;
use sandglass_database::Database;
use sandglass_database::memory::Memory;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::model::event::Event;
use crate::model::grant::{Grant, Limits, Right};
use crate::model::job::Hooks;
use crate::model::template::{Build, Metadata, Need, OnLost, Problem, Source, Template};
use crate::model::{Digest, Incarnation, Job, JobId, SystemClock};
use crate::registry::templates::dropin::{DropIn, DropInError, Parts};
use crate::registry::templates::{AdmitError, Components, Described, Shelf, TemplateView, Templates};
use crate::registry::{Grants, HostOffer, JobError};
use crate::repository::audit::Audit;
use crate::repository::{GrantStore, Jobs, TemplateFiles, TemplateStore};
use crate::scheduler::scene::job;
use crate::scheduler::{Change, ChangeError, Command, Scheduler};

pub const BUILT_IN: &str = "database_cleanup";
const READ: &str = "sandglass:documents/read.collection.find";

/// A component that asks to read `target`; its bytes.
pub fn component(name: &str, version: &str, target: &str) -> Value {
    json!({
        "name": name, "version": version, "imports": [READ], "schema": { "type": "object" },
        "needs": [{ "capability": "documents", "target": target, "access": "read", "reason": "To count.",
            "optional": false, "extra": null }],
    })
}

/// A template that needs each capability and imports these functions.
pub fn template(name: &str, capabilities: &[&str], imports: &[&str]) -> Template {
    let needs: Vec<Value> = capabilities
        .iter()
        .map(|capability| {
            json!({ "capability": capability, "target": "*", "access": "read", "reason": "", "optional": false })
        })
        .collect();
    let bytes = json!({ "name": name, "version": "1", "needs": needs, "imports": imports, "schema": {} }).to_string();
    let described = described(bytes.as_bytes()).unwrap();
    let Described { digest, metadata, schema, imports, size_bytes, .. } = described;
    Template { digest, metadata, schema, imports, size_bytes, built_in: false, admitted_at: DateTime::UNIX_EPOCH }
}

fn described(bytes: &[u8]) -> Result<Described, AdmitError> {
    let refused = || AdmitError::Refused("these bytes are no WebAssembly component".into());
    let said: Value = serde_json::from_slice(bytes).map_err(|_| refused())?;
    let text = |field: &str| said[field].as_str().map(str::to_owned).ok_or_else(refused);
    let metadata = Metadata {
        name: text("name")?,
        version: text("version")?,
        title: "Played".into(),
        description: String::new(),
        icon: String::new(),
        category: "Tests".into(),
        tags: Vec::new(),
        needs: serde_json::from_value::<Vec<Need>>(said["needs"].clone()).map_err(|_| refused())?,
        on_lost: OnLost::Retry,
        dry_run: None,
        extra: None,
    };
    let imports = serde_json::from_value(said["imports"].clone()).map_err(|_| refused())?;
    let (digest, size_bytes) = (Digest::of(bytes), bytes.len() as u64);
    Ok(Described { digest, metadata, schema: said["schema"].clone(), imports, has_wasi: false, size_bytes })
}

/// Components as their bytes say.
#[derive(Default)]
pub struct Played {
    loaded: Mutex<HashSet<Digest>>,
    is_other: bool,
    held: Option<Arc<Held>>,
}

/// Holds a component up that is asked about parameters with `slow` in them.
#[derive(Default)]
pub struct Held {
    pub asked: Notify,
    pub go: Notify,
}

impl Played {
    /// Components that say something else of themselves than their bytes.
    pub fn otherwise() -> Self {
        Self { is_other: true, ..Self::default() }
    }

    /// Components that take their time, once.
    pub fn held(held: Arc<Held>) -> Self {
        Self { held: Some(held), ..Self::default() }
    }
}

#[async_trait]
impl Components for Played {
    async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        let mut described = described(bytes)?;
        if self.is_other {
            described.metadata.version.push_str(" or so");
        }
        self.loaded.lock().insert(described.digest.clone());
        Ok(described)
    }

    async fn admit_foreign(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        self.admit(bytes).await
    }

    fn forget(&self, digest: &Digest) {
        self.loaded.lock().remove(digest);
    }

    async fn validate(&self, _: &Digest, parameters: &str) -> Result<Vec<Problem>, AdmitError> {
        if let Some(held) = self.held.as_ref().filter(|_| parameters.contains("slow")) {
            held.asked.notify_one();
            held.go.notified().await;
            // Whoever asks again is not held.
            held.go.notify_one();
        }
        let refuses = parameters.contains("unwelcome");
        let problem = || Problem { pointer: "/a".into(), code: "template".into(), message: "is not welcome".into() };
        Ok(refuses.then(problem).into_iter().collect())
    }

    fn is_loaded(&self, digest: &Digest) -> bool {
        self.loaded.lock().contains(digest)
    }

    fn build(&self, _: &Digest) -> Option<Build> {
        None
    }
}

/// What outlives a start.
pub struct Scene {
    pub database: Arc<dyn Database>,
    pub folder: TempDir,
}

/// A host that has started on it.
pub struct Host {
    pub templates: Arc<Templates>,
    pub drop_in: DropIn,
    pub events: broadcast::Receiver<Event>,
    database: Arc<dyn Database>,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        Self { database: Arc::new(Memory::new()), folder }
    }

    pub fn templates(&self) -> std::path::PathBuf {
        self.folder.path().join("templates")
    }

    pub async fn start(&self) -> Host {
        self.start_with(Played::default()).await
    }

    pub async fn start_with(&self, played: Played) -> Host {
        let database = self.database.clone();
        let clock = Arc::new(SystemClock);
        let templates = Arc::new(Templates::new(Arc::new(played), database.clone(), clock.clone()));
        let built_in = component(BUILT_IN, "1", "*").to_string();
        templates.admit_built_in(&[(BUILT_IN, built_in.as_bytes())]).await.unwrap();
        let shelf = Shelf::open(self.folder.path().join("components")).unwrap();
        let jobs = Jobs::new(database.clone());
        templates.restore(&shelf, &jobs, &BTreeSet::new()).await.unwrap();
        templates.sweep(&shelf, &jobs, &BTreeSet::new()).await.unwrap();
        let audit = Audit::start(database.clone(), Incarnation::generate());
        audit.prepare().await.unwrap();
        let (commands, received) = mpsc::channel(8);
        tokio::spawn(plan(received, database.clone()));
        let (sender, events) = broadcast::channel(64);
        let drop_in = DropIn::new(Parts {
            templates: templates.clone(),
            shelf,
            folder: Some(self.templates()),
            component_bytes: 4_096,
            files: TemplateFiles::new(database.clone()),
            jobs,
            scheduler: Scheduler::new(commands),
            audit,
            events: sender,
            clock,
        });
        Host { templates, drop_in, events, database }
    }
}

/// The planner, as far as edits go.
async fn plan(mut commands: mpsc::Receiver<Command>, database: Arc<dyn Database>) {
    while let Some(command) = commands.recv().await {
        let Command::Change { change: Change::Save { job, expected }, answer } = command else { continue };
        let seen = expected.unwrap_or_default();
        let saved = Job { version: seen + 1, ..*job };
        let outcome = database.bulk(vec![vec![Jobs::save(&saved, seen)]]).await;
        drop(answer.send(outcome.map(|_| saved).map_err(|error| ChangeError::Store(error.into()))));
    }
}

impl Host {
    pub async fn install(&self, component: &Value) -> Result<TemplateView, DropInError> {
        self.drop_in.install(component.to_string().into_bytes(), Source::Upload, "admin").await
    }

    /// What an operator grants.
    pub async fn grant(&self, digest: &Digest, target: &str) -> Grant {
        let right =
            Right { capability: "documents".into(), target: target.into(), access: vec!["read".into()], extra: None };
        let grant = Grant {
            template_type: self.templates.of_digest(digest).unwrap().template.metadata.name,
            digest: digest.clone(),
            rights: vec![right],
            limits: Limits::default(),
        };
        GrantStore::new(self.database.clone()).put(&grant).await.unwrap();
        self.templates.state.write().grants.insert(digest.clone(), Arc::new(grant.clone()));
        grant
    }

    /// A stored job of the template in force.
    pub async fn job(&self, template_type: &str, parameters: Value) -> JobId {
        self.job_with(template_type, parameters, Hooks::default()).await
    }

    /// As [`job`](Self::job), with hooks.
    pub async fn job_with(&self, template_type: &str, parameters: Value, hooks: Hooks) -> JobId {
        let mut job = job();
        job.hooks = hooks;
        job.id = JobId::generate();
        job.template_type = template_type.to_owned();
        job.template_digest = self.templates.in_force(template_type);
        job.parameters = parameters;
        self.database.bulk(vec![vec![Jobs::insert(&job)]]).await.unwrap();
        job.id
    }

    /// Edits a job's parameters, as a person does.
    pub async fn edit(&self, job: JobId, parameters: Value) -> Result<Job, JobError> {
        let parts = &self.drop_in.0.parts;
        let jobs = crate::registry::Jobs::new(
            parts.scheduler.clone(),
            self.templates.clone(),
            parts.jobs.clone(),
            parts.audit.clone(),
            parts.clock.clone(),
        );
        jobs.change(job, &json!({ "parameters": parameters }), None, "admin").await
    }

    /// Grants as people set them.
    pub fn grants(&self) -> Grants {
        let parts = &self.drop_in.0.parts;
        let (stored, offer) = (GrantStore::new(self.database.clone()), HostOffer::default());
        Grants::new(
            self.templates.clone(),
            stored,
            parts.audit.clone(),
            parts.events.clone(),
            parts.clock.clone(),
            offer,
        )
    }

    pub async fn stored_job(&self, job: JobId) -> Job {
        Jobs::new(self.database.clone()).get(job).await.unwrap().unwrap()
    }

    pub async fn digest_of(&self, job: JobId) -> Digest {
        Jobs::new(self.database.clone()).get(job).await.unwrap().unwrap().template_digest.unwrap()
    }

    /// What stands on record of a digest: its state, and why.
    pub async fn on_record(&self, digest: &Digest) -> (String, Option<String>) {
        let stored = TemplateStore::new(self.database.clone()).dropped_in().await.unwrap();
        let stored = stored.into_iter().find(|stored| stored.template.digest == *digest).unwrap();
        (json!(stored.stand.standing).as_str().unwrap().to_owned(), stored.stand.reason)
    }
}

pub fn write(folder: &Path, file: &str, component: &Value) {
    std::fs::write(folder.join(file), component.to_string()).unwrap();
}
