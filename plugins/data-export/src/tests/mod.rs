//! Whole runs against the fakes.

mod faults;
mod older_files;
mod validation;

use std::io::Read as _;

use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{Failure, FailureKind, Outcome};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::DataExport;

const ID: &str = "0123456789abcdef01234567";

fn run(parameters: Value) -> Result<Outcome, Failure> {
    fakes::execute::<DataExport>(parameters)
}

fn people() -> Value {
    json!([
        {"_id": {"$oid": "65f000000000000000000001"}, "name": "Ada", "age": 36, "tags": ["a", "b"]},
        {"_id": {"$oid": "65f000000000000000000002"}, "name": "=Bob", "score": {"$numberLong": "-5"}},
        {"_id": {"$oid": "65f000000000000000000003"}, "name": "Cy", "age": null, "at": {"city": "Oslo"}},
    ])
}

/// The only file of the folder `exports` that is not a list of the template's own.
fn only_file(world: &World) -> (String, String) {
    let [(name, bytes)] = exported(world).try_into().unwrap();
    (name, String::from_utf8(bytes).unwrap())
}

fn exported(world: &World) -> Vec<(String, Vec<u8>)> {
    world.files("exports").into_iter().filter(|(name, _)| !name.starts_with("sandglass/")).collect()
}

fn names(world: &World) -> Vec<String> {
    exported(world).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn an_export_says_what_it_wrote_and_where() {
    let world = World::new();
    world.collection("people", people());
    let outcome = run(json!({"collection": "people", "format": "csv", "sort": {"name": 1}})).unwrap();
    let (name, text) = only_file(&world);
    assert_eq!(name, format!("A_job-2027-01-15-080000-{ID}.csv"));
    assert_eq!(
        text,
        "_id,name,score,age,tags,at\n\
         65f000000000000000000002,'=Bob,-5,,,\n\
         65f000000000000000000001,Ada,,36,\"[\"\"a\"\",\"\"b\"\"]\",\n\
         65f000000000000000000003,Cy,,,,\"{\"\"city\"\":\"\"Oslo\"\"}\"\n"
    );
    assert_eq!(
        outcome.details,
        json!({
            "rows": 3, "bytes": text.len(), "sha256": format!("{:x}", Sha256::digest(&text)),
            "path": format!("exports/{name}"), "format": "csv", "compression": "none",
            "columns": ["_id", "name", "score", "age", "tags", "at"], "folder": "exports", "file": name,
        })
    );
    assert_eq!(outcome.message, format!("exported 3 documents from people to exports/{name} ({} bytes)", text.len()));
    assert_eq!((outcome.records_processed, outcome.records_affected), (3, 3));
    assert_eq!(outcome.warnings, [""; 0]);
}

#[test]
fn filter_projection_sort_skip_and_limit_reach_the_database() {
    let world = World::new();
    world.collection("crm/people", people());
    run(json!({
        "connection": "crm", "collection": "people", "filter": {"name": {"$ne": "Cy"}},
        "projection": {"name": 1, "_id": 0}, "sort": {"name": -1}, "skip": 1, "limit": 5
    }))
    .unwrap();
    assert_eq!(only_file(&world).1, "{\"name\":\"=Bob\"}\n");
    assert_eq!(world.progress().last().unwrap().total, Some(1));
}

#[test]
fn json_is_an_array_in_either_style() {
    let world = World::new();
    world.collection("people", people());
    for (style, age) in [("relaxed", json!(36)), ("canonical", json!({"$numberInt": "36"}))] {
        run(json!({
            "collection": "people", "format": "json", "json_style": style, "overwrite": true, "file_name": "people"
        }))
        .unwrap();
        let (name, text) = only_file(&world);
        let list = serde_json::from_str::<Vec<Value>>(&text).unwrap();
        assert_eq!((name.as_str(), list.len(), &list[0]["age"]), ("people.json", 3, &age));
    }
}

#[test]
fn gzip_holds_the_same_bytes() {
    let world = World::new();
    world.collection("people", people());
    run(json!({"collection": "people", "file_name": "plain"})).unwrap();
    run(json!({"collection": "people", "file_name": "packed.jsonl", "compression": "gzip"})).unwrap();
    let [(packed, bytes), (plain, expected)] = exported(&world).try_into().unwrap();
    assert_eq!((packed.as_str(), plain.as_str()), ("packed.jsonl.gz", "plain.jsonl"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, expected);
}

#[test]
fn a_small_export_fits_into_the_result() {
    let world = World::new();
    world.collection("people", people());
    let outcome = run(json!({"collection": "people", "destination": "memory", "limit": 1})).unwrap();
    let content = outcome.details["content"].as_str().unwrap();
    assert_eq!(
        content,
        "{\"_id\":{\"$oid\":\"65f000000000000000000001\"},\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"b\"]}\n"
    );
    assert_eq!((&outcome.details["encoding"], &outcome.details["path"]), (&json!("text"), &Value::Null));
    assert_eq!(outcome.details["sha256"], format!("{:x}", Sha256::digest(content)));
    let packed = run(json!({"collection": "people", "destination": "memory", "format": "xlsx"})).unwrap();
    assert_eq!(packed.details["encoding"], "base64");
    assert!(packed.details["content"].as_str().unwrap().starts_with("UEsDB"));
    assert!(world.files("exports").is_empty());
    assert!(!world.calls().iter().any(|call| call.starts_with("files.")));
}

#[test]
fn a_result_that_would_be_too_large_is_refused_with_the_way_out() {
    let world = World::new();
    // Quotes double inside of a result: the first is too large only there.
    for text in ["\"".repeat(600_000), "x".repeat(1_100_000)] {
        world.collection("big", json!([{"_id": 1, "text": text}]));
        let failure = run(json!({"collection": "big", "destination": "memory", "format": "csv"})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.message.contains("choose the destination file"), "{}", failure.message);
    }
}

#[test]
fn many_batches_become_one_file_with_progress() {
    let world = World::new();
    world.collection("many", json!((0..2500).map(|number| json!({"_id": number})).collect::<Vec<_>>()));
    let outcome = run(json!({"collection": "many", "file_name": "many"})).unwrap();
    assert_eq!(outcome.records_processed, 2500);
    let lines = only_file(&world).1;
    assert!(lines.lines().enumerate().all(|(number, line)| line == format!("{{\"_id\":{number}}}")));
    let progress = world.progress();
    assert_eq!(progress.iter().map(|step| step.done).collect::<Vec<_>>(), [1000, 2000, 2500]);
    assert!(progress.iter().all(|step| step.total == Some(2500) && step.note == "exported"));
}
