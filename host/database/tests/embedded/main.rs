//! The embedded engine from outside: what it stores, what it refuses, and what is left after the worst.

mod aggregation;
mod bulk;
mod concurrency;
mod indexes;
mod lifecycle;
mod reads;
mod setup;
mod writes;
