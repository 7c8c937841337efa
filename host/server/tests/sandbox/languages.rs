//! Components from toolchains of other languages: they run, they find nothing, and they end like everybody else.
//!
//! Needs the components that `cargo xtask plugins --examples` builds.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandglass::model::log::Level;
use sandglass::model::outcome::{FailureKind, Limit, Outcome};
use sandglass::sandbox::{Runner as _, Sandbox};
use serde_json::{Value, json};

use crate::world::{Heard, Template, World, http, settings};

fn component(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-data/components");
    let path = path.join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask plugins --examples` first", path.display()))
}

async fn probe(name: &str) -> (World, Template) {
    let mut settings = settings();
    settings.cpu_seconds = 2;
    let world = World::with(&settings, &http(&[]));
    let template = world.load_bytes(&component(name), &[]).await;
    (world, template)
}

async fn run(world: &World, template: &Template, mode: &str) -> (Outcome, Arc<Heard>) {
    let (finished, heard) = world.run(template, json!({ "mode": mode })).await;
    (finished.outcome, heard)
}

fn details(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Success(result) => result.details,
        other => panic!("it did not succeed: {other:?}"),
    }
}

fn trap(outcome: Outcome) -> String {
    match outcome {
        Outcome::Trap { message } => message,
        other => panic!("a broken run was expected, not {other:?}"),
    }
}

fn assert_limit(outcome: &Outcome, expected: Limit, key: &str) {
    match outcome {
        Outcome::LimitReached { limit, message } if *limit == expected => assert!(message.contains(key), "{message}"),
        other => panic!("the limit of {expected:?} was expected, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_imports_everything_is_told_apart_from_what_asks() {
    for name in ["collection_watch", "field_digest"] {
        let inspection = Sandbox::inspect(&component(name)).unwrap();
        assert!((18..=25).contains(&inspection.wasi.len()), "{name}: {:?}", inspection.wasi);
        assert!(inspection.imports.iter().any(|import| import == "sandglass:secrets/reveal.plaintext"));
        assert!(inspection.imports.iter().all(|import| import.starts_with("sandglass:")), "{:?}", inspection.imports);
    }
    let ours = Sandbox::inspect(&crate::world::component("test/probe")).unwrap();
    assert_eq!(ours.wasi, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_finds_nothing_around_it_and_ends_in_words() {
    let (world, template) = probe("javascript_probe").await;
    let (outcome, heard) = run(&world, &template, "inert").await;
    let found = details(outcome);
    assert_eq!(found["globals"], json!([]), "{found}");
    assert!(found["year"].as_i64().unwrap() >= 2025, "{found}");
    assert_eq!(heard.lines.lock()[0].message, "mode inert");

    let message = trap(run(&world, &template, "throw").await.0);
    assert!(message.contains("the words of the exception") && message.contains("app.js"), "{message}");
    let message = trap(run(&world, &template, "undefined").await.0);
    assert!(message.contains("missing is not defined"), "{message}");
    let (outcome, _) = run(&world, &template, "recurse").await;
    assert!(!matches!(outcome, Outcome::Success(_) | Outcome::HostFault { .. }), "{outcome:?}");
    match run(&world, &template, "failure").await.0 {
        Outcome::Failure { kind: FailureKind::Permanent, message, .. } => {
            assert_eq!(message, "failed in an orderly way");
        }
        other => panic!("{other:?}"),
    }
    assert_limit(&run(&world, &template, "endless").await.0, Limit::Cpu, "sandbox.cpu_seconds");
    assert_limit(&run(&world, &template, "memory").await.0, Limit::Memory, "sandbox.large_memory_bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn python_finds_nothing_around_it_and_ends_in_words() {
    let (world, template) = probe("python_probe").await;
    let (outcome, _) = run(&world, &template, "inert").await;
    let found = details(outcome);
    assert!(found["environment"].as_object().unwrap().values().all(|value| value != "root"), "{found}");
    assert!(found["environment"].get("PATH").is_none() && found["environment"].get("HOME").is_none(), "{found}");
    assert_eq!(found["arguments"], json!([]), "{found}");
    assert!(found["year"].as_i64().unwrap() >= 2025, "{found}");
    let attempts = found["attempts"].as_object().unwrap();
    assert_eq!(attempts.len(), 6, "{found}");
    for (attempt, end) in attempts {
        assert!(end["refused"].is_string(), "{attempt}: {end}");
    }
    assert!(!Path::new("/tmp/sandglass-python-probe").exists());

    let (outcome, heard) = run(&world, &template, "throw").await;
    assert_eq!(trap(outcome), "ValueError: the words of the exception");
    let traceback = heard.lines.lock().iter().any(|line| line.message.contains("app.py"));
    assert!(traceback, "{:?}", heard.lines.lock());
    let message = trap(run(&world, &template, "recurse").await.0);
    assert!(message.contains("RecursionError"), "{message}");
    assert_limit(&run(&world, &template, "endless").await.0, Limit::Cpu, "sandbox.cpu_seconds");
    assert_limit(&run(&world, &template, "memory").await.0, Limit::Memory, "sandbox.large_memory_bytes");

    what_is_printed_is_the_log(&world, &template).await;
    a_sleep_ends_with_the_run(&world, &template).await;
}

async fn what_is_printed_is_the_log(world: &World, template: &Template) {
    let (outcome, heard) = run(world, template, "output").await;
    details(outcome);
    let lines: Vec<_> = heard.lines.lock().iter().map(|line| (line.level, line.message.clone())).collect();
    let expected = [
        (Level::Info, "a line"),
        (Level::Info, "half a line"),
        (Level::Warning, "to the errors"),
        (Level::Info, "\\u{1b}[31mred"),
    ];
    assert_eq!(lines, expected.map(|(level, line)| (level, line.to_owned())));

    let (outcome, heard) = run(world, template, "flood").await;
    details(outcome);
    let lines = heard.lines.lock();
    let bytes: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!(bytes <= settings().log_bytes + 1_000, "{bytes} bytes were kept");
    assert!(lines.last().unwrap().message.contains("further lines were not kept"), "{:?}", lines.last());
}

async fn a_sleep_ends_with_the_run(world: &World, template: &Template) {
    let (mut asleep, _) = template.run(json!({ "mode": "sleep" }));
    asleep.timeout = Duration::from_secs(1);
    let began = Instant::now();
    assert!(matches!(world.sandbox.run(asleep).await.outcome, Outcome::Timeout));
    assert!((1.0..30.0).contains(&began.elapsed().as_secs_f32()), "{:?}", began.elapsed());

    let (asleep, _) = template.run(json!({ "mode": "sleep" }));
    let cancel = asleep.cancel.clone();
    let sandbox = world.sandbox.clone();
    let run = tokio::spawn(async move { sandbox.run(asleep).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    let finished = tokio::time::timeout(Duration::from_secs(30), run).await.unwrap().unwrap();
    assert!(matches!(finished.outcome, Outcome::Cancelled), "{finished:?}");
}
