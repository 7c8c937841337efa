//! One call into a fresh instance, from permit to outcome.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{Store, UpdateDeadline};

use super::library::Loaded;
use super::limiter::Limiter;
use super::log::RunLog;
use super::meter::{Ended, Metered};
use super::outcome::{Bounds, Ending, judge};
use super::state::{HANDLES, RunFacts, State};
use super::{Run, Watcher};
use crate::capabilities::{Facts, Gate, Gates};
use crate::config;
use crate::model::Clock;
use crate::model::grant::Limits;
use crate::model::outcome::{Finished, Metrics, Outcome};
use crate::model::template::Need;

/// Bytes that may cross from the guest in one host call. The body of a request and a message of mail come on top of that,
/// for templates that may send them: as large as they may be, and never larger.
pub(super) const HOSTCALL_BYTES: usize = 4 << 20;
/// How long a cancelled guest may take to come to its own end.
const GRACE: Duration = Duration::from_millis(500);

/// What all calls share.
pub(super) struct Calls {
    pub(super) settings: config::Sandbox,
    pub(super) gates: Gates,
    pub(super) clock: Arc<dyn Clock>,
}

/// Bounds of one run: the configuration's, lowered by the grant.
struct RunBounds {
    memory_bytes: u64,
    cpu: Duration,
    result_bytes: usize,
    log_bytes: usize,
    hostcall_bytes: usize,
}

impl RunBounds {
    /// `payload_bytes` is the largest thing that one call may carry beside its other arguments.
    fn of(
        settings: &config::Sandbox,
        loaded: &Loaded,
        limits: Limits,
        payload_bytes: usize,
        timeout: Duration,
    ) -> Self {
        let lower = |bound: usize, granted: Option<u64>| {
            granted.and_then(|granted| usize::try_from(granted).ok()).map_or(bound, |granted| granted.min(bound))
        };
        let memory = loaded.environment.memory_bytes;
        let configured = if loaded.is_built_in() { timeout } else { Duration::from_secs(settings.cpu_seconds) };
        Self {
            memory_bytes: limits.memory_bytes.map_or(memory, |bytes| bytes.min(memory)),
            cpu: limits.cpu_seconds.map_or(configured, |seconds| Duration::from_secs(seconds).min(configured)),
            result_bytes: lower(settings.result_bytes, limits.result_bytes),
            log_bytes: lower(settings.log_bytes, limits.log_bytes),
            hostcall_bytes: HOSTCALL_BYTES.saturating_add(payload_bytes),
        }
    }
}

impl Calls {
    /// Runs one attempt.
    pub(super) async fn execute(&self, loaded: &Loaded, needs: Arc<[Need]>, run: Run) -> Finished {
        let started = Instant::now();
        let facts = RunFacts::of(&run, started, self.clock.now());
        let deadline = facts.deadline;
        let gate = self.gates.open(
            Facts {
                execution: run.execution,
                job: run.job,
                attempt: run.attempt,
                template_type: run.template_type.clone(),
                digest: run.digest.clone(),
                parameters: run.parameters.clone(),
                lease: run.lease.clone(),
                deadline,
            },
            needs,
        );
        let bounds = RunBounds::of(&self.settings, loaded, gate.limits(), gate.payload_bytes(), run.timeout);
        let watcher = run.watcher.clone();
        let mut store = self.store(loaded, facts, gate, &bounds, Some(watcher.clone()));

        let mut cpu = Duration::ZERO;
        let ending = {
            let parameters = run.parameters.to_string();
            let call = Box::pin(async {
                let instance = loaded.pre.instantiate_async(&mut store).await?;
                instance.sandglass_template_job().call_execute(&mut store, &parameters).await
            });
            let _active = loaded.environment.ticker.run();
            let metered = Metered::new(call, &mut cpu, bounds.cpu, deadline);
            let killed = async {
                run.cancel.cancelled().await;
                tokio::time::sleep(GRACE).await;
            };
            tokio::select! {
                biased;
                ended = metered => match ended {
                    Ok(Ok(returned)) => Ending::Returned(returned),
                    Ok(Err(error)) => Ending::Broke(error),
                    Err(Ended::CpuSpent) => Ending::CpuSpent,
                    Err(Ended::DeadlinePassed) => Ending::DeadlinePassed,
                },
                () = tokio::time::sleep_until(deadline) => Ending::DeadlinePassed,
                () = killed => Ending::Cancelled,
            }
        };

        let mut state = store.into_data();
        state.close();
        let named = Bounds {
            result_bytes: bounds.result_bytes,
            cpu: bounds.cpu,
            memory_key: loaded.environment.memory_key,
            hostcall_bytes: bounds.hostcall_bytes,
        };
        let outcome = judge(ending, &named, &state.limiter, state.last_words());
        let outcome = state.gate.mask().outcome(outcome);
        let metrics = Metrics {
            cpu_ms: cpu.as_secs_f64() * 1_000.0,
            peak_memory_bytes: state.limiter.peak_bytes() as u64,
            host_calls: state.host_calls,
            effects: state.gate.effects(),
        };
        state.gate.end_files(matches!(outcome, Outcome::Success(_))).await;
        let sums = state.gate.finish();
        if !sums.is_empty() {
            watcher.reads(sums);
        }
        Finished { outcome, metrics }
    }

    /// A fresh store with every limit in place.
    pub(super) fn store_for(&self, loaded: &Loaded, facts: RunFacts, gate: Gate) -> Store<State> {
        let timeout = facts.deadline.saturating_duration_since(Instant::now());
        let bounds = RunBounds::of(&self.settings, loaded, Limits::default(), 0, timeout);
        self.store(loaded, facts, gate, &bounds, None)
    }

    fn store(
        &self,
        loaded: &Loaded,
        facts: RunFacts,
        gate: Gate,
        bounds: &RunBounds,
        watcher: Option<Arc<dyn Watcher>>,
    ) -> Store<State> {
        let mut table = wasmtime::component::ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let log = RunLog::new(watcher.clone(), self.clock.clone(), self.settings.log_line_bytes, bounds.log_bytes);
        let state = State {
            facts,
            gate,
            table,
            limiter: Limiter::new(bounds.memory_bytes, loaded.environment.table_elements),
            log,
            watcher,
            clock: self.clock.clone(),
            host_calls: 0,
            last_progress: None,
            held_progress: None,
            wasi: None,
        };
        let mut store = Store::new(loaded.pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(bounds.hostcall_bytes);
        store.set_max_component_handles(HANDLES * 4);
        store.set_epoch_deadline(1);
        // Giving way lets the meter and the timers look at this run; they decide whether it goes on.
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        store
    }
}
