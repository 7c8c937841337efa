//! Sandglass: a job scheduler whose job templates are WebAssembly components.
//!
//! Rooms use rooms to their right: `api -> registry -> scheduler -> executor -> sandbox -> capabilities ->
//! repository -> model`. See `host/ARCHITECTURE.md`.

pub mod api;
pub mod app;
pub mod capabilities;
pub mod cli;
pub mod config;
pub mod executor;
pub mod model;
pub mod registry;
pub mod repository;
pub mod sandbox;
pub mod scheduler;
