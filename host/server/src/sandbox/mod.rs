//! wasmtime and nothing else: compile, keep and call components, and say how a call ended.
//!
//! It decides no retry and stores nothing. `executor` calls it through [`Runner`].

mod runner;

pub use runner::{Lease, Run, Runner, Watcher};
