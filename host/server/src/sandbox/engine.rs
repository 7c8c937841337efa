//! The engines: the settings that decide both safety and cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use super::environment::Kind;

/// What a pool has room for. Places reserve addresses, not memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    /// Runs that exist at the same time at most; further ones wait.
    pub(super) instances: u32,
    /// Core modules of one component: its own and what the encoder adds to link it.
    core_instances: u32,
    memories: u32,
    tables: u32,
    /// Of one table, and of all tables of a run together.
    pub(super) table_elements: usize,
    /// What the host keeps for one instance beside its memories, in bytes.
    instance_bytes: usize,
}

impl Pool {
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Plain => Self::PLAIN,
            Kind::Large => Self::LARGE,
        }
    }

    /// For components that import nothing but the contract.
    const PLAIN: Self =
        Self { instances: 256, core_instances: 8, memories: 1, tables: 8, table_elements: 10_000, instance_bytes: MIB };

    /// For components that bring an interpreter along: a linked system library with adapters around it.
    const LARGE: Self = Self {
        instances: 32,
        core_instances: 40,
        memories: 8,
        tables: 40,
        table_elements: 20_000,
        instance_bytes: 16 * MIB,
    };

    /// Instances that are kept for questions, which must not wait for long runs.
    pub(super) fn questions(&self) -> usize {
        usize::try_from(self.instances / 32).map_or(1, |places| places.max(2))
    }
}

/// How long a guest computes before it gives way.
pub(super) const TICK: Duration = Duration::from_millis(10);
/// Ticks without a new run after which the ticker sleeps.
const IDLE_TICKS: u32 = 100;
const MIB: usize = 1 << 20;

/// What both the compiling process and the host have to agree on: the compiled code depends on it.
fn settings(kind: Kind) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .max_wasm_stack(MIB / 2)
        .async_stack_size(2 * MIB)
        .wasm_memory64(false)
        // Interpreters are linked from parts with a memory each, and what wasmtime puts between the parts reads both.
        // Their own modules may still have one: `inspect` refuses others.
        .wasm_multi_memory(kind == Kind::Large)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .relaxed_simd_deterministic(true);
    config
}

/// An engine without a pool: to compile with, and where no pool can be had.
pub(super) fn unpooled(kind: Kind) -> wasmtime::Result<Engine> {
    Engine::new(&settings(kind))
}

/// The engine that runs components. A pool where this machine allows one, otherwise instances on demand.
pub(super) fn running(kind: Kind, pool: &Pool, memory_bytes: u64) -> wasmtime::Result<Engine> {
    let pooled = pooled(kind, pool, memory_bytes).and_then(|engine| probe(&engine).map(|()| engine));
    match pooled {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(%error, "no pool for instances on this machine: each run costs several times more");
            unpooled(kind)
        }
    }
}

fn pooled(kind: Kind, pool: &Pool, memory_bytes: u64) -> wasmtime::Result<Engine> {
    let Pool { instances, core_instances, memories, tables, table_elements, instance_bytes } = *pool;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * core_instances)
        .total_memories(instances * memories)
        .total_tables(instances * tables)
        .total_stacks(instances)
        .max_unused_warm_slots(instances)
        .max_core_instances_per_component(core_instances)
        .max_memories_per_component(memories)
        .max_tables_per_component(tables)
        .max_memories_per_module(1)
        .max_tables_per_module(tables)
        .table_elements(table_elements)
        .max_memory_size(usize::try_from(memory_bytes)?)
        .max_component_instance_size(instance_bytes)
        .max_core_instance_size(instance_bytes)
        .linear_memory_keep_resident(MIB / 2)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = settings(kind);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Makes one instance, so that a machine that refuses shows at start and not at the first run.
fn probe(engine: &Engine) -> wasmtime::Result<()> {
    // An empty component in binary form: magic, version 13, layer 1.
    let component = Component::from_binary(engine, b"\0asm\x0d\0\x01\0")?;
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(1);
    futures::executor::block_on(Linker::new(engine).instantiate_async(&mut store, &component))?;
    Ok(())
}

/// Lets guests give way: an OS thread of its own, so that no busy runtime can hold it up. Sleeps while nothing runs.
#[derive(Debug)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug)]
struct Shared {
    runs: AtomicU64,
    /// Runs under way.
    active: AtomicU64,
    is_parked: AtomicBool,
    has_ended: AtomicBool,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            runs: AtomicU64::new(0),
            active: AtomicU64::new(0),
            is_parked: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        });
        let engine = engine.weak();
        let seen = shared.clone();
        let thread = std::thread::Builder::new().name("sandbox-ticker".into()).spawn(move || tick(&engine, &seen))?;
        Ok(Self { shared, thread: thread.thread().clone() })
    }

    /// To be held while a guest may compute.
    pub(super) fn run(&self) -> Active<'_> {
        self.shared.active.fetch_add(1, Ordering::SeqCst);
        self.shared.runs.fetch_add(1, Ordering::Relaxed);
        if self.shared.is_parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Active(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// A guest may compute as long as this lives.
pub(super) struct Active<'a>(&'a Shared);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::SeqCst);
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    let mut seen = 0;
    while !shared.has_ended.load(Ordering::SeqCst) {
        let runs = shared.runs.load(Ordering::Relaxed);
        idle = if runs == seen && shared.active.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        seen = runs;
        if idle > IDLE_TICKS {
            shared.is_parked.store(true, Ordering::SeqCst);
            // Looked at again after the mark stands: a run that began between the two sees the mark and unparks.
            if shared.active.load(Ordering::SeqCst) == 0 && !shared.has_ended.load(Ordering::SeqCst) {
                std::thread::park();
            }
            shared.is_parked.store(false, Ordering::SeqCst);
            idle = 0;
        } else {
            std::thread::sleep(TICK);
        }
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}
