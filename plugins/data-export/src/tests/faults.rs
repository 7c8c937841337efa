//! What goes wrong, and what is left then.

use sandglass_sdk::fakes::World;
use sandglass_sdk::{ErrorKind, FailureKind};
use serde_json::json;

use super::{people, run};

#[test]
fn a_run_that_is_stopped_leaves_nothing_behind() {
    for format in ["json", "jsonl", "csv", "xlsx"] {
        for questions in 0..4 {
            let world = World::new();
            world.collection("many", json!((0..2500).map(|number| json!({"_id": number})).collect::<Vec<_>>()));
            world.stop_after(questions);
            let failure = run(json!({"collection": "many", "format": format})).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Interrupted, "{format} {questions}");
            assert!(world.files("exports").is_empty(), "{format} {questions}");
        }
    }
}

#[test]
fn an_error_in_the_middle_leaves_nothing_behind_and_keeps_its_kind() {
    for (operation, kind, expected) in [
        ("documents.count", ErrorKind::Denied, FailureKind::Permanent),
        ("documents.find", ErrorKind::Invalid, FailureKind::Permanent),
        ("documents.next", ErrorKind::Unavailable, FailureKind::Retryable),
        ("files.open", ErrorKind::Denied, FailureKind::Permanent),
        ("files.create", ErrorKind::Unavailable, FailureKind::Retryable),
        ("files.write", ErrorKind::Limit, FailureKind::Permanent),
        ("files.finish", ErrorKind::Unavailable, FailureKind::Retryable),
    ] {
        for format in ["json", "jsonl", "csv", "xlsx"] {
            let world = World::new();
            world.collection("people", people());
            world.fail_next(operation, kind, "made-up");
            let failure = run(json!({"collection": "people", "format": format})).unwrap_err();
            assert_eq!(failure.kind, expected, "{operation} {format}: {}", failure.message);
            assert_eq!(failure.details.unwrap()["error"]["reason"], "made-up", "{operation} {format}");
            assert!(world.files("exports").is_empty(), "{operation} {format}");
        }
    }
}

#[test]
fn not_knowing_the_total_stops_nothing() {
    let world = World::new();
    world.collection("people", people());
    world.fail_next("documents.count", ErrorKind::Timeout, "slow");
    assert_eq!(run(json!({"collection": "people", "format": "csv"})).unwrap().records_processed, 3);
}

#[test]
fn a_collection_that_is_not_there_is_named_and_an_empty_match_is_a_warning() {
    let world = World::new();
    world.collection("people", people());
    let failure = run(json!({"collection": "poeple"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    assert!(failure.message.contains("no collection poeple in the connection default"), "{}", failure.message);
    assert!(world.files("exports").is_empty());
    for (format, expected) in [("jsonl", ""), ("json", "[]\n"), ("csv", "")] {
        let parameters = json!({
            "collection": "people", "filter": {"name": "Nobody"}, "format": format, "overwrite": true, "file_name": "x"
        });
        let outcome = run(parameters).unwrap();
        assert_eq!(outcome.warnings, ["no document matched: the export is empty"]);
        let file = world.files("exports").into_iter().find(|(name, _)| name.ends_with(&format!(".{format}"))).unwrap();
        assert_eq!(file.1, expected.as_bytes());
    }
}

#[test]
fn fields_that_turn_up_after_the_sample_are_told() {
    let world = World::new();
    world.collection("people", people());
    // Another client adds a document between the first pass and the second.
    let passes = std::cell::Cell::new(0);
    world.before("documents.find", move |world| {
        passes.set(passes.get() + 1);
        if passes.get() == 2 {
            let mut documents = world.documents("people");
            documents.push(json!({"_id": 4, "name": "Di", "surprise": true}));
            world.collection("people", json!(documents));
        }
    });
    let outcome = run(json!({"collection": "people", "format": "csv"})).unwrap();
    assert_eq!(outcome.records_processed, 4);
    assert!(outcome.warnings[0].starts_with("1 documents have fields"), "{:?}", outcome.warnings);
    assert!(outcome.warnings[0].contains(": surprise;"), "{:?}", outcome.warnings);
}

#[test]
fn a_sheet_with_too_many_rows_or_a_table_with_too_many_columns_names_the_way_out() {
    let world = World::new();
    let wide = (0..1100).map(|number| (format!("f{number}"), json!(1))).collect::<serde_json::Map<_, _>>();
    world.collection("wide", json!([wide]));
    let failure = run(json!({"collection": "wide", "format": "csv"})).unwrap_err();
    assert!(failure.message.contains("more than 1000 fields"), "{}", failure.message);

    let documents = (0..100_001).map(|number| json!({"_id": number})).collect::<Vec<_>>();
    world.collection("many", json!(documents));
    for counted in [true, false] {
        if !counted {
            world.fail_next("documents.count", ErrorKind::Timeout, "slow");
        }
        let failure = run(json!({"collection": "many", "format": "xlsx"})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.message.contains("100,000 rows") && failure.message.contains("csv"), "{}", failure.message);
    }
    assert!(world.files("exports").is_empty());
    let outcome = run(json!({"collection": "many", "format": "xlsx", "limit": 100_000, "file_name": "x"})).unwrap();
    assert_eq!(outcome.details["rows"], 100_000);
}
