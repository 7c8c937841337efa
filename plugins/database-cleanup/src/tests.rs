use std::time::Duration;

use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{ErrorKind, FailureKind};
use serde_json::{Value, json};

use super::DatabaseCleanup;

/// The world's clock stands at 2027-01-15T08:00:00Z; 30 days before is 2026-12-16T08:00:00Z.
const OLD: &str = "2026-12-01T00:00:00Z";
const YOUNG: &str = "2027-01-14T00:00:00Z";

fn date(text: &str) -> Value {
    json!({ "$date": text })
}

fn log(id: u64, created_at: &str) -> Value {
    json!({ "_id": id, "created_at": date(created_at) })
}

fn ids(world: &World, collection: &str) -> Vec<Value> {
    world.documents(collection).iter().map(|document| document["_id"].clone()).collect()
}

fn problems(parameters: Value) -> Vec<String> {
    let problems = fakes::validate::<DatabaseCleanup>(parameters);
    problems.into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn the_customers_sample_is_accepted_and_changes_nothing() {
    let world = World::new();
    world.collection("logs", json!([log(1, OLD), log(2, YOUNG)]));
    let sample = json!({"collection": "logs", "days_old": 30, "date_field": "created_at", "dry_run": true});
    let outcome = fakes::execute::<DatabaseCleanup>(sample).unwrap();
    assert_eq!(outcome.message, "1 document in logs would be deleted (dry run)");
    assert_eq!(outcome.details["sample_ids"], json!([1]));
    assert_eq!(outcome.details["oldest"], OLD);
    assert_eq!((outcome.records_processed, outcome.records_affected), (1, 0));
    assert_eq!(ids(&world, "logs"), [1, 2]);
}

#[test]
fn a_dry_run_over_many_documents_counts_them_and_finds_both_ends() {
    let world = World::new();
    let days = (1..=9).map(|day| log(day, &format!("2026-11-{:02}T00:00:00Z", 10 - day))).collect::<Vec<_>>();
    world.collection("logs", json!(days));
    let outcome = fakes::execute::<DatabaseCleanup>(json!({"collection": "logs", "days_old": 30, "max_records": 7}));
    let outcome = outcome.unwrap();
    assert_eq!(outcome.details["matched"], 9);
    assert_eq!(outcome.details["would_delete"], 7);
    assert_eq!(outcome.details["oldest"], "2026-11-01T00:00:00Z");
    assert_eq!(outcome.details["newest"], "2026-11-09T00:00:00Z");
    assert_eq!(outcome.details["sample_ids"], json!([1, 2, 3, 4, 5]));
    assert_eq!(outcome.details["cutoff"], "2026-12-16T08:00:00Z");
    assert!(!world.calls().iter().any(|call| call == "documents.delete"));
}

#[test]
fn an_empty_match_costs_one_find_and_a_look_at_the_names() {
    for dry_run in [true, false] {
        let world = World::new();
        world.collection("logs", json!([log(1, YOUNG)]));
        let parameters = json!({"collection": "logs", "days_old": 30, "dry_run": dry_run});
        let outcome = fakes::execute::<DatabaseCleanup>(parameters).unwrap();
        assert_eq!(outcome.records_affected, 0);
        assert_eq!(outcome.warnings, [] as [&str; 0]);
        let find = ["documents.find", "documents.next"];
        let expected = [&["execution.scheduled-at", "documents.open"], &find[..], &find, &["log.write"]].concat();
        // The names are looked at in the end of a dry run, and after the story of a real one.
        let mut calls = world.calls();
        calls.sort_unstable();
        let mut sorted = expected;
        sorted.sort_unstable();
        assert_eq!(calls, sorted);
    }
}

#[test]
fn names_that_match_nothing_are_told_with_what_was_meant() {
    let world = World::new();
    world.collection("logs", json!([log(1, YOUNG), log(2, YOUNG)]));
    for dry_run in [true, false] {
        let warnings = |parameters: Value| fakes::execute::<DatabaseCleanup>(parameters).unwrap().warnings;
        let of_field = warnings(json!({
            "collection": "logs", "days_old": 30, "date_field": "craeted_at", "dry_run": dry_run
        }));
        assert!(of_field[0].contains("none of the first 2 documents in logs has the field craeted_at"), "{of_field:?}");
        assert!(of_field[0].ends_with("did you mean created_at?"), "{of_field:?}");
        let of_collection = warnings(json!({"collection": "lgos", "conditions": {"a": 1}, "dry_run": dry_run}));
        assert_eq!(of_collection, ["there is no collection lgos; did you mean logs?"]);
        assert_eq!(
            warnings(json!({"collection": "logs", "conditions": {"a": 1}, "dry_run": dry_run})),
            [] as [&str; 0]
        );
    }
}

#[test]
fn only_what_is_old_and_matches_goes_in_batches_in_order() {
    let world = World::new();
    let mut documents = (1..=7).rev().map(|id| log(id, OLD)).collect::<Vec<_>>();
    documents.push(log(8, YOUNG));
    documents.push(json!({"_id": 9, "created_at": date(OLD), "keep": true}));
    world.collection("logs", json!(documents));
    let outcome = fakes::execute::<DatabaseCleanup>(json!({
        "collection": "logs", "days_old": 30, "conditions": {"keep": {"$exists": false}},
        "batch_size": 3, "dry_run": false
    }))
    .unwrap();
    assert_eq!(ids(&world, "logs"), [8, 9]);
    assert_eq!((outcome.records_processed, outcome.records_affected), (7, 7));
    assert_eq!(outcome.details["batches"], 3);
    assert_eq!(outcome.message, "deleted 7 documents from logs");
    let progress = world.progress();
    assert_eq!(progress.iter().map(|step| step.done).collect::<Vec<_>>(), [3, 6, 7]);
    assert_eq!(progress.last().unwrap().total, Some(7));
}

#[test]
fn a_missing_or_foreign_date_is_never_old() {
    let world = World::new();
    world.collection(
        "logs",
        json!([
            {"_id": 1}, {"_id": 2, "created_at": null}, {"_id": 3, "created_at": "2001-01-01"},
            {"_id": 4, "created_at": 5}, {"_id": 5, "created_at": [date(OLD), date(YOUNG)]},
            {"_id": 6, "created_at": date(OLD)}
        ]),
    );
    fakes::execute::<DatabaseCleanup>(json!({"collection": "logs", "days_old": 30, "dry_run": false})).unwrap();
    assert_eq!(ids(&world, "logs"), [1, 2, 3, 4, 5]);
}

#[test]
fn texts_and_numbers_are_dates_where_the_job_says_so() {
    let cases = [
        ("iso", json!("2026-12-16T09:59:59+02:00"), json!("2026-12-16T08:00:01Z")),
        ("iso", json!("2026-12-16"), json!("1999 was a good year")),
        ("iso", json!("2026-12-16T22:30:00+14:31"), json!("2026-12-15T23:00:00-09:01")),
        ("epoch_seconds", json!(1_797_407_999), json!(1_797_408_000)),
        ("epoch_milliseconds", json!({"$numberLong": "1797407999999"}), json!({"$numberLong": "1797408000000"})),
    ];
    for (format, old, young) in cases {
        let world = World::new();
        world.collection(
            "events",
            json!([{"_id": "old", "meta": {"at": old}}, {"_id": "young", "meta": {"at": young}}]),
        );
        let outcome = fakes::execute::<DatabaseCleanup>(json!({
            "collection": "events", "days_old": 30, "date_field": "meta.at", "date_format": format, "dry_run": false
        }));
        assert_eq!(ids(&world, "events"), ["young"], "{format} {old}");
        assert!(outcome.unwrap().details["oldest"].is_string(), "{format} {old}");
    }
}

#[test]
fn a_document_that_changes_meanwhile_survives() {
    let world = World::new();
    world.collection("logs", json!([log(1, OLD), log(2, OLD)]));
    world.before("documents.delete", |world| world.collection("logs", json!([log(1, OLD), log(2, YOUNG)])));
    let outcome =
        fakes::execute::<DatabaseCleanup>(json!({"collection": "logs", "days_old": 30, "dry_run": false})).unwrap();
    assert_eq!(ids(&world, "logs"), [2]);
    assert_eq!((outcome.records_processed, outcome.records_affected), (2, 1));
    assert_eq!(outcome.warnings.len(), 1);
}

#[test]
fn ids_of_several_types_all_go() {
    let world = World::new();
    let oid = |digit: &str| json!({"$oid": digit.repeat(24)});
    world.collection(
        "mixed",
        json!([
            {"_id": oid("a"), "x": 1}, {"_id": "text", "x": 1}, {"_id": 3, "x": 1}, {"_id": oid("b"), "x": 1},
            {"_id": 4, "x": 1}, {"_id": 5, "x": 2}
        ]),
    );
    let parameters = json!({"collection": "mixed", "conditions": {"x": 1}, "batch_size": 1, "dry_run": false});
    assert_eq!(fakes::execute::<DatabaseCleanup>(parameters).unwrap().records_affected, 5);
    assert_eq!(ids(&world, "mixed"), [5]);
}

#[test]
fn batches_beyond_what_the_host_gives_at_once_are_filled() {
    let world = World::new();
    world.collection("logs", json!((1..=2500).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    let parameters = json!({"collection": "logs", "days_old": 30, "batch_size": 2000, "dry_run": false});
    let outcome = fakes::execute::<DatabaseCleanup>(parameters).unwrap();
    assert_eq!((outcome.records_affected, outcome.details["batches"].clone()), (2500, json!(2)));
}

#[test]
fn the_cap_is_kept_and_the_next_run_goes_on() {
    let world = World::new();
    world.collection("logs", json!((1..=5).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    let run = || {
        let parameters =
            json!({"collection": "logs", "days_old": 30, "max_records": 3, "batch_size": 2, "dry_run": false});
        fakes::execute::<DatabaseCleanup>(parameters).unwrap()
    };
    assert_eq!(run().message, "deleted 3 documents from logs and stopped at the cap of 3");
    assert_eq!(ids(&world, "logs"), [4, 5]);
    assert_eq!(run().records_affected, 2);
}

#[test]
fn it_stops_between_batches_when_asked_and_says_what_it_did() {
    let world = World::new();
    world.collection("logs", json!((1..=9).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    world.stop_after(1);
    let parameters = json!({"collection": "logs", "days_old": 30, "batch_size": 3, "dry_run": false});
    let failure = fakes::execute::<DatabaseCleanup>(parameters).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted);
    assert_eq!(failure.details.unwrap()["deleted"], 6);
    assert_eq!(ids(&world, "logs"), [7, 8, 9]);
}

#[test]
fn pauses_are_kept_by_the_host() {
    let world = World::new();
    world.collection("logs", json!((1..=5).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    let parameters = json!({"collection": "logs", "days_old": 30, "batch_size": 2, "pause_ms": 250, "dry_run": false});
    fakes::execute::<DatabaseCleanup>(parameters).unwrap();
    assert_eq!(world.waits(), [Duration::from_millis(250); 2]);
}

#[test]
fn what_was_deleted_before_an_error_is_told() {
    let world = World::new();
    world.collection("logs", json!((1..=4).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    world.before("documents.delete", |world| {
        if world.documents("logs").len() == 2 {
            world.fail_next("documents.delete", ErrorKind::Unavailable, "store-down");
        }
    });
    let parameters = json!({"collection": "logs", "days_old": 30, "batch_size": 2, "dry_run": false});
    let failure = fakes::execute::<DatabaseCleanup>(parameters).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Retryable);
    let details = failure.details.unwrap();
    assert_eq!((details["deleted"].clone(), details["error"]["reason"].clone()), (json!(2), json!("store-down")));
}

#[test]
fn not_knowing_the_total_stops_nothing() {
    let world = World::new();
    world.collection("logs", json!((1..=3).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    world.fail_next("documents.count", ErrorKind::Timeout, "slow");
    let parameters = json!({"collection": "logs", "days_old": 30, "batch_size": 2, "dry_run": false});
    assert_eq!(fakes::execute::<DatabaseCleanup>(parameters).unwrap().records_affected, 3);
}

#[test]
fn an_archive_collection_is_complete_before_the_first_deletion() {
    let world = World::new();
    world.collection("logs", json!((1..=5).map(|id| log(id, OLD)).collect::<Vec<_>>()));
    world.collection("old/archive", json!([{"_id": 2, "left": "by an earlier attempt"}]));
    let parameters = json!({
        "collection": "logs", "days_old": 30, "batch_size": 2, "dry_run": false,
        "archive_to": {"connection": "old", "collection": "archive"}
    });
    let outcome = fakes::execute::<DatabaseCleanup>(parameters).unwrap();
    assert_eq!(outcome.details["archived"], json!({"collection": "old/archive", "documents": 5}));
    let mut archived = world.documents("old/archive");
    archived.sort_by_key(|document| document["_id"].as_u64());
    assert_eq!(archived, (1..=5).map(|id| log(id, OLD)).collect::<Vec<_>>());
    assert!(world.documents("logs").is_empty());
    let calls = world.calls();
    let last_insert = calls.iter().rposition(|call| call == "documents.insert").unwrap();
    assert!(last_insert < calls.iter().position(|call| call == "documents.delete").unwrap());
}

#[test]
fn what_begins_to_match_after_the_archive_was_written_waits() {
    let world = World::new();
    world.collection("logs", json!([log(1, OLD), log(2, OLD)]));
    world.before("documents.insert", |world| {
        let mut documents = world.documents("logs");
        documents.push(log(3, OLD));
        world.collection("logs", json!(documents));
    });
    let parameters =
        json!({"collection": "logs", "days_old": 30, "dry_run": false, "archive_to": {"collection": "shelf"}});
    assert_eq!(fakes::execute::<DatabaseCleanup>(parameters).unwrap().records_affected, 2);
    assert_eq!(ids(&world, "logs"), [3]);
}

#[test]
fn without_an_archive_nothing_is_deleted() {
    let run = |operation: &str, kind, archive_to: Value| {
        let world = World::new();
        world.collection("logs", json!([log(1, OLD)]));
        world.fail_next(operation, kind, "refused");
        let failure = fakes::execute::<DatabaseCleanup>(json!({
            "collection": "logs", "days_old": 30, "dry_run": false, "archive_to": archive_to
        }));
        assert_eq!(ids(&world, "logs"), [1], "{operation}");
        failure.unwrap_err().kind
    };
    let shelf = || json!({"collection": "shelf"});
    let file = || json!({"folder": "exports"});
    assert_eq!(run("documents.insert", ErrorKind::Denied, shelf()), FailureKind::Permanent);
    assert_eq!(run("files.open", ErrorKind::Unavailable, file()), FailureKind::Retryable);
    assert_eq!(run("files.create", ErrorKind::Denied, file()), FailureKind::Permanent);
    assert_eq!(run("files.write", ErrorKind::Limit, file()), FailureKind::Permanent);
    assert_eq!(run("files.finish", ErrorKind::Unavailable, file()), FailureKind::Retryable);
}

#[test]
fn an_archive_file_holds_a_line_for_each_document_that_went() {
    let world = World::new();
    let documents = (1..=2500).map(|id| log(id, OLD)).collect::<Vec<_>>();
    world.collection("logs", json!(documents));
    let parameters = json!({
        "collection": "logs", "days_old": 30, "dry_run": false,
        "archive_to": {"folder": "exports", "file_name": "{collection}/{date}-{attempt}.jsonl"}
    });
    let outcome = fakes::execute::<DatabaseCleanup>(parameters).unwrap();
    assert_eq!(outcome.records_affected, 2500);
    assert_eq!(outcome.details["oldest"], OLD);
    assert!(world.documents("logs").is_empty());
    let [(name, bytes)] = world.files("exports").try_into().unwrap();
    assert_eq!(name, "logs/2027-01-15-1.jsonl");
    let lines = String::from_utf8(bytes).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(lines.collect::<Vec<_>>(), documents);
}

#[test]
fn an_archive_file_is_never_overwritten_and_never_empty() {
    let world = World::new();
    world.file("exports", "logs.jsonl", b"the only copy of something");
    let run = || {
        fakes::execute::<DatabaseCleanup>(json!({
            "collection": "logs", "days_old": 30, "dry_run": false,
            "archive_to": {"folder": "exports", "file_name": "logs.jsonl"}
        }))
    };
    assert_eq!(run().unwrap().details["archived"], Value::Null);
    world.collection("logs", json!([log(1, OLD)]));
    assert_eq!(run().unwrap_err().kind, FailureKind::Permanent);
    assert_eq!(world.files("exports")[0].1, b"the only copy of something");
    assert_eq!(ids(&world, "logs"), [1]);
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    assert_eq!(problems(json!({"collection": "logs"})), ["/days_old"]);
    assert_eq!(problems(json!({"collection": "logs", "conditions": {}})), ["/days_old"]);
    assert_eq!(
        problems(json!({
            "collection": "system.users", "days_old": 1, "date_field": "$x", "batch_size": 0,
            "archive_to": {"collection": "system.users"}
        })),
        ["/collection", "/date_field", "/batch_size", "/archive_to/collection", "/archive_to/collection"]
    );
    let archive = json!({"folder": "exports", "file_name": "../{nothing}"});
    assert_eq!(
        problems(json!({"collection": "logs", "days_old": 1, "archive_to": archive})),
        ["/archive_to/file_name", "/archive_to/file_name"]
    );
    assert_eq!(problems(json!({"collection": "logs", "days_old": "soon"})), ["/days_old"]);
    assert_eq!(problems(json!({"collection": "logs", "days": 3})), ["/days"]);
}

#[test]
fn every_field_of_the_form_explains_itself() {
    let schema = sandglass_sdk::schema_of::<super::Parameters>();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["collection"]));
    let fields = schema["properties"].as_object().unwrap();
    assert_eq!(fields.len(), 11);
    for (name, field) in fields {
        for key in ["title", "description", "examples", "x-ui"] {
            assert!(field.get(key).is_some(), "{name} has no {key}: {field}");
        }
        let is_optional = !["collection", "days_old", "archive_to"].contains(&name.as_str());
        assert_eq!(field.get("default").is_some(), is_optional, "{name}");
    }
    assert_eq!(fields["dry_run"]["default"], true);
    assert_eq!(fields["batch_size"]["maximum"], 10_000);
    assert_eq!(fields["archive_to"]["oneOf"].as_array().unwrap().len(), 2);
    assert_eq!(fields["archive_to"]["oneOf"][0]["additionalProperties"], false);
}
