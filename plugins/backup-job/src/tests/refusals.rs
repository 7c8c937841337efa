use sandglass_sdk::{ErrorKind, FailureKind};

use super::*;

fn pointers(parameters: Value) -> Vec<String> {
    fakes::validate::<BackupJob>(parameters).into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn bad_parameters_are_pointed_at() {
    for (parameters, expected) in [
        (json!({"connection": "a/b"}), vec!["/connection"]),
        (
            json!({"collections": ["ok", "system.users", "a$b", "x/y", ".a", "a\u{0}b"]}),
            vec!["/collections/1", "/collections/2", "/collections/3", "/collections/4", "/collections/5"],
        ),
        (json!({"retention": {}}), vec!["/retention"]),
        (json!({"restore": {"backup": "a/b"}}), vec!["/restore"]),
        (json!({"mode": "restore"}), vec!["/restore"]),
        (json!({"mode": "restore", "restore": {"backup": "../x"}}), vec!["/restore/backup"]),
        (json!({"mode": "restore", "restore": {"backup": "a/b", "to": "c"}}), vec!["/restore/to"]),
        (
            json!({"mode": "restore", "collections": ["a", "b"], "restore": {"backup": "a/b", "to": "$c"}}),
            vec!["/restore/to", "/restore/to"],
        ),
        (json!({"colections": "all"}), vec!["/colections"]),
        (json!({"compression": "zip"}), vec!["/compression"]),
        (json!({"collections": "some"}), vec!["/collections"]),
        (json!({"retention": {"keep_last": -1}}), vec!["/retention/keep_last"]),
    ] {
        assert_eq!(pointers(parameters.clone()), expected, "{parameters}");
    }
}

#[test]
fn the_examples_of_the_schema_are_accepted() {
    let schema = sandglass_sdk::schema_of::<super::super::Parameters>();
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert_eq!(pointers(example.clone()), Vec::<String>::new(), "{example}");
    }
    for (name, field) in schema["properties"].as_object().unwrap() {
        for part in ["title", "description", "examples", "x-ui"] {
            assert!(field.get(part).is_some(), "{name} has no {part}: {field}");
        }
    }
    assert_eq!(schema["properties"]["collections"]["oneOf"][0]["enum"], json!(["all"]), "{schema:#}");
}

#[test]
fn missing_collections_are_named_before_anything_is_written() {
    let world = world();
    let failure = run(json!({"collections": ["users", "nowhere", "gone"]})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    assert!(failure.message.contains("nowhere, gone"), "{}", failure.message);
    assert_eq!(failure.details, Some(json!({"missing": ["nowhere", "gone"]})));
    assert_eq!(world.files("backups"), []);
}

#[test]
fn an_empty_database_is_no_backup() {
    let world = World::new();
    let failure = run(json!({})).unwrap_err();
    assert!(failure.kind == FailureKind::Permanent && failure.message.contains("nothing to back up"), "{failure:?}");
    assert_eq!(world.files("backups"), []);
}

#[test]
fn faults_of_the_host_end_the_run_with_what_was_being_done() {
    for (operation, kind, expected, words) in [
        ("files.open", ErrorKind::Denied, FailureKind::Permanent, "opening the folder"),
        ("documents.collections", ErrorKind::Denied, FailureKind::Permanent, "listing the collections"),
        ("documents.next-raw", ErrorKind::Unavailable, FailureKind::Retryable, "reading orders"),
        ("files.create", ErrorKind::Conflict, FailureKind::Permanent, "storing orders"),
        ("files.write", ErrorKind::Limit, FailureKind::Permanent, "storing orders"),
        ("files.finish", ErrorKind::Limit, FailureKind::Permanent, "storing orders"),
        ("files.read", ErrorKind::Unavailable, FailureKind::Retryable, "orders.bson.gz"),
    ] {
        let world = world();
        world.fail_next(operation, kind, "test");
        let failure = run(json!({})).unwrap_err();
        assert_eq!(failure.kind, expected, "{operation}: {failure:?}");
        assert!(failure.message.contains(words), "{operation}: {}", failure.message);
        assert!(!world.files("backups").iter().any(|(name, _)| name.ends_with("manifest.json")));
    }
}
