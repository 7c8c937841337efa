//! The engines that are asked.

use std::{sync::Arc, time::Duration};

use sandglass_database::{
    Database,
    embedded::{Embedded, Options},
    memory::Memory,
};

pub struct Engine {
    pub name: &'static str,
    pub database: Arc<dyn Database>,
    /// Where it stores; removed with the engine.
    _folder: Option<tempfile::TempDir>,
}

/// Every engine of this crate, empty.
pub fn all() -> Vec<Engine> {
    let folder = tempfile::tempdir().unwrap();
    // Cases ask one after the other, so there is nobody to wait for.
    let options = Options { group_wait: Duration::ZERO, ..Options::default() };
    let embedded = Arc::new(Embedded::open(folder.path(), options).unwrap());
    vec![
        Engine { name: "memory", database: Arc::new(Memory::new()), _folder: None },
        Engine { name: "embedded", database: embedded, _folder: Some(folder) },
    ]
}
