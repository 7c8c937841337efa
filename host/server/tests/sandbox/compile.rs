//! How a component becomes machine code: in a child, within bounds, once.

use std::path::PathBuf;
use std::sync::Arc;

use sandglass::model::outcome::Outcome;
use sandglass::model::{Digest, SystemClock};
use sandglass::sandbox::{Compiler, Runner as _, Sandbox, SandboxError};
use serde_json::json;

use crate::world::{Template, component, gates, http, program, settings};

fn sandbox(folder: &std::path::Path, settings: &sandglass::config::Sandbox, compiler: Compiler) -> Sandbox {
    let (gates, ..) = gates(&http(&[]), tempfile::tempdir().unwrap().path());
    Sandbox::with_compiler(settings, folder.to_owned(), gates, Arc::new(SystemClock), compiler).unwrap()
}

fn nobody() -> Compiler {
    Compiler::Child(PathBuf::from("/nonexistent/sandglass"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_tell_what_is_asked_for() {
    let inspection = Sandbox::inspect(&component("test/hostile")).unwrap();
    assert_eq!(inspection.digest, Digest::of(&component("test/hostile")));
    let has = |name: &str| inspection.imports.iter().any(|import| import == name);
    assert!(has("sandglass:documents/read.collection.open"), "{:?}", inspection.imports);
    assert!(has("sandglass:http/client.send") && has("sandglass:base/clock.now"), "{:?}", inspection.imports);
    assert!(!inspection.imports.iter().any(|import| import.starts_with("sandglass:documents/write.")));
    assert_eq!(inspection.exports, ["sandglass:template/definition@0.1.0", "sandglass:template/job@0.1.0"]);

    let cleanup = Sandbox::inspect(&component("database_cleanup")).unwrap();
    assert!(cleanup.imports.iter().any(|import| import == "sandglass:documents/write.delete"), "{:?}", cleanup.imports);
    assert!(!cleanup.imports.iter().any(|import| import.starts_with("sandglass:http/")), "{:?}", cleanup.imports);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_describes_itself_and_judges_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), &settings(), program());
    let digest = sandbox.admit_built_in(&component("database_cleanup")).await.unwrap();
    assert!(sandbox.is_loaded(&digest));
    let metadata = sandbox.describe(&digest).await.unwrap();
    assert_eq!(metadata.name, "database_cleanup");
    assert!(!metadata.needs.is_empty());
    assert_eq!(sandbox.schema(&digest).await.unwrap()["type"], "object");
    let parameters = json!({ "collection": "orders", "dry_run": true }).to_string();
    let problems = sandbox.validate(&digest, &parameters).await.unwrap();
    assert!(!problems.is_empty(), "neither age nor conditions");
    let parameters = json!({ "collection": "orders", "conditions": { "a": 1 } }).to_string();
    assert_eq!(sandbox.validate(&digest, &parameters).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_kept_and_made_anew_when_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("test/hostile");
    sandbox(folder.path(), &settings(), program()).admit(&bytes).await.unwrap();

    // Nobody can compile now: what loads comes from the cache.
    let digest = sandbox(folder.path(), &settings(), nobody()).admit(&bytes).await.unwrap();

    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let mut code = std::fs::read(&files[0]).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    std::fs::write(&files[0], &code).unwrap();
    let error = sandbox(folder.path(), &settings(), nobody()).admit(&bytes).await.unwrap_err();
    assert!(matches!(error, SandboxError::Compile(_)), "{error}");

    let mended = sandbox(folder.path(), &settings(), program());
    assert_eq!(mended.admit(&bytes).await.unwrap(), digest);
    let (run, _) = Template { name: "hostile".into(), digest }.run(json!({ "mode": "ok" }));
    assert!(matches!(mended.run(run).await.outcome, Outcome::Success(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn compiling_has_bounds_and_a_failure_leaves_the_host_whole() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("test/hostile");
    let mut tight = settings();
    tight.compile_memory_bytes = 40 << 20;
    let error = sandbox(folder.path(), &tight, program()).admit(&bytes).await.unwrap_err();
    assert!(matches!(&error, SandboxError::Compile(message) if message.contains("compile_memory_bytes")), "{error}");

    let mut small = settings();
    small.component_bytes = 1_000;
    let error = sandbox(folder.path(), &small, program()).admit(&bytes).await.unwrap_err();
    assert!(matches!(error, SandboxError::TooLarge { limit: 1_000, .. }), "{error}");

    let sandbox = sandbox(folder.path(), &settings(), program());
    for bytes in [&b"garbage"[..], &bytes[..bytes.len() / 2], b"\0asm\x01\0\0\0"] {
        let error = sandbox.admit(bytes).await.unwrap_err();
        assert!(matches!(error, SandboxError::Refused(_)), "{error}");
    }
    assert!(matches!(sandbox.admit(b"\0asm\x0d\0\x01\0").await.unwrap_err(), SandboxError::Contract(_)));
    sandbox.admit(&bytes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_was_never_admitted_is_the_hosts_fault() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), &settings(), nobody());
    let digest = Digest::of(b"nothing");
    assert!(!sandbox.is_loaded(&digest));
    assert_eq!(sandbox.describe(&digest).await.unwrap_err(), SandboxError::NotLoaded(digest.clone()));
    let (run, _) = Template { name: "x".into(), digest }.run(json!({}));
    assert!(matches!(sandbox.run(run).await.outcome, Outcome::HostFault { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_beyond_their_bound_never_reach_a_guest() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), &settings(), program());
    let digest = sandbox.admit(&component("test/hostile")).await.unwrap();
    let parameters = json!({ "mode": "ok", "collection": "x".repeat(300_000) });
    assert_eq!(sandbox.validate(&digest, &parameters.to_string()).await.unwrap()[0].code, "too-large");
    let (run, _) = Template { name: "hostile".into(), digest }.run(parameters);
    match sandbox.run(run).await.outcome {
        Outcome::Failure { message, .. } => assert!(message.contains("parameters_bytes"), "{message}"),
        other => panic!("{other:?}"),
    }
}
