//! The web interface in a real browser: `host/ui/browser/suite.mjs` drives Debian's Chromium on a real server.

use std::path::Path;
use std::process::Command;

use sandglass_tests::{Server, Setup, wait_for};

use crate::access::{fresh, printed};
use crate::dropin::{hello, patched};

/// Fewer would mean that some were left out.
const LEAST_CHECKS: u32 = 85;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_runs_changes_and_deletes_a_job_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let token = "test-token-0123456789-0123456789-0123456789".to_owned();
    let components = folder.path().join("components-to-bring");
    std::fs::create_dir(&components).unwrap();
    std::fs::write(components.join("hello.wasm"), hello()).unwrap();
    let more = patched(&hello(), "param:/collection", "any_collection_**");
    std::fs::write(components.join("hello-more.wasm"), more).unwrap();
    let components = components.display().to_string();
    let more = vec![("SANDGLASS_TOKEN", token), ("SANDGLASS_COMPONENTS", components)];
    let checks = drive(&server, "suite.mjs", more).await;
    assert!(checks >= LEAST_CHECKS, "only {checks} checks");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_set_up_invited_and_signed_in_see_and_may_do_what_their_role_says_and_are_signed_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = fresh(folder.path()).start().await;
    let token = wait_for("set-up link", 10, || async { printed(&server, "/setup#token=") }).await;
    let link = format!("{}/setup#token={token}", server.base());
    assert_eq!(drive(&server, "people.mjs", vec![("SANDGLASS_SETUP", link)]).await, 52);
}

/// Lets a script of `host/ui/browser` loose on a server; gives the number of its checks, all of which held.
async fn drive(server: &Server, script: &'static str, more: Vec<(&'static str, String)>) -> u32 {
    let interface = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/ui");
    let page = server.stranger().get("/").await;
    assert!(
        page.text.contains("/assets/"),
        "the interface is not in the binary: cargo xtask ui, then build the server"
    );
    assert!(interface.join("node_modules").exists(), "its packages are missing: cargo xtask ui installs them");
    let shots = tempfile::tempdir().unwrap();
    let (base, place) = (server.base().to_owned(), shots.path().to_owned());
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg(format!("browser/{script}"))
            .current_dir(interface)
            .envs(more)
            .env("SANDGLASS_URL", base)
            .env("SANDGLASS_SHOTS", place)
            .output()
    })
    .await
    .unwrap()
    .unwrap();
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{said}");
    let last = told.lines().last().unwrap_or_default();
    last.strip_suffix(" checks passed").and_then(|count| count.parse().ok()).unwrap_or(0)
}
