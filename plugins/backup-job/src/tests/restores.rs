use sandglass_sdk::{ErrorKind, FailureKind};

use super::*;

fn restore(backup: &str, more: Value) -> Value {
    let mut parameters = json!({"mode": "restore", "restore": {"backup": backup}});
    for (key, value) in more.as_object().unwrap() {
        match key.as_str() {
            "to" | "replace" => parameters["restore"][key] = value.clone(),
            _ => parameters[key] = value.clone(),
        }
    }
    parameters
}

#[test]
fn documents_and_indexes_come_back_as_they_were() {
    for compression in ["gzip", "none"] {
        let world = world();
        let (orders, indexes) = (world.documents("orders"), world.indexes("users"));
        let backup = name_of(&run(json!({"compression": compression})).unwrap());
        world.drop_collection("users");
        world.drop_collection("orders");
        let outcome = run(restore(&backup, json!({}))).unwrap();
        assert_eq!(json!(world.documents("users")), users());
        assert_eq!(world.documents("orders"), orders);
        let made = json!([{"name": "name_1", "key": {"name": 1}, "unique": true,
            "partialFilterExpression": {"age": {"$gt": {"$numberInt": "5"}}}}]);
        assert_eq!((json!(world.indexes("users")), indexes.len()), (made, 1));
        assert_eq!(world.collections(), ["orders", "users"], "no stage is left");
        assert_eq!((outcome.records_affected, &outcome.details["indexes"]), (2503, &json!(1)));
        assert_eq!(outcome.warnings, Vec::<String>::new());
    }
}

#[test]
fn one_collection_can_take_another_name() {
    let world = world();
    let backup = name_of(&run(json!({})).unwrap());
    let more = json!({"collections": ["users"], "to": "people", "include_indexes": false});
    let outcome = run(restore(&backup, more)).unwrap();
    assert_eq!(json!(world.documents("people")), users());
    assert_eq!(world.indexes("people"), Vec::<Value>::new());
    assert_eq!(outcome.details["collections"][0]["restored_as"], "people");
    assert_eq!(world.collections(), ["orders", "people", "users"]);
}

#[test]
fn what_exists_is_refused_and_replaced_only_when_asked() {
    let world = world();
    let backup = name_of(&run(json!({})).unwrap());
    world.collection("users", json!([{"_id": "newer"}]));
    let failure = run(restore(&backup, json!({}))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    assert_eq!(failure.details, Some(json!({"existing": ["orders", "users"]})));
    assert_eq!(world.documents("users"), [json!({"_id": "newer"})]);
    run(restore(&backup, json!({"replace": true}))).unwrap();
    assert_eq!(json!(world.documents("users")), users());
}

#[test]
fn a_failure_in_the_middle_leaves_the_old_collections() {
    for (operation, kind) in [
        ("documents.insert-raw", ErrorKind::Unavailable),
        ("documents.create", ErrorKind::Denied),
        ("documents.create-index", ErrorKind::Invalid),
        ("documents.rename", ErrorKind::Unavailable),
    ] {
        let world = world();
        let backup = name_of(&run(json!({})).unwrap());
        world.collection("users", json!([{"_id": "newer"}]));
        world.fail_next(operation, kind, "test");
        let failure = run(restore(&backup, json!({"replace": true}))).unwrap_err();
        assert!(failure.message.contains("no collection was changed"), "{operation}: {}", failure.message);
        assert_eq!(world.documents("users"), [json!({"_id": "newer"})], "{operation}");
        assert_eq!(world.collections(), ["orders", "users"], "{operation}: no stage is left");
    }
}

#[test]
fn a_denied_restore_names_the_grant() {
    let world = world();
    let backup = name_of(&run(json!({})).unwrap());
    world.fail_next("documents.create", ErrorKind::Denied, "not-granted");
    let failure = run(restore(&backup, json!({"replace": true}))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    let grant = r#"{"capability":"documents","target":"*","access":["write","manage"]}"#;
    assert!(failure.message.contains(grant), "{}", failure.message);
}

#[test]
fn a_damaged_backup_is_found_before_anything_is_written() {
    let world = world();
    let backup = name_of(&run(json!({})).unwrap());
    let name = format!("{backup}/default/users.bson.gz");
    let mut bytes = file(&world, &name);
    bytes[20] ^= 1;
    world.file("backups", &name, &bytes);
    let before = world.calls().len();
    let failure = run(restore(&backup, json!({"replace": true}))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    assert!(failure.message.contains("users.bson.gz"), "{}", failure.message);
    let changes = ["documents.create", "documents.drop", "documents.insert-raw", "documents.rename"];
    assert!(!world.calls()[before..].iter().any(|call| changes.contains(&call.as_str())));
}

#[test]
fn a_stop_removes_what_was_filled() {
    for questions in 0..8 {
        let world = world();
        let backup = name_of(&run(json!({})).unwrap());
        world.collection("users", json!([{"_id": "newer"}]));
        world.stop_after(questions);
        let Err(failure) = run(restore(&backup, json!({"replace": true}))) else { continue };
        assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
        assert_eq!(world.collections(), ["orders", "users"]);
        assert_eq!(world.documents("users"), [json!({"_id": "newer"})]);
    }
}

#[test]
fn batches_shrink_to_what_the_host_allows() {
    let world = world();
    let backup = name_of(&run(json!({})).unwrap());
    world.fail_next("documents.insert-raw", ErrorKind::Limit, "batch-documents");
    world.fail_next("documents.insert-raw", ErrorKind::Limit, "batch-documents");
    run(restore(&backup, json!({"collections": ["orders"], "to": "again"}))).unwrap();
    assert_eq!(world.documents("again"), world.documents("orders"));
}

#[test]
fn an_unfinished_backup_or_an_unknown_collection_is_refused() {
    world();
    let backup = name_of(&run(json!({})).unwrap());
    let failure = run(restore("Nightly/none", json!({}))).unwrap_err();
    assert!(failure.message.contains("no finished backup"), "{}", failure.message);
    let failure = run(restore(&backup, json!({"collections": ["nowhere"]}))).unwrap_err();
    assert!(failure.message.contains("holds orders, users"), "{}", failure.message);
}

#[test]
fn a_document_beyond_one_call_names_the_way_out() {
    let world = World::new();
    world.collection("big", json!([{"_id": 1, "text": "x".repeat(5 << 20)}]));
    let backup = name_of(&run(json!({})).unwrap());
    let failure = run(restore(&backup, json!({"replace": true}))).unwrap_err();
    assert!(failure.message.contains("sandglass restore has no such limit"), "{}", failure.message);
    assert_eq!(world.collections(), ["big"]);
}
