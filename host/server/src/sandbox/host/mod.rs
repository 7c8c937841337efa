//! The contract's functions: each translates and calls `capabilities`. Nothing is decided here.

mod base;
mod documents;
mod email;
mod error;
mod files;
mod http;
mod insight;
mod secrets;
#[cfg(test)]
mod tests;

pub(super) use error::LimitReached;
pub use error::Refusal;
