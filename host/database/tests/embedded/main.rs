//! The embedded engine from outside: what it stores, what it refuses, and what is left after the worst.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod aggregation;
mod bulk;
mod concurrency;
mod crash;
mod fairness;
mod indexes;
mod lifecycle;
mod reads;
mod setup;
mod writes;
