//! The embedded engine from outside: what it stores, what it refuses, and what is left after the worst.

mod bulk;
mod indexes;
mod reads;
mod setup;
mod writes;
