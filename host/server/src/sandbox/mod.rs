//! wasmtime and nothing else: compile, keep and call components, and say how a call ended.
//!
//! It decides no retry and stores nothing. `executor` calls it through [`Runner`]; what a guest may reach is decided in
//! `capabilities`, to which the functions in `host` only translate.

mod bindings;
mod cache;
mod call;
mod compile;
mod contract;
mod definition;
mod engine;
mod environment;
mod error;
mod host;
mod inspect;
mod library;
mod limiter;
mod log;
mod meter;
mod mismatch;
mod outcome;
mod runner;
#[expect(clippy::module_inception, reason = "the room is named after the thing it holds")]
mod sandbox;
mod state;
mod wasi;

pub use compile::{Compiler, SUBCOMMAND, compile_child};
pub use error::SandboxError;
pub use inspect::Inspection;
pub use runner::{Run, Runner, Watcher};
pub use sandbox::Sandbox;

pub use crate::model::Lease;
