//! The contract's functions: each translates and calls `capabilities`. Nothing is decided here.

mod absent;
mod base;
mod documents;
mod error;
mod http;
#[cfg(test)]
mod tests;

pub(super) use error::LimitReached;
pub use error::Refusal;
