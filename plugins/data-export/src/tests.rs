use std::io::Read as _;

use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{ErrorKind, Failure, FailureKind, Outcome};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::DataExport;

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
fn a_file_that_is_there_is_replaced_only_when_the_job_says_so() {
    let world = World::new();
    world.collection("people", people());
    world.file("exports", "people.jsonl", b"precious");
    let parameters = |overwrite: bool| json!({"collection": "people", "file_name": "people", "overwrite": overwrite});
    let failure = run(parameters(false)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
    assert!(failure.message.starts_with("exports/people.jsonl is there already"), "{}", failure.message);
    assert_eq!(only_file(&world).1, "precious");
    run(parameters(true)).unwrap();
    assert_eq!(only_file(&world).1.lines().count(), 3);
}

#[test]
fn a_later_attempt_may_replace_the_file_of_its_own_execution_only() {
    let world = World::new();
    world.collection("people", people());
    world.set_attempt(2);
    world.file("exports", &format!("x-{ID}.jsonl"), b"left by the first attempt");
    world.file("exports", "x-2027-01-15.jsonl", b"of another run");
    run(json!({"collection": "people", "file_name": "x-{execution}"})).unwrap();
    assert!(run(json!({"collection": "people", "file_name": "x-{date}"})).is_err());
}

#[test]
fn only_this_jobs_own_older_files_go() {
    let world = World::new();
    world.collection("people", people());
    let export = |day: u32, keep: u32, pattern: &str| {
        world.set_clock(format!("2027-01-{day:02}T08:00:00Z").parse().unwrap());
        run(json!({"collection": "people", "file_name": pattern, "keep_last": keep})).unwrap()
    };
    let job = |id: &str| world.set_job(json!({"id": id, "name": "Nightly", "tags": []}));
    job("1");
    export(1, 2, "{job}-{date}");
    export(2, 2, "{job}-{date}");
    // Another job with the same name and pattern, and files that persons put there.
    job("2");
    export(3, 2, "{job}-{date}");
    world.file("exports", "Nightly-2026-12-31.jsonl", b"put here by hand");
    job("1");
    let outcome = export(4, 2, "{job}-{date}");
    assert_eq!(outcome.details["deleted"], json!(["Nightly-2027-01-01.jsonl"]));
    let kept = ["Nightly-2026-12-31", "Nightly-2027-01-02", "Nightly-2027-01-03", "Nightly-2027-01-04"];
    assert_eq!(names(&world), kept.map(|name| format!("{name}.jsonl")));
    // Another pattern has its own count, and a renamed job still knows its files.
    world.set_job(json!({"id": "1", "name": "Renamed", "tags": []}));
    assert_eq!(export(5, 1, "{job}-other-{date}").details["deleted"], json!([]));
    let outcome = export(6, 1, "{job}-{date}");
    assert_eq!(outcome.details["deleted"], json!(["Nightly-2027-01-02.jsonl", "Nightly-2027-01-04.jsonl"]));
    let kept = ["Nightly-2026-12-31", "Nightly-2027-01-03", "Renamed-2027-01-06", "Renamed-other-2027-01-05"];
    assert_eq!(names(&world), kept.map(|name| format!("{name}.jsonl")));
    assert_eq!(outcome.warnings, [""; 0]);
}

#[test]
fn a_file_that_someone_replaced_is_no_longer_this_jobs() {
    let world = World::new();
    world.collection("people", people());
    let export = |day: u32| {
        world.set_clock(format!("2027-01-{day:02}T08:00:00Z").parse().unwrap());
        run(json!({"collection": "people", "file_name": "{date}", "keep_last": 1})).unwrap()
    };
    export(1);
    let size = world.files("exports")[0].1.len();
    world.file("exports", "2027-01-01.jsonl", &vec![b'x'; size]);
    assert_eq!(export(2).details["deleted"], json!([]));
    assert_eq!(export(3).details["deleted"], json!(["2027-01-02.jsonl"]));
    assert_eq!(names(&world), ["2027-01-01.jsonl", "2027-01-03.jsonl"]);
}

#[test]
fn a_lost_or_broken_list_keeps_files_and_a_failing_clean_up_keeps_the_export() {
    let world = World::new();
    world.collection("people", people());
    let export = |day: u32| {
        world.set_clock(format!("2027-01-{day:02}T08:00:00Z").parse().unwrap());
        run(json!({"collection": "people", "file_name": "{date}", "keep_last": 1})).unwrap()
    };
    export(1);
    let list =
        world.files("exports").into_iter().map(|(name, _)| name).find(|name| name.starts_with("sandglass/")).unwrap();
    world.file("exports", &list, b"{");
    let outcome = export(2);
    assert!(outcome.warnings[0].contains("a new list begins"), "{:?}", outcome.warnings);
    world.fail_next("files.delete", ErrorKind::Unavailable, "down");
    let outcome = export(3);
    assert!(outcome.warnings[0].contains("2027-01-02.jsonl could not be deleted"), "{:?}", outcome.warnings);
    world.fail_next("files.entries", ErrorKind::Unavailable, "down");
    let outcome = export(4);
    assert!(outcome.warnings[0].starts_with("older files could not be cleaned up"), "{:?}", outcome.warnings);
    let outcome = export(5);
    assert_eq!(outcome.details["deleted"], json!(["2027-01-02.jsonl", "2027-01-03.jsonl", "2027-01-04.jsonl"]));
    assert_eq!(names(&world), ["2027-01-01.jsonl", "2027-01-05.jsonl"]);
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

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    for (parameters, expected) in [
        (json!({"collection": "users"}), vec![]),
        (json!({}), vec![""]),
        (json!({"collection": 5}), vec!["/collection"]),
        (json!({"collection": "users", "colour": 1}), vec!["/colour"]),
        (json!({"collection": "system.users"}), vec!["/collection"]),
        (json!({"collection": "a$b"}), vec!["/collection"]),
        (json!({"collection": "crm/users", "connection": "crm"}), vec!["/collection"]),
        (json!({"collection": "crm/"}), vec!["/collection"]),
        (json!({"collection": "c", "filter": {"$where": "1"}}), vec!["/filter/$where"]),
        (
            json!({"collection": "c", "filter": {"$or": [{"a": 1}, {"$expr": {"$function": {}}}]}}),
            vec!["/filter/$or/1/$expr/$function"],
        ),
        (json!({"collection": "c", "projection": {"a": 1, "b": 0, "_id": 0}}), vec!["/projection/b"]),
        (json!({"collection": "c", "projection": {"a": "yes", "b..c": 1}}), vec!["/projection/a", "/projection/b..c"]),
        (json!({"collection": "c", "projection": {"a": 1, "b": {"$add": [1, 2]}, "c": "$d"}}), vec![]),
        (json!({"collection": "c", "sort": {"a": 1, "b": "up", "$c": -1}}), vec!["/sort/b", "/sort/$c"]),
        (json!({"collection": "c", "format": "xlsx", "limit": 100_001}), vec!["/limit"]),
        (json!({"collection": "c", "format": "xlsx", "compression": "gzip"}), vec!["/compression"]),
        (json!({"collection": "c", "csv": {"delimiter": "\""}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"delimiter": "§"}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"delimiter": ""}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"null_text": "a\nb"}}), vec!["/csv/null_text"]),
        (json!({"collection": "c", "csv": {"columns": [{"path": "a"}]}}), vec!["/csv/columns"]),
        (
            json!({"collection": "c", "format": "csv", "csv": {"columns": [
                {"path": "a."}, {"path": "b", "title": "X"}, {"path": "c", "title": "X"}, {"path": "b"}, {"path": "b"}
            ]}}),
            vec!["/csv/columns/0/path", "/csv/columns/2/title", "/csv/columns/4/path"],
        ),
        (
            json!({"collection": "c", "format": "csv", "projection": {"a.b": 1, "c": 1, "_id": 0}, "csv": {"columns": [
                {"path": "a.b"}, {"path": "a"}, {"path": "c.d"}, {"path": "x"}, {"path": "_id"}
            ]}}),
            vec!["/csv/columns/3/path", "/csv/columns/4/path"],
        ),
        (
            json!({"collection": "c", "format": "csv", "projection": {"secret": 0}, "csv": {"columns": [
                {"path": "secret.key"}, {"path": "secrets"}, {"path": "_id"}
            ]}}),
            vec!["/csv/columns/0/path"],
        ),
        (json!({"collection": "c", "file_name": "../{who}"}), vec!["/file_name", "/file_name"]),
        (json!({"collection": "c", "file_name": "{job}", "keep_last": 3}), vec!["/keep_last"]),
        (json!({"collection": "c", "destination": "memory", "keep_last": 3}), vec!["/keep_last"]),
        (
            json!({"collection": "/", "sort": {"a": 2}, "format": "xlsx", "compression": "gzip", "file_name": ":"}),
            vec!["/collection", "/sort/a", "/compression", "/file_name"],
        ),
    ] {
        let problems = fakes::validate::<DataExport>(parameters.clone());
        let found = problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>();
        assert_eq!(found, expected, "{parameters}: {problems:?}");
    }
}

#[test]
fn every_field_of_the_form_explains_itself() {
    fn check(pointer: &str, schema: &Value) {
        assert_eq!(schema["additionalProperties"], false, "{pointer}");
        for (name, field) in schema["properties"].as_object().unwrap() {
            let pointer = format!("{pointer}/{name}");
            for key in ["title", "description", "examples"] {
                assert!(field.get(key).is_some(), "{pointer} has no {key}: {field}");
            }
            for key in ["order", "widget", "help"] {
                assert!(field["x-ui"].get(key).is_some(), "{pointer} has no x-ui.{key}");
            }
            let has_default = field.get("default").is_some();
            assert_eq!(has_default, !["collection", "path", "title"].contains(&name.as_str()), "{pointer}");
            if field.get("properties").is_some() {
                check(&pointer, field);
            }
        }
    }
    let schema = sandglass_sdk::schema_of::<super::Parameters>();
    assert_eq!(schema["required"], json!(["collection"]));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 16);
    check("", &schema);
    let column = &schema["properties"]["csv"]["properties"]["columns"]["items"];
    check("/csv/columns", column);
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert!(fakes::validate::<DataExport>(example.clone()).is_empty(), "{example}");
    }
}
