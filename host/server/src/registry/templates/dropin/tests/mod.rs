//! Drop-in on a store in memory, with components that are played.

mod files;
mod replacement;
mod retirement;
mod scene;
mod together;

pub use scene::template;
