//! The web interface in a real browser: `host/ui/browser/suite.mjs` drives Debian's Chromium on a real server.

use std::path::Path;
use std::process::Command;

use sandglass_tests::{Counterpart, Server, wait_for};

use crate::access::{fresh, printed};
use crate::dropin::{hello, patched};
use crate::mail::{Sink, setup as mail_setup};

/// Fewer would mean that some were left out.
const LEAST_CHECKS: u32 = 105;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_runs_changes_and_deletes_a_job_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let mail = Sink::start(&[]).await;
    let hook = Counterpart::answering(&[]).await;
    let server = mail_setup(folder.path(), mail.port).argument("--demo").start().await;
    let token = "test-token-0123456789-0123456789-0123456789".to_owned();
    let components = folder.path().join("components-to-bring");
    std::fs::create_dir(&components).unwrap();
    std::fs::write(components.join("hello.wasm"), hello()).unwrap();
    let more = patched(&hello(), "param:/collection", "any_collection_**");
    std::fs::write(components.join("hello-more.wasm"), more).unwrap();
    let components = components.display().to_string();
    let more = vec![("SANDGLASS_TOKEN", token), ("SANDGLASS_COMPONENTS", components), ("SANDGLASS_HOOK", hook.url(""))];
    let checks = drive(&server, "suite.mjs", more).await;
    assert!(checks >= LEAST_CHECKS, "only {checks} checks");

    // What the screens said was done arrived outside.
    let letter = mail.messages(1).await.remove(0);
    assert!(letter.to_string().contains("3 drafts of Orders never sent off"), "{letter}");
    let order = hook.received().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!((order.path.as_str(), order.header("x-shop")), ("/orders?from=sandglass", Some("Lisbon & <Porto>")));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&order.body).unwrap()["note"], "ready");
    let exports = walk(&folder.path().join("exports"));
    assert!(exports.iter().any(|name| name.ends_with(".csv.gz")), "{exports:?}");
    assert!(exports.iter().any(|name| name.ends_with(".html")), "{exports:?}");
    let backups = walk(&folder.path().join("backups"));
    assert!(backups.iter().any(|name| name.ends_with("manifest.json")), "{backups:?}");
}

/// The files below a folder.
fn walk(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] }).collect()
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
pub(crate) async fn drive(server: &Server, script: &'static str, more: Vec<(&'static str, String)>) -> u32 {
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
    println!("{told}");
    let last = told.lines().last().unwrap_or_default();
    last.strip_suffix(" checks passed").and_then(|count| count.parse().ok()).unwrap_or(0)
}
