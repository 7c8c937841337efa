//! The language: what filters, updates, sorts, projections and expressions mean. Pure; knows no engine.

pub mod decimal;
