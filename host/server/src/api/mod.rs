//! HTTP and nothing else: one router, one file for each resource, one table of errors, one place that decides access.
//!
//! A handler reads its request, asks one room to the right, and gives a typed answer. Whatever goes wrong leaves as
//! `application/problem+json`. The OpenAPI document is made from the same code.

mod access;
mod audit;
mod auth;
mod capabilities;
mod connection;
mod cookie;
mod docs;
mod error;
mod events;
mod execution_view;
mod executions;
mod forecast_view;
mod frame;
mod grant_check;
mod grants;
mod headers;
mod health;
mod idempotency;
mod installation;
mod job_policies;
mod job_view;
mod jobs;
mod json;
mod logs;
mod metrics;
mod openapi;
mod origin;
mod query;
mod refusals;
mod router;
mod runs;
mod schedules;
mod secrets;
mod service;
mod state;
mod status;
mod templates;
mod time;
mod timeline;
mod ui;
mod unreadable;
mod wait;
mod words;

#[cfg(test)]
mod tests;

pub use metrics::Metrics;
pub use openapi::rendered as rendered_openapi;
pub use origin::PublicAddress;
pub use router::router;
pub use service::Service;
pub use state::ApiState;
