//! Files as templates reach them: what is granted, what stays, and what a hostile or unlucky run leaves behind.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sandglass::capabilities::files::Books;
use sandglass::model::SystemClock;
use sandglass::model::audit::Verdict;
use sandglass::model::grant::Limits;
use sandglass::model::outcome::{Limit, Outcome};
use sandglass::repository::Executions;
use sandglass::sandbox::Runner as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{Template, World, answers, folders, reason};

const ALL: &[(&str, &str, &str)] = &[("files", "exports", "read write"), ("files", "backups", "read write")];

fn file(action: &str, name: &str, more: Value) -> Value {
    let mut step = json!({ "op": "file", "action": action, "name": name });
    step.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    step
}

/// Files in a folder, ours not counted.
fn found(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".sandglass") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}

fn temporaries(world: &World, label: &str) -> usize {
    let writing = world.data.path().join(label).join(".sandglass/writing");
    std::fs::read_dir(writing).map_or(0, Iterator::count)
}

async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn steps(world: &World, template: &Template, steps: Value) -> Vec<Value> {
    world.probe(template, json!({ "steps": steps })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_read_listed_and_deleted_and_all_of_it_is_on_record() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    let (run, heard) = template.run(json!({ "steps": [
        file("write", "a/one.txt", json!({ "content": "hello", "zeros": 200_000 })),
        file("read", "a/one.txt", json!({ "max": 5 })),
        file("read", "a/one.txt", json!({ "offset": 200_005 })),
        file("info", "a/one.txt", json!({})),
        file("list", "a/", json!({})),
        file("write", "a/one.txt", json!({ "content": "again" })),
        file("write", "a/one.txt", json!({ "content": "again", "overwrite": true })),
        file("delete", "a/one.txt", json!({})),
        file("delete", "a/one.txt", json!({})),
    ] }));
    let execution = run.execution;
    let answers = answers(&world.sandbox.run(run).await);
    assert_eq!(answers[0]["ok"]["size"], 200_005, "{answers:?}");
    assert_eq!(answers[0]["ok"]["sha256"].as_str().map(str::len), Some(64), "{answers:?}");
    assert_eq!(answers[1]["ok"]["content"], "hello");
    assert_eq!(answers[2]["ok"]["bytes"], 0);
    assert_eq!(answers[3]["ok"]["size"], 200_005);
    assert_eq!(answers[4]["ok"][0]["name"], "a/one.txt");
    assert_eq!((answers[5]["error"]["kind"].as_str(), reason(&answers[5])), (Some("conflict"), "file-exists"));
    assert_eq!(answers[6]["ok"]["size"], 5);
    assert_eq!(answers[7]["ok"], Value::Null);
    assert_eq!((answers[8]["error"]["kind"].as_str(), reason(&answers[8])), (Some("not-found"), "unknown-file"));

    world.audit.flush().await.unwrap();
    let records = world.audit.of_execution(execution).await.unwrap();
    let written: Vec<_> =
        records.iter().map(|record| (record.operation.as_str(), record.target.as_str(), &record.verdict)).collect();
    let target = "exports/a/one.txt";
    let failed = |error: &str| Verdict::Failed { error: error.into() };
    assert_eq!(
        written,
        [
            ("create", target, &Verdict::Allowed),
            ("finish", target, &Verdict::Allowed),
            ("create", target, &failed("file-exists")),
            ("create", target, &Verdict::Allowed),
            ("finish", target, &Verdict::Allowed),
            ("delete", target, &Verdict::Allowed),
            ("delete", target, &failed("unknown-file")),
        ]
    );
    assert_eq!(records[1].usage.bytes_in, 200_005);
    let reads = heard.reads.lock();
    let sum = |operation: &str| reads.iter().find(|sum| sum.operation == operation).unwrap();
    assert_eq!(sum("write").usage.bytes_in, 200_010, "{reads:?}");
    assert_eq!((sum("read").calls, sum("read").usage.bytes_out), (2, 5));
    assert_eq!(found(&world.data.path().join("exports")), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_reaches_the_folder_it_names_and_nothing_else() {
    let world = World::new();
    std::fs::write(world.data.path().join("backups/theirs"), "theirs").unwrap();
    let template = world.load("test/probe", &[("files", "exports", "read")]).await;
    let answers = steps(
        &world,
        &template,
        json!([
            file("info", "none", json!({})),
            file("write", "x", json!({})),
            file("read", "theirs", json!({ "folder": "backups" })),
            file("read", "theirs", json!({ "folder": "../backups" })),
            file("read", "x", json!({ "folder": "" })),
            file("read", "x", json!({ "folder": "nowhere" })),
            file("delete", "theirs", json!({ "folder": "exports/../backups" })),
        ]),
    )
    .await;
    assert_eq!(reason(&answers[0]), "unknown-file");
    // What looks like a path fits no need.
    for answer in [&answers[1], &answers[2], &answers[3], &answers[6]] {
        assert!(matches!(reason(answer), "not-granted" | "not-asked"), "{answer}");
    }
    // What is no folder's label is told as that, with the folders that the grant covers and no others.
    for answer in &answers[4..6] {
        assert_eq!(reason(answer), "unknown-folder", "{answer}");
    }
    let nowhere = answers[5]["error"]["message"].as_str().unwrap();
    assert!(nowhere.contains("there is exports.") && !nowhere.contains("backups"), "{nowhere}");
    world.grant(&template, &[("files", "*", "read")], Limits::default());
    let answers = steps(&world, &template, json!([file("read", "x", json!({ "folder": "nowhere" }))])).await;
    assert_eq!(reason(&answers[0]), "unknown-folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_of_a_name_leads_out_of_the_folder() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    let exports = world.data.path().join("exports");
    std::fs::write(world.data.path().join("secret"), "secret").unwrap();
    std::fs::create_dir(world.data.path().join("outside")).unwrap();
    std::fs::write(world.data.path().join("outside/secret"), "secret").unwrap();
    std::os::unix::fs::symlink(world.data.path().join("outside"), exports.join("link")).unwrap();
    std::os::unix::fs::symlink(world.data.path().join("secret"), exports.join("file-link")).unwrap();
    let absolute = world.data.path().join("secret").display().to_string();
    let names = [
        "../secret",
        "a/../../secret",
        "./../secret",
        "..\\secret",
        "../backups/x",
        &absolute,
        "/etc/passwd",
        "//etc/passwd",
        "\u{ff0e}\u{ff0e}/secret",
        "..\u{ff0f}secret",
        ".sandglass/writing/x",
        ".sandglass",
        "a\0b",
        "link/secret",
        "file-link",
        "",
        ".",
        "..",
    ];
    let mut tried = 0;
    for name in names {
        for action in ["read", "info", "delete", "write"] {
            // To write over a link replaces the link, which is its own test.
            if action == "write" && name == "file-link" {
                continue;
            }
            let (run, _) = template.run(json!({ "steps": [file(action, name, json!({ "overwrite": true }))] }));
            let execution = run.execution;
            let answers = answers(&world.sandbox.run(run).await);
            assert!(matches!(reason(&answers[0]), "file-name" | "link"), "{action} {name:?}: {answers:?}");
            world.audit.flush().await.unwrap();
            let records = world.audit.of_execution(execution).await.unwrap();
            assert!(!records.is_empty(), "{action} {name:?} is not on record");
            tried += 1;
        }
    }
    assert_eq!(tried, 71);
    assert_eq!(std::fs::read_to_string(world.data.path().join("secret")).unwrap(), "secret");
    assert_eq!(found(&world.data.path().join("outside")), ["secret"]);
    assert_eq!(found(&world.data.path().join("backups")), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_dropped_or_held_or_whose_run_breaks_leaves_nothing() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    let unfinished = |then: &str| file("write", "x", json!({ "zeros": 300_000, "then": then }));
    steps(&world, &template, json!([unfinished("drop"), unfinished("hold")])).await;
    let (failed, _) =
        world.run(&template, json!({ "steps": [unfinished("hold"), { "op": "fail", "message": "no" }] })).await;
    assert!(matches!(failed.outcome, Outcome::Failure { .. }), "{failed:?}");

    let hostile = world.load("test/hostile", ALL).await;
    let (broken, _) = world.run(&hostile, json!({ "mode": "panic-while-writing" })).await;
    assert!(matches!(broken.outcome, Outcome::Trap { .. }), "{broken:?}");
    eventually("no temporaries", || temporaries(&world, "exports") == 0).await;
    assert_eq!(found(&world.data.path().join("exports")), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_or_out_of_time_while_it_writes_leaves_nothing_half_written() {
    let world = World::new();
    let hostile = world.load("test/hostile", ALL).await;
    for is_cancelled in [true, false] {
        let (mut run, _) = hostile.run(json!({ "mode": "file-flood" }));
        run.timeout = Duration::from_secs(if is_cancelled { 60 } else { 2 });
        let cancel = run.cancel.clone();
        let sandbox = world.sandbox.clone();
        let task = tokio::spawn(async move { sandbox.run(run).await });
        eventually("a file is being written", || temporaries(&world, "exports") > 0).await;
        let since = Instant::now();
        if is_cancelled {
            cancel.cancel();
        }
        let finished = task.await.unwrap();
        if is_cancelled {
            assert_eq!(finished.outcome, Outcome::Cancelled);
            assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
        } else {
            assert_eq!(finished.outcome, Outcome::Timeout);
        }
        eventually("no temporaries", || temporaries(&world, "exports") == 0).await;
    }
    // Each is larger than a file may be, so none was finished.
    assert_eq!(found(&world.data.path().join("exports")), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_the_number_of_files_have_bounds_that_a_grant_lowers() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    let answers = steps(&world, &template, json!([file("write", "large", json!({ "zeros": (1 << 20) + 1 }))])).await;
    assert_eq!((answers[0]["error"]["kind"].as_str(), reason(&answers[0])), (Some("limit"), "file-bytes"));

    let limits = Limits { file_bytes: Some(10), files: Some(2), ..Limits::default() };
    world.grant(&template, ALL, limits);
    let write = |name: &str, zeros: u64| file("write", name, json!({ "zeros": zeros }));
    let answers = steps(&world, &template, json!([write("a", 10), write("b", 11), write("c", 1)])).await;
    assert_eq!(answers[0]["ok"]["size"], 10);
    assert_eq!(reason(&answers[1]), "file-bytes");
    assert_eq!((answers[2]["error"]["kind"].as_str(), reason(&answers[2])), (Some("limit"), "file-count"));
    assert_eq!(found(&world.data.path().join("exports")), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_for_files_have_a_bound_too() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    let open: Vec<Value> =
        (0..300).map(|number| file("write", &format!("f{number}"), json!({ "then": "hold" }))).collect();
    world.grant(&template, ALL, Limits::default());
    let (finished, _) = world.run(&template, json!({ "steps": open })).await;
    match &finished.outcome {
        // Whichever bound comes first.
        Outcome::LimitReached { limit: Limit::Handles, .. } => {}
        Outcome::Success(result) => {
            let last = result.details["answers"].as_array().unwrap().last().unwrap().clone();
            assert_eq!(reason(&last), "file-count");
        }
        other => panic!("{other:?}"),
    }
    eventually("no temporaries", || temporaries(&world, "exports") == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_without_success_created_goes_only_where_the_template_asked_for_it() {
    let world = World::new();
    let template = world.load("test/probe", ALL).await;
    std::fs::write(world.data.path().join("backups/earlier"), "earlier").unwrap();
    let write = |folder: &str, name: &str| {
        file("write", name, json!({ "folder": folder, "content": "new", "overwrite": name == "earlier" }))
    };
    let parameters = json!({ "steps": [
        write("exports", "kept"),
        write("backups", "a/b/gone"),
        write("backups", "also-gone"),
        write("backups", "earlier"),
        { "op": "fail", "message": "no" },
    ] });
    let (run, _) = template.run(parameters);
    let execution = run.execution;
    let finished = world.sandbox.run(run).await;
    assert!(matches!(finished.outcome, Outcome::Failure { .. }), "{finished:?}");
    eventually("the files go", || found(&world.data.path().join("backups")) == ["earlier"]).await;
    assert!(!world.data.path().join("backups/a").exists());
    assert_eq!(std::fs::read_to_string(world.data.path().join("backups/earlier")).unwrap(), "new");
    assert_eq!(found(&world.data.path().join("exports")), ["kept"]);
    eventually("no journal", || found(&world.data.path().join("files")).is_empty()).await;
    world.audit.flush().await.unwrap();
    let records = world.audit.of_execution(execution).await.unwrap();
    let removed: Vec<_> = records.iter().filter(|record| record.operation == "remove").collect();
    assert_eq!(removed.len(), 2, "{records:?}");
    assert!(removed.iter().all(|record| record.verdict == Verdict::Allowed), "{removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_the_execution_decides_after_a_crash() {
    for status in ["success", "failed", "running", "gone"] {
        let world = World::new();
        let template = world.load("test/probe", ALL).await;
        let write = |name: &str| file("write", name, json!({ "folder": "backups", "content": "new" }));
        let (run, _) = template.run(json!({ "steps": [write("one"), write("d/two")] }));
        let (execution, job) = (run.execution, run.job);
        assert_eq!(answers(&world.sandbox.run(run).await).len(), 2);
        // Replaced by somebody since: not ours any more.
        std::fs::remove_file(world.data.path().join("backups/one")).unwrap();
        std::fs::write(world.data.path().join("backups/one"), "new").unwrap();
        eventually("a journal", || found(&world.data.path().join("files")).len() == 1).await;

        let database: Arc<dyn sandglass_database::Database> = Arc::new(world.database.clone());
        if status != "gone" {
            let attempt = bson::doc! {
                "number": 1, "token": 1_i64, "host": "h", "started_at": Utc::now(), "status": status,
                "ended_at": (status != "running").then(Utc::now), "interrupted": false,
            };
            let document = bson::doc! {
                "_id": execution.0, "job_id": job.to_string(), "job_name": "a job", "template_type": "probe", "status": status,
                "scheduled_for": Utc::now(), "attempts": [attempt], "token": 1_i64,
            };
            database.insert("job_executions", vec![document]).await.unwrap();
        }
        let books = Books { audit: world.audit.clone(), clock: Arc::new(SystemClock) };
        let restarted = folders(world.data.path());
        restarted.settle_former(&Executions::new(database), &books).await.unwrap();
        let kept: &[&str] = if matches!(status, "success" | "gone") { &["d/two", "one"] } else { &["one"] };
        assert_eq!(found(&world.data.path().join("backups")), kept, "{status}");
        assert_eq!(found(&world.data.path().join("files")), Vec::<String>::new(), "{status}");
    }
}
