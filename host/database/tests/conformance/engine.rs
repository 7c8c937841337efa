//! The engines that are asked.

use std::{sync::Arc, time::Duration};

use sandglass_database::{
    Database,
    embedded::{Embedded, Options},
    memory::Memory,
    mongo::{self, Mongo},
};

use crate::{faults::Faults, wire::WireServer};

pub struct Engine {
    pub name: &'static str,
    pub database: Arc<dyn Database>,
    /// What is known to be wrong with it.
    pub faults: Faults,
    /// Where it stores; removed with the engine.
    _folder: Option<tempfile::TempDir>,
}

impl Engine {
    fn new(name: &'static str, database: Arc<dyn Database>) -> Self {
        Self { name, database, faults: Faults::default(), _folder: None }
    }

    /// Leaves nothing behind on a server that goes on.
    pub async fn finish(&self) {
        for collection in self.database.collections().await.unwrap() {
            self.database.drop_collection(&collection.name).await.unwrap();
        }
    }
}

/// Every engine of this crate, empty.
pub async fn all() -> Vec<Engine> {
    let mut all = local();
    all.push(mongodb("mongodb", false).await);
    all
}

fn local() -> Vec<Engine> {
    let folder = tempfile::tempdir().unwrap();
    // Cases ask one after the other, so there is nobody to wait for.
    let options = Options { group_wait: Duration::ZERO, ..Options::default() };
    let embedded = Arc::new(Embedded::open(folder.path(), options).unwrap());
    vec![
        Engine::new("memory", Arc::new(Memory::new())),
        Engine { _folder: Some(folder), ..Engine::new("embedded", embedded) },
    ]
}

/// Those on which a change of many documents is one step, seen by all or by none. On MongoDB it is not: what was changed before
/// a refusal stays changed, <https://www.mongodb.com/docs/manual/core/write-operations-atomicity/>.
pub async fn all_in_one_step() -> Vec<Engine> {
    local()
}

/// Those that write in different ways: a MongoDB server before 8.0 is spoken to in other commands.
pub async fn all_writers() -> Vec<Engine> {
    let mut all = all().await;
    all.push(mongodb("mongodb before 8.0", true).await);
    all
}

async fn mongodb(name: &'static str, as_before_8: bool) -> Engine {
    let server = WireServer::get();
    let uri = server.new_database("sandglass_conformance");
    let options = mongo::Options { as_before_8, ..mongo::Options::default() };
    let database = Arc::new(Mongo::open(&uri, "sandglass_conformance", options).await.unwrap());
    let faults = if server.is_ours() { Faults::read() } else { Faults::default() };
    Engine { faults, ..Engine::new(name, database) }
}
