//! Subcommands that look into the data directory and change it, while no server runs on it.

use std::path::Path;
use std::process::Output;

use sandglass_tests::{Setup, command, run_python};
use serde_json::{Value, json};

use crate::restore::DUMP;

fn sandglass(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_and_restored_stands_in_the_audit() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rows = files.path().join("rows.jsonl");
    std::fs::write(&rows, "{\"_id\": 1}\n{\"_id\": 2}\n").unwrap();
    let dump = files.path().join("dump");
    run_python(DUMP, &["write", dump.to_str().unwrap(), "shop", "plain", "5"]);
    let (rows, dump) = (rows.to_str().unwrap(), dump.to_str().unwrap());
    let imported = sandglass(folder.path(), &["data", "import", rows, "--collection", "rows"]);
    assert!(imported.status.success(), "{imported:?}");
    let restored = sandglass(folder.path(), &["restore", dump, "--collection", "orders", "--to", "old_orders"]);
    assert!(restored.status.success(), "{restored:?}");
    let verified = sandglass(folder.path(), &["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");

    let server = Setup::on(folder.path()).start().await;
    let audit = server.client().get("/audit?page_size=200").await.ok();
    let entries = audit["entries"].as_array().unwrap_or_else(|| panic!("{audit}"));
    let of = |action: &str| entries.iter().find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("{audit}"));
    assert_eq!((&of("data.import")["subject"], &of("data.import")["actor"]), (&json!("rows"), &json!("command line")));
    assert_eq!(of("restore")["subject"], "old_orders");

    // The server holds the database: a dry run still checks the backup, and says what it did not look at.
    let dry = sandglass(folder.path(), &["restore", dump, "--collection", "orders", "--dry-run"]);
    let (_, talk) = said(&dry);
    assert!(dry.status.success() && talk.contains("a server runs on") && talk.contains("Stop the server"), "{talk}");
}

#[test]
fn a_collection_that_is_not_there_is_told_and_those_that_are_can_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.jsonl");
    std::fs::write(&rows, "{\"_id\": 1}\n{\"_id\": 2}\n").unwrap();
    let imported = sandglass(folder.path(), &["data", "import", rows.to_str().unwrap(), "--collection", "orders"]);
    assert!(imported.status.success(), "{imported:?}");
    for arguments in [
        &["data", "count", "ordres"][..],
        &["data", "find", "ordres"],
        &["data", "aggregate", "ordres", "--pipeline", "[{\"$limit\": 1}]"],
    ] {
        let output = sandglass(folder.path(), arguments);
        let (_, talk) = said(&output);
        assert!(output.status.success(), "{output:?}");
        assert!(talk.contains("there is no collection ordres; did you mean orders?"), "{arguments:?}: {talk}");
    }
    let (listed, _) = said(&sandglass(folder.path(), &["data", "collections", "--json"]));
    let lines: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["name"] == "orders" && line["count"] == 2), "{listed}");
    let (count, talk) = said(&sandglass(folder.path(), &["data", "count", "orders"]));
    assert_eq!((count.trim(), talk.contains("warning")), ("2", false), "{talk}");
}

#[test]
fn values_that_are_empty_can_be_seen_and_origins_stand_below_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (shown, _) = said(&sandglass(folder.path(), &["config", "show"]));
    let uri = shown.lines().find(|line| line.starts_with("database.uri ")).unwrap();
    assert!(uri.contains("  \"\" "), "{uri}");
    let places: Vec<Option<usize>> = ["database.uri ", "execution.slots ", "http.requests "]
        .into_iter()
        .map(|key| shown.lines().find(|line| line.starts_with(key)).and_then(|line| line.find('#')))
        .collect();
    assert!(places[0].is_some() && places.windows(2).all(|pair| pair[0] == pair[1]), "{places:?}");
}

#[test]
fn where_a_secret_may_go_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "correct-horse").unwrap();
    let set = ["secret", "set", "shop", "--value-file", text.to_str().unwrap(), "--host", "api.example.com"];
    assert!(sandglass(folder.path(), &set).status.success());
    assert!(
        sandglass(folder.path(), &["secret", "set", "other", "--value-file", text.to_str().unwrap()]).status.success()
    );
    let (listed, _) = said(&sandglass(folder.path(), &["secret", "list"]));
    let line = |label: &str| listed.lines().find(|line| line.starts_with(label)).unwrap();
    assert!(line("shop").contains("api.example.com") && line("other").contains("any host"), "{listed}");
}
