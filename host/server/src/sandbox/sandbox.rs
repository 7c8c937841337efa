//! The sandbox as others hold it.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use tokio::sync::Mutex;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache::Cache;
use super::call::Calls;
use super::compile::CompileBounds;
use super::environment::{Environment, Kind};
use super::inspect::{inspect, place};
use super::library::{Library, Loaded};
use super::{Compiler, Inspection, Run, Runner, SandboxError};
use crate::capabilities::Gates;
use crate::config;
use crate::model::outcome::{FailureKind, Finished, Metrics, Outcome};
use crate::model::template::{Build, Metadata, Problem};
use crate::model::{Clock, Digest};

thread_local! {
    /// This thread is one of those that run guests.
    static RUNS_GUESTS: Cell<bool> = const { Cell::new(false) };
}

/// Compiles, keeps and calls components. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    plain: Arc<Environment>,
    /// Made for the first component that needs it: a host without such components pays nothing.
    large: parking_lot::Mutex<Option<Arc<Environment>>>,
    library: Library,
    cache: Cache,
    compiler: Compiler,
    calls: Calls,
    /// One compilation at a time: each may take the whole of its memory bound.
    compiling: Mutex<()>,
    runtime: Runtime,
}

/// The threads that run guests. Shut down in the background, since a runtime must not be dropped inside another.
struct Runtime(Option<tokio::runtime::Runtime>);

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Sandbox {
    /// A sandbox that compiles in a child process of this program.
    ///
    /// # Errors
    /// [`SandboxError::Host`] when the machine refuses an engine, a thread or the cache folder.
    pub fn new(
        settings: &config::Sandbox,
        cache_folder: PathBuf,
        gates: Gates,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SandboxError> {
        let program = std::env::current_exe().map_err(|error| SandboxError::Host(error.to_string()))?;
        Self::with_compiler(settings, cache_folder, gates, clock, Compiler::Child(program))
    }

    /// As [`new`](Self::new), with another compiler.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_compiler(
        settings: &config::Sandbox,
        cache_folder: PathBuf,
        gates: Gates,
        clock: Arc<dyn Clock>,
        compiler: Compiler,
    ) -> Result<Self, SandboxError> {
        let host = |error: &dyn std::fmt::Display| SandboxError::Host(error.to_string());
        let plain = Environment::new(Kind::Plain, settings)?;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers = if settings.workers == 0 { cores } else { settings.workers };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("guest")
            // Guests may compute for a whole tick between two looks at the timers.
            .event_interval(7)
            .enable_all()
            .on_thread_start(|| RUNS_GUESTS.set(true))
            .build()
            .map_err(|error| host(&error))?;
        let cache = Cache::open(cache_folder).map_err(|error| host(&error))?;
        Ok(Self(Arc::new(Inner {
            plain,
            large: parking_lot::Mutex::default(),
            library: Library::default(),
            cache,
            compiler,
            calls: Calls { settings: settings.clone(), gates, clock },
            compiling: Mutex::new(()),
            runtime: Runtime(Some(runtime)),
        })))
    }

    /// What a component asks for, read from its bytes without running them.
    ///
    /// # Errors
    /// [`SandboxError::Refused`], [`SandboxError::ForeignImports`].
    pub fn inspect(bytes: &[u8]) -> Result<Inspection, SandboxError> {
        inspect(bytes)
    }

    /// Makes a component ready to run: checks, compiles or takes from the cache, and links it. Once it is loaded this
    /// does nothing.
    ///
    /// # Errors
    /// Every kind but [`SandboxError::NotLoaded`] and [`SandboxError::Definition`].
    pub async fn admit(&self, bytes: &[u8]) -> Result<Digest, SandboxError> {
        let inner = &self.0;
        let limit = inner.calls.settings.component_bytes;
        if bytes.len() > limit {
            return Err(SandboxError::TooLarge { size: bytes.len(), limit });
        }
        let digest = Digest::of(bytes);
        if inner.library.contains(&digest) {
            return Ok(digest);
        }
        let (contract, kind) = place(bytes)?;
        let environment = self.environment(kind)?;
        let component = match self.cached(&environment, &digest) {
            Some(component) => component,
            None => {
                let copy = bytes.to_vec();
                let checked = tokio::task::spawn_blocking(move || inspect(&copy)).await;
                checked.map_err(|error| SandboxError::Host(error.to_string()))??;
                let _one = inner.compiling.lock().await;
                self.compile(&environment, kind, bytes, &digest).await?
            }
        };
        let pre = environment.link(&component, contract)?;
        let build = Build { contract: contract.version(), imports_wasi: kind == Kind::Large };
        inner.library.add(digest.clone(), Loaded::new(pre, environment, build));
        Ok(digest)
    }

    fn environment(&self, kind: Kind) -> Result<Arc<Environment>, SandboxError> {
        let inner = &self.0;
        if kind == Kind::Plain {
            return Ok(inner.plain.clone());
        }
        let mut large = inner.large.lock();
        match &*large {
            Some(environment) => Ok(environment.clone()),
            None => Ok(large.insert(Environment::new(kind, &inner.calls.settings)?).clone()),
        }
    }

    /// As [`admit`](Self::admit), for a template that ships with this program: it may compute as long as its time-out.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_built_in(&self, bytes: &[u8]) -> Result<Digest, SandboxError> {
        let digest = self.admit(bytes).await?;
        self.0.library.get(&digest)?.is_built_in.store(true, Ordering::Relaxed);
        Ok(digest)
    }

    fn cached(&self, environment: &Environment, digest: &Digest) -> Option<Component> {
        let code = self.0.cache.load(&environment.engine, digest)?;
        match deserialize(&environment.engine, &code) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(%digest, %error, "a compiled component does not load and will be compiled anew");
                self.0.cache.forget(&environment.engine, digest);
                None
            }
        }
    }

    async fn compile(
        &self,
        environment: &Environment,
        kind: Kind,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<Component, SandboxError> {
        let bounds = CompileBounds::of(kind, &self.0.calls.settings);
        let code = self.0.compiler.compile(bytes, bounds).await?;
        let component = deserialize(&environment.engine, &code);
        let component = component.map_err(|error| {
            SandboxError::Compile(format!("it needs more than a run has room for, or does not load: {error:#}"))
        })?;
        self.0.cache.store(&environment.engine, digest, &code);
        Ok(component)
    }

    /// Whether a component is ready to run.
    pub fn is_loaded(&self, digest: &Digest) -> bool {
        self.0.library.contains(digest)
    }

    /// What a loaded component was built against; None where it is not loaded.
    pub fn build(&self, digest: &Digest) -> Option<Build> {
        self.0.library.get(digest).ok().map(|loaded| loaded.build)
    }

    /// Lets go of a component. Runs under way are not touched; its machine code stays in the cache.
    pub fn unload(&self, digest: &Digest) {
        self.0.library.remove(digest);
    }

    /// What a template says of itself. Asked once, then remembered.
    ///
    /// # Errors
    /// [`SandboxError::NotLoaded`], [`SandboxError::Definition`].
    pub async fn describe(&self, digest: &Digest) -> Result<Metadata, SandboxError> {
        let digest = digest.clone();
        self.on_guest_threads(move |inner| async move {
            let loaded = inner.library.get(&digest)?;
            inner.calls.describe(&loaded, &digest).await.map(|described| described.metadata.clone())
        })
        .await?
    }

    /// As [`describe`](Self::describe), but asked again: an honest component says the same.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    pub async fn describe_anew(&self, digest: &Digest) -> Result<Metadata, SandboxError> {
        let digest = digest.clone();
        self.on_guest_threads(move |inner| async move {
            let loaded = inner.library.get(&digest)?;
            inner.calls.describe_anew(&loaded, &digest).await
        })
        .await?
    }

    /// The JSON Schema of a template's parameters.
    ///
    /// # Errors
    /// [`SandboxError::NotLoaded`], [`SandboxError::Definition`].
    pub async fn schema(&self, digest: &Digest) -> Result<serde_json::Value, SandboxError> {
        let digest = digest.clone();
        self.on_guest_threads(move |inner| async move {
            let loaded = inner.library.get(&digest)?;
            inner.calls.schema(&loaded, &digest).await
        })
        .await?
    }

    /// What a template has to say against parameters that fit its schema.
    ///
    /// # Errors
    /// [`SandboxError::NotLoaded`], [`SandboxError::Definition`].
    pub async fn validate(&self, digest: &Digest, parameters: &str) -> Result<Vec<Problem>, SandboxError> {
        let (digest, parameters) = (digest.clone(), parameters.to_owned());
        self.on_guest_threads(move |inner| async move {
            let loaded = inner.library.get(&digest)?;
            inner.calls.validate(&loaded, &digest, &parameters).await
        })
        .await?
    }

    /// The runtime that guests run on. Work that begins there saves a change of threads for each run.
    pub fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.0.runtime.0.as_ref().map(|runtime| runtime.handle().clone())
    }

    /// Does work on the threads that run guests; stays on this one if it is one of them. Dropping the future ends it.
    async fn on_guest_threads<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, SandboxError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let work = work(self.0.clone());
        if RUNS_GUESTS.get() {
            return Ok(work.await);
        }
        let Some(runtime) = self.handle() else { return Err(SandboxError::Host("the sandbox has ended".to_owned())) };
        let task = tokio_util::task::AbortOnDropHandle::new(runtime.spawn(work));
        task.await.map_err(|error| SandboxError::Host(error.to_string()))
    }
}

#[async_trait]
impl Runner for Sandbox {
    async fn run(&self, run: Run) -> Finished {
        let finished = self.on_guest_threads(move |inner| async move { inner.run(run).await }).await;
        finished.unwrap_or_else(|error| fault(error.to_string()))
    }
}

impl Inner {
    async fn run(&self, run: Run) -> Finished {
        let loaded = match self.library.get(&run.digest) {
            Ok(loaded) => loaded,
            Err(error) => return fault(error.to_string()),
        };
        let bound = self.calls.settings.parameters_bytes;
        if run.parameters.len() > bound {
            let size = run.parameters.len();
            let message =
                format!("the parameters have {size} bytes, at most {bound} are allowed (sandbox.parameters_bytes)");
            let outcome = Outcome::Failure { kind: FailureKind::Permanent, message, retry_after: None, details: None };
            return Finished { outcome, metrics: Metrics::default() };
        }
        let needs = match self.calls.describe(&loaded, &run.digest).await {
            Ok(described) => described.needs.clone(),
            Err(error) => return fault(error.to_string()),
        };
        // Never closed: the semaphore lives as long as its environment.
        let Ok(_permit) = loaded.environment.runs.acquire().await else {
            return fault("the sandbox has ended".to_owned());
        };
        if run.cancel.is_cancelled() {
            return Finished { outcome: Outcome::Cancelled, metrics: Metrics::default() };
        }
        self.calls.execute(&loaded, needs, run).await
    }
}

fn fault(message: String) -> Finished {
    Finished { outcome: Outcome::HostFault { message }, metrics: Metrics::default() }
}

/// Loads machine code that this host compiled itself.
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    #[expect(
        unsafe_code,
        reason = "the one way to load compiled code; it came from our own compiler or a checked cache"
    )]
    // SAFETY: the bytes were made by `Engine::precompile_component` in this program, and their hash was checked if they
    // came from the cache folder, which only this user can write.
    unsafe {
        Component::deserialize(engine, code)
    }
}
