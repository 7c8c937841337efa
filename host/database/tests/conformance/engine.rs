//! The engines that are asked.

use std::sync::Arc;

use sandglass_database::{Database, memory::Memory};

pub struct Engine {
    pub name: &'static str,
    pub database: Arc<dyn Database>,
    /// Where it stores; removed with the engine.
    _folder: Option<tempfile::TempDir>,
}

/// Every engine of this crate, empty.
pub fn all() -> Vec<Engine> {
    vec![Engine { name: "memory", database: Arc::new(Memory::new()), _folder: None }]
}
