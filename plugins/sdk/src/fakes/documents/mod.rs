//! Documents in memory, and as much of the query language as templates use.
//!
//! Values compare as MongoDB compares them, numbers by their value as a double. What is not known here panics.

mod bytes;
mod change;
pub mod collection;
mod expression;
mod filter;
pub mod manage;
mod order;
mod projection;
pub mod write;
