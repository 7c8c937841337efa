//! The template as a whole, against the fakes of everything the host offers.

mod backups;
mod kept;
mod refusals;
mod restores;

use std::io::Read as _;

use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{Failure, Outcome};
use serde_json::{Value, json};

use super::BackupJob;

/// Documents with the types that a careless copy would change.
fn users() -> Value {
    json!([
        {"_id": {"$oid": "65f000000000000000000001"}, "name": "Béla", "age": 41, "score": 1.5,
            "born": {"$date": {"$numberLong": "-5"}}, "big": {"$numberLong": "9007199254740993"}},
        {"_id": {"$numberLong": "7"}, "price": {"$numberDecimal": "1.50"}, "nan": {"$numberDouble": "NaN"},
            "bytes": {"$binary": {"base64": "AQID", "subType": "80"}}, "none": null, "list": [1, [2, {"a": "b"}]]},
        {"_id": "x", "min": {"$minKey": 1}, "max": {"$maxKey": 1}, "stamp": {"$timestamp": {"t": 5, "i": 6}},
            "pattern": {"$regularExpression": {"pattern": "^a", "options": "i"}}},
    ])
}

fn world() -> World {
    let world = World::new();
    world.set_job(json!({"id": "00000000000000000000000a", "name": "Nightly", "tags": []}));
    world.collection("users", users());
    world.collection("orders", json!((0..2500).map(|id| json!({"_id": id, "n": id * 2})).collect::<Vec<_>>()));
    world.set_indexes(
        "users",
        json!([{"name": "name_1", "key": {"name": 1}, "unique": true, "partialFilterExpression": {"age": {"$gt": 5}}}]),
    );
    world
}

fn run(parameters: Value) -> Result<Outcome, Failure> {
    fakes::execute::<BackupJob>(parameters)
}

/// Where the outcome says the backup is.
fn name_of(outcome: &Outcome) -> String {
    outcome.details["backup"].as_str().unwrap().to_owned()
}

fn file(world: &World, name: &str) -> Vec<u8> {
    let files = world.files("backups");
    let found = files.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", files.iter().map(|file| &file.0).collect::<Vec<_>>())).1.clone()
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

fn manifest(world: &World, backup: &str) -> Value {
    serde_json::from_slice(&file(world, &format!("{backup}/manifest.json"))).unwrap()
}
