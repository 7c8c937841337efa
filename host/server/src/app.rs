//! Puts the rooms together, in the order in which they need each other, and takes them apart again. The only file
//! that knows all of them.

mod anchor;
mod built_in;
mod entrance;
mod owner;
mod ports;
pub(crate) mod store;
mod token;

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use sandglass_database::Database;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::api::{ApiState, Metrics, Service};
use crate::capabilities::files::Books;
use crate::capabilities::{Bounds, DEFAULT_CONNECTION, EmailClient, Folders, Gates, HttpClient, Parts as GateParts};
use crate::config::Config;
use crate::executor::{self, Executor};
use crate::model::{Clock, Incarnation, Lease, SystemClock};
use crate::registry::{self, DropIn, DropInParts, Jobs, SandboxComponents, Shelf, Templates};
use crate::repository;
use crate::repository::audit::Audit;
use crate::repository::{Keyring, Owner, Secrets};
use crate::sandbox::Sandbox;
use crate::scheduler::{self, Scheduler};
use store::Store;

/// Events that a slow watcher may be behind before it misses some.
const EVENTS: usize = 4_096;

/// For requests that are on their way when the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The server could not be put together, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{what}: {reason}")]
    Setup { what: &'static str, reason: String },
    #[error("the token file {file}: {reason}")]
    Token { file: PathBuf, reason: String },
    #[error("{address} cannot be listened on: {reason}. Is another server running? --listen takes another address")]
    Listen { address: SocketAddr, reason: String },
    #[error("the store failed and nothing more can be written: {0}")]
    StoreFailed(String),
}

impl AppError {
    fn setup(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Setup { what, reason: reason.to_string() }
    }
}

/// A server that is ready to answer.
pub struct App {
    database: Arc<dyn Database>,
    holding: Option<owner::Holding>,
    executor: Executor,
    scheduler: Scheduler,
    planner: JoinHandle<()>,
    audit: Audit,
    anchor: anchor::Anchor,
    listener: TcpListener,
    address: SocketAddr,
    service: Service,
    new_token: Option<Zeroizing<String>>,
    setup: Option<Zeroizing<String>>,
    stop: CancellationToken,
    store_failed: oneshot::Receiver<String>,
}

impl App {
    /// Puts everything together: opens the store, admits the built-in templates, settles what a former process left
    /// behind, and starts the planner. Nothing is answered yet.
    ///
    /// # Errors
    /// What could not be made, and why.
    pub async fn start(config: Config) -> Result<Self, AppError> {
        install_tls();
        own_folder(&config.data_dir).map_err(|error| AppError::setup("make the data directory")(&error))?;
        // Before anything runs: a port that is taken should not cost a start.
        let listener = listen(config.server.listen).await?;
        let address = listener.local_addr().map_err(|error| AppError::setup("listen")(&error))?;

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let host = Incarnation::generate();
        let host_name = host_name();
        let store = Store::open(&config).await.map_err(|error| AppError::setup("open the database")(&error))?;
        let database = store.database();
        // On the embedded engine one host owns the store for as long as it lives: its lease never ends.
        let lease = Arc::new(Lease::default());
        let (failed, store_failed) = oneshot::channel();
        let holding = match &store {
            Store::Embedded(embedded) => {
                embedded.on_fatal(move |reason| drop(failed.send(reason)));
                None
            }
            Store::Mongo(_) => {
                let owner = Owner::new(database.clone(), host.clone(), host_name.clone(), owner::process::own());
                let hold = owner::Hold { owner, lease: lease.clone(), clock: clock.clone() };
                let holding = owner::Holding::begin(hold, failed).await;
                Some(holding.map_err(|error| AppError::setup("have the database to itself")(&error))?)
            }
        };
        let connections =
            store::connections(&config).await.map_err(|error| AppError::setup("open the connections")(&error))?;
        let offered: Vec<String> = connections.keys().cloned().chain([DEFAULT_CONNECTION.to_owned()]).collect();
        repository::ensure_indexes(&*database).await.map_err(|error| AppError::setup("make the indexes")(&error))?;
        let audit = Audit::start(database.clone(), host.clone());
        audit.prepare().await.map_err(|error| AppError::setup("prepare the audit")(&error))?;
        let entrance = entrance::open(&config, address, &database, &audit, &clock).await?;

        let keyring = Keyring::read(&config.secrets, &config.data_dir);
        let keyring = keyring.map_err(|error| AppError::setup("read the key of the secrets")(&error))?;
        let secrets = Secrets::open(database.clone(), keyring).await;
        let secrets = secrets.map_err(|error| AppError::setup("open the secrets")(&error))?;
        let folders = Folders::open(&config.folders, &config.files, &config.data_dir, Some(&secrets))
            .map_err(|error| AppError::setup("set up the folders")(&error))?;
        for fault in folders.key_faults().await {
            warn!("a folder cannot be used: {fault}");
        }
        let email = EmailClient::new(&config.email).map_err(|error| AppError::setup("set up e-mail")(&error))?;
        for fault in email.sign_in_faults(&secrets).await {
            warn!("no mail can be sent: {fault}");
        }
        let anchor = anchor::Anchor {
            hosts: repository::Hosts::new(database.clone()),
            host: host.clone(),
            audit: audit.clone(),
            clock: clock.clone(),
        };
        anchor
            .hosts
            .begin(&host, &host_name, clock.now())
            .await
            .map_err(|error| AppError::setup("note this host's start")(&error))?;

        let grants = Arc::new(ports::GrantsInForce::default());
        let gates = Gates::new(GateParts {
            database: database.clone(),
            connections,
            audit: audit.clone(),
            grants: grants.clone(),
            http: HttpClient::new(&config.http).map_err(|error| AppError::setup("make the HTTP client")(&error))?,
            folders: folders.clone(),
            email,
            secrets: secrets.clone(),
            bounds: Bounds { batch_bytes: config.sandbox.batch_bytes, batch_documents: config.sandbox.batch_documents },
            clock: clock.clone(),
        });
        let cache = config.data_dir.join("components");
        let shelf = Shelf::open(cache.clone()).map_err(|error| AppError::setup("open the kept components")(&error))?;
        let sandbox = Sandbox::new(&config.sandbox, cache, gates.clone(), clock.clone())
            .map_err(|error| AppError::setup("make the sandbox")(&error))?;
        let components = Arc::new(SandboxComponents(Arc::new(sandbox.clone())));
        let templates = Arc::new(Templates::new(components, database.clone(), clock.clone()));
        grants.follow(templates.clone());
        if built_in::COMPONENTS.is_empty() {
            warn!(
                "this binary holds no components: cargo xtask plugins builds them, and a build after it takes them in"
            );
        }
        templates
            .admit_built_in(built_in::COMPONENTS)
            .await
            .map_err(|error| AppError::setup("admit the built-in templates")(&error))?;
        let stored_jobs = repository::Jobs::new(database.clone());
        let stored = repository::Executions::new(database.clone());
        let brought_back = AppError::setup("bring back the templates that were dropped in");
        let unfinished = stored.unfinished_digests().await.map_err(|error| brought_back(&error))?;
        templates.restore(&shelf, &stored_jobs, &unfinished).await.map_err(|error| brought_back(&error))?;
        templates
            .sweep(&shelf, &stored_jobs, &unfinished)
            .await
            .map_err(|error| AppError::setup("look through the kept components")(&error))?;
        let folder =
            templates_folder(&config).map_err(|error| AppError::setup("make the folder of templates")(&error))?;

        let books = Books { audit: audit.clone(), clock: clock.clone() };
        folders
            .settle_former(&stored, &books)
            .await
            .map_err(|error| AppError::setup("settle what ended attempts left")(&error))?;

        let (events, _) = broadcast::channel(EVENTS);
        let (ends, ended) = mpsc::unbounded_channel();
        let guests = sandbox.handle().ok_or_else(|| AppError::setup("make the sandbox")(&"it has no threads"))?;
        let figures = executor::Figures::default();
        let mut measured = prometheus_client::registry::Registry::default();
        figures.register(&mut measured);
        let executor = Executor::start(executor::Parts {
            settings: executor::Settings::of(&config.execution, host_name.clone()),
            runner: Arc::new(sandbox),
            database: database.clone(),
            clock: clock.clone(),
            events: events.clone(),
            ended: ends,
            deliver: Arc::new(ports::Post(gates)),
            templates: templates.clone(),
            lease,
            figures: figures.clone(),
            guests,
        })
        .map_err(|error| AppError::setup("start the executor")(&error))?;
        let parts = scheduler::Parts {
            settings: scheduler::Settings {
                advance_separately: !store.is_embedded(),
                ..scheduler::Settings::of(&config.scheduler)
            },
            database: database.clone(),
            starts: Arc::new(executor.clone()),
            templates: templates.clone(),
            effects: Arc::new(ports::Traces(audit.clone())),
            clock: clock.clone(),
            events: events.clone(),
            host: host.clone(),
        };
        let (scheduler, recovered, planner) =
            scheduler::start(parts, ended).await.map_err(|error| AppError::setup("start the planner")(&error))?;
        info!(?recovered, "recovered");

        let stop = CancellationToken::new();
        let drop_in = DropIn::new(DropInParts {
            templates: templates.clone(),
            shelf,
            folder,
            component_bytes: config.sandbox.component_bytes,
            files: repository::TemplateFiles::new(database.clone()),
            jobs: stored_jobs.clone(),
            scheduler: scheduler.clone(),
            audit: audit.clone(),
            events: events.clone(),
            clock: clock.clone(),
        });
        tokio::spawn(drop_in.clone().watch(stop.clone()));
        tokio::spawn(entrance.access.clone().look_after(stop.clone()));
        tokio::spawn(folders.look_after(stored, books, stop.clone()));
        let load = executor.clone();
        let service = Service::new(ApiState {
            scheduler: scheduler.clone(),
            jobs: Jobs::new(scheduler.clone(), templates.clone(), stored_jobs.clone(), audit.clone(), clock.clone()),
            secrets: registry::Secrets::new(
                secrets,
                stored_jobs.clone(),
                templates.clone(),
                config
                    .email
                    .identities
                    .iter()
                    .map(|(name, identity)| (name.clone(), identity.password_secret.clone()))
                    .collect(),
                audit.clone(),
                clock.clone(),
            ),
            grants: registry::Grants::new(
                templates.clone(),
                repository::GrantStore::new(database.clone()),
                audit.clone(),
                events.clone(),
                clock.clone(),
                registry::HostOffer::of(&config, offered),
            ),
            uses: registry::UseReader {
                templates: templates.clone(),
                jobs: stored_jobs.clone(),
                executions: repository::Executions::new(database.clone()),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            stored_jobs,
            executions: repository::Executions::new(database.clone()),
            counters: repository::Counters::new(database.clone()),
            templates,
            drop_in,
            audit: audit.clone(),
            requests: repository::RequestStore::new(database.clone()),
            database: database.clone(),
            events,
            access: entrance.access.clone(),
            address: entrance.public,
            metrics: Metrics::new(measured),
            load: Arc::new(move || load.load()),
            clock,
            host: host_name,
            stopping: stop.clone(),
            body_limit_bytes: config.server.body_limit_bytes,
            request_timeout: Duration::from_secs(config.server.request_timeout_seconds),
        });
        Ok(Self {
            database,
            holding,
            executor,
            scheduler,
            planner,
            audit,
            anchor,
            listener,
            address,
            service,
            new_token: entrance.new_token,
            setup: entrance.setup,
            stop,
            store_failed,
        })
    }

    /// Where it listens; the port is a real one even if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The administrator's token, if it was made just now: the only time it can be shown.
    pub fn new_token(&self) -> Option<&str> {
        self.new_token.as_ref().map(|token| token.as_str())
    }

    /// The link by which the first admin is made, as long as there is none.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup.as_ref().map(|link| link.as_str())
    }

    /// For whoever fills it before the server answers.
    pub fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// Answers until `told` ends, then stops in order: no new requests, no new decisions, runs end or are handed over,
    /// everything is stored.
    ///
    /// # Errors
    /// When the store failed: the process has to end then, for nobody knows what is stored.
    pub async fn run(self, told: impl Future<Output = ()> + Send) -> Result<(), AppError> {
        let Self {
            database,
            holding,
            executor,
            scheduler,
            planner,
            audit,
            anchor,
            listener,
            service,
            stop,
            store_failed,
            ..
        } = self;
        let server = tokio::spawn(service.serve(listener));
        let anchor = Arc::new(anchor);
        let keeping = tokio::spawn({
            let (anchor, stop) = (anchor.clone(), stop.clone());
            async move { anchor.keep(stop).await }
        });
        let failure = tokio::select! {
            () = told => None,
            Ok(reason) = store_failed => Some(reason),
        };
        stop.cancel();
        if let Some(reason) = failure {
            return Err(AppError::StoreFailed(reason));
        }
        if let Err(error) = scheduler.stop().await {
            warn!(%error, "the planner had stopped before");
        }
        executor.drain().await;
        match tokio::time::timeout(LAST_ANSWERS, server).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => warn!(%error, "the listener failed"),
            Ok(Err(error)) => warn!(%error, "the HTTP server broke"),
            Err(_) => warn!("some requests were not answered in time"),
        }
        if let Err(error) = audit.flush().await {
            warn!(%error, "the audit could not be finished");
        }
        if keeping.await.is_err() {
            warn!("the task that notes the head of the audit broke");
        }
        anchor.end().await;
        if tokio::task::spawn_blocking(move || planner.join()).await.is_err() {
            warn!("the planner's thread broke");
        }
        if let Some(holding) = holding {
            holding.end().await;
        }
        drop(database);
        info!("stopped");
        Ok(())
    }
}

/// One TLS provider in the whole process; installing it twice does no harm.
pub fn install_tls() {
    // The error only says that it is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Makes a folder that only this user may look into: parameters and documents lie there. One that others may look into
/// already is left as it is, for somebody may want it so.
fn own_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = std::fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 != 0 {
        let (folder, mode) = (folder.display(), format!("{:o}", mode & 0o777));
        warn!(%folder, mode, "other users of this machine may look into the data directory: chmod 700 shuts them out");
    }
    Ok(())
}

/// Where components are looked for: none if nowhere. Only the one in the data directory is made.
fn templates_folder(config: &Config) -> std::io::Result<Option<PathBuf>> {
    if !config.templates.watch {
        return Ok(None);
    }
    if !config.templates.folder.is_empty() {
        return Ok(Some(PathBuf::from(&config.templates.folder)));
    }
    let folder = config.data_dir.join("templates");
    own_folder(&folder)?;
    Ok(Some(folder))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    if !address.ip().is_loopback() {
        warn!(%address, "this address can be reached from other machines, without TLS: put a proxy with TLS before it");
    }
    TcpListener::bind(address).await.map_err(|error| AppError::Listen { address, reason: error.to_string() })
}

/// As the kernel knows it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_look_into_a_new_data_directory() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a/b");
        own_folder(&folder).unwrap();
        own_folder(&folder).unwrap();
        for folder in [outer.path().join("a"), folder] {
            assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
