//! The language: what filters, updates, sorts, projections and expressions mean. Pure; knows no engine.

pub mod allow;
pub mod decimal;
pub mod distinct;
pub mod expression;
pub mod filter;
pub mod key;
pub mod number;
pub mod order;
pub mod path;
pub mod pipeline;
pub mod projection;
pub mod regex;
pub mod sort;
pub mod update;
mod view;
