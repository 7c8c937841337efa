//! Components built against several versions of the contract.

use std::path::Path;

use sandglass::model::Digest;
use sandglass::model::outcome::{FailureKind, Outcome};
use sandglass::sandbox::{Sandbox, SandboxError};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::crafted::Crafted;
use crate::world::{World, http, settings};

/// What `tests/samples/contract-0.1.0/README.md` says of the component beside it.
const DIGEST_0_1_0: &str = "ae9ed89d6758199672441d2bc6a900527a86744e75438297c6d5f7b2cda34202";

/// What it reports of its calls, in their order. It asks to manage one collection only, and no identity has a name here.
const CALLS_0_1_0: [&str; 39] = [
    "in order: true",
    "should stop: false, wait: true",
    "random: 16",
    "create: ErrorKind::Denied not-asked",
    "create index: done",
    "open: done",
    "insert: 3 0",
    "insert raw: 1",
    "update: 2 2 None",
    "delete: 1",
    "count: 3",
    "distinct: 3",
    "find one: true",
    "find: open",
    "next: 3",
    "find raw: open",
    "next raw: true",
    "aggregate: open",
    "next: {\"n\":2}",
    "indexes: 1",
    "collections: true",
    "drop index: done",
    "rename: ErrorKind::Denied not-asked",
    "drop: done",
    "open folder: done",
    "begin: done",
    "write: done",
    "finish: sample.txt 5",
    "info: 5",
    "entries: 1",
    "read: 1.0",
    "delete file: done",
    "secret: open",
    "reveal: 16",
    "send: answered",
    "status: 201, headers: true",
    "body: there",
    "mail: ErrorKind::Denied not-granted",
    "statistics: true",
];

fn sample() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/contract-0.1.0.wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Answers one request and gives what reached it.
async fn peer() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sample", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut received = String::new();
        let mut buffer = [0; 4_096];
        while !received.ends_with("hello") {
            let length = connection.read(&mut buffer).await.unwrap();
            assert!(length > 0, "the request ended early: {received}");
            received.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthere";
        connection.write_all(answer).await.unwrap();
        received
    });
    (url, task)
}

#[test]
fn the_sample_of_a_released_contract_is_as_it_was_built() {
    assert_eq!(Digest::of(&sample()).to_string(), DIGEST_0_1_0, "it is never built again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_0_1_0_is_admitted_described_validated_and_run() {
    let world = World::with(&settings(), &http(&["127.0.0.1/32"]));
    world.secret("sample", "hunter2-and-more", &[]).await;
    let rights = [
        ("documents", "*", "read write manage"),
        ("files", "exports", "read write"),
        ("secrets", "sample", "use reveal"),
        ("http", "*", "send"),
        ("insight", "*", "read"),
    ];
    let template = world.load_bytes(&sample(), &rights).await;
    let metadata = world.sandbox.describe(&template.digest).await.unwrap();
    assert_eq!((metadata.name.as_str(), metadata.needs.len()), ("contract_sample", 10));
    assert_eq!((metadata.dry_run.as_deref(), metadata.extra), (Some("/dry_run"), Some(json!({}))));
    assert_eq!(world.sandbox.schema(&template.digest).await.unwrap()["required"], json!(["url"]));
    let problems = world.sandbox.validate(&template.digest, r#"{"url":"nowhere"}"#).await.unwrap();
    assert_eq!((problems.len(), problems[0].pointer.as_str()), (1, "/url"));
    assert_eq!(world.sandbox.validate(&template.digest, r#"{"url":"http://here"}"#).await.unwrap(), []);

    let (url, peer) = peer().await;
    let (finished, heard) = world.run(&template, json!({ "url": url })).await;
    let Outcome::Success(result) = finished.outcome else { panic!("{:?}", finished.outcome) };
    let calls: Vec<&str> =
        result.details["calls"].as_array().unwrap().iter().filter_map(|call| call.as_str()).collect();
    assert_eq!(calls, CALLS_0_1_0);
    assert_eq!((result.records_processed, result.records_affected), (calls.len() as u64, 1));
    assert_eq!(
        (&result.errors[..], &result.warnings[..]),
        (&["an error".to_owned()][..], &["a warning".to_owned()][..])
    );
    let received = peer.await.unwrap().to_ascii_lowercase();
    assert!(received.contains("authorization: bearer hunter2-and-more"), "{received}");
    assert!(received.contains("x-sample: 0.1.0"), "{received}");
    // A copy: an assertion that fails would wait for its own lock.
    let lines = heard.lines.lock().clone();
    let denials = lines.iter().filter(|line| line.message.starts_with("denied: ")).count();
    assert_eq!((denials, lines.len() - denials), (3, 4), "every level but trace: {lines:?}");
    assert_eq!(heard.progress.lock().len(), 1);

    match world.run(&template, json!({ "url": "http://here", "fail": true })).await.0.outcome {
        Outcome::Failure { kind: FailureKind::Retryable, retry_after, details, .. } => {
            assert_eq!(
                (retry_after, details),
                (Some(std::time::Duration::from_millis(1_500)), Some(json!({ "a": 1 })))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sample_of_0_1_0_imports_the_whole_contract() {
    let inspection = Sandbox::inspect(&sample()).unwrap();
    let released = include_str!("../../../../wit/released.txt");
    let functions = released.lines().filter(|line| line.contains("func(") && !line.contains("interface definition"));
    let functions = functions.filter(|line| !line.contains("interface job"));
    assert_eq!(inspection.imports.len(), functions.count(), "{:?}", inspection.imports);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_offered_is_refused_with_a_way_out() {
    for version in ["0.9.0", "0.1.1", "0.2.0", "1.0.0"] {
        let mut crafted = Crafted::new("from_the_future");
        crafted.version = version;
        let bytes = crafted.build();
        for refused in [Sandbox::inspect(&bytes).unwrap_err(), World::new().sandbox.admit(&bytes).await.unwrap_err()] {
            assert!(matches!(refused, SandboxError::ContractVersion { .. }), "{refused}");
            let message = refused.to_string();
            for part in [&format!("sandglass:template/job@{version}"), "this host offers 0.1.0", "build it"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
