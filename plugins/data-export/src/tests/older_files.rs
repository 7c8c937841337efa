//! Names that are taken, and older files.

use sandglass_sdk::fakes::World;
use sandglass_sdk::{ErrorKind, FailureKind};
use serde_json::json;

use super::{ID, names, only_file, people, run};

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
