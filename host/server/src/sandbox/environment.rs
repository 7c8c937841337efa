//! Where components run: an engine with its linkers, its ticker and its places.
//!
//! Components of Rust are small and ask only for what they use; those of other languages bring an interpreter along and
//! import a whole system interface. Each kind has an environment of its own, so that the small ones do not pay for the
//! large ones. The large one is made when the first component needs it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::SandboxError;
use super::bindings::FullPre;
use super::contract::Contract;
use super::engine::{self, Pool, Ticker};
use super::mismatch::in_words;
use super::state::State;
use super::wasi;
use crate::config;

/// Which environment a component needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Imports nothing but the contract.
    Plain,
    /// Imports a system interface as well, and gets the inert one.
    Large,
}

impl Kind {
    /// As the compiling process is told.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Large => "large",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Plain, Self::Large].into_iter().find(|kind| kind.word() == word)
    }
}

/// An engine with all that runs on it need.
pub(super) struct Environment {
    pub(super) engine: Engine,
    linkers: Vec<(Contract, Linker<State>)>,
    pub(super) ticker: Ticker,
    /// Places for runs.
    pub(super) runs: Semaphore,
    /// Places for `describe`, `schema` and `validate`, so that long runs cannot hold them up.
    pub(super) questions: Semaphore,
    /// Bound of the memories of one run, in bytes.
    pub(super) memory_bytes: u64,
    /// Where that bound is configured.
    pub(super) memory_key: &'static str,
    /// Bound of the tables of one run.
    pub(super) table_elements: usize,
}

impl Environment {
    /// # Errors
    /// [`SandboxError::Host`] when the machine refuses an engine or a thread.
    pub(super) fn new(kind: Kind, settings: &config::Sandbox) -> Result<Arc<Self>, SandboxError> {
        let host = |error: &dyn std::fmt::Display| SandboxError::Host(error.to_string());
        let pool = Pool::of(kind);
        let (memory_bytes, memory_key) = match kind {
            Kind::Plain => (settings.memory_bytes, "sandbox.memory_bytes"),
            Kind::Large => (settings.large_memory_bytes, "sandbox.large_memory_bytes"),
        };
        let engine = engine::running(kind, &pool, memory_bytes).map_err(|error| host(&error))?;
        let mut linkers = Vec::new();
        for contract in Contract::OFFERED {
            let mut linker = contract.linker(&engine).map_err(|error| host(&error))?;
            if kind == Kind::Large {
                wasi::link(&mut linker).map_err(|error| host(&error))?;
            }
            linkers.push((contract, linker));
        }
        let ticker = Ticker::start(&engine).map_err(|error| host(&error))?;
        let places = usize::try_from(pool.instances).unwrap_or(usize::MAX);
        let questions = pool.questions();
        Ok(Arc::new(Self {
            engine,
            linkers,
            ticker,
            runs: Semaphore::new(places - questions),
            questions: Semaphore::new(questions),
            memory_bytes,
            memory_key,
            table_elements: pool.table_elements,
        }))
    }

    /// Links a compiled component against the contract that it was built for.
    ///
    /// # Errors
    /// [`SandboxError::Contract`] when types differ or exports are missing.
    pub(super) fn link(&self, component: &Component, contract: Contract) -> Result<FullPre<State>, SandboxError> {
        let Some((_, linker)) = self.linkers.iter().find(|(offered, _)| *offered == contract) else {
            return Err(SandboxError::Host(format!("no linker for the contract {}", contract.version())));
        };
        let linked = linker.instantiate_pre(component).and_then(|linked| contract.exports(linked));
        linked.map_err(|error| SandboxError::Contract(in_words(&format!("{error:#}"))))
    }
}
