//! What an author of templates does before any server sees the component.

use std::path::{Path, PathBuf};
use std::process::Output;

use sandglass_tests::{Counterpart, Server, Setup, command};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A component that `cargo xtask plugins` built.
fn component(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins").join(format!("{name}.wasm"));
    assert!(path.exists(), "{} is missing: cargo xtask plugins builds it", path.display());
    path
}

/// `sandglass template ACTION FILE ARGUMENTS…` in a folder of its own.
fn template(folder: &TempDir, action: &str, file: &Path, arguments: &[&str]) -> Output {
    let mut command = command(folder.path());
    command.env("SANDGLASS_HTTP__ALLOWED_NETWORKS", "127.0.0.0/8");
    command.args(["template", action]).arg(file).args(arguments).output().unwrap()
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"))
}

/// A folder with documents of a collection `orders`.
fn orders() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines =
        "{\"_id\": 1, \"status\": \"open\"}\n{\"_id\": 2, \"status\": \"paid\"}\n{\"_id\": 3, \"status\": \"open\"}\n";
    std::fs::write(folder.path().join("orders.jsonl"), lines).unwrap();
    folder
}

const COUNT: &str = r#"{"collection": "orders", "field": "status"}"#;

#[test]
fn a_component_tells_what_it_can_do_and_what_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let output = template(&folder, "inspect", &component("test/fresh"), &[]);
    let (told, _) = texts(&output);
    assert!(output.status.success(), "{output:?}");
    for part in [
        "contract  0.1.0",
        "  read documents: collection.find, collection.open, cursor.next",
        "  documents read param:/collection: To read the field that is counted.",
        "  collection (string, required): The collection to read.",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let shown = json_of(&template(&folder, "inspect", &component("test/fresh"), &["--json"]));
    assert_eq!(shown["metadata"]["name"], "fresh");
    assert_eq!(shown["schema"]["required"], json!(["collection", "field"]));
    assert!(shown["imports"].as_array().unwrap().contains(&json!("sandglass:documents/read.collection.find")));
}

#[test]
fn a_check_says_whether_parameters_fit_and_what_grants_would_deny() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = component("test/fresh");
    let check = |arguments: &[&str]| template(&folder, "check", &fresh, arguments);
    assert_eq!(check(&[]).status.code(), Some(0), "the examples of its schema fit");
    let bad = check(&["--params", r#"{"collection": "system.users", "field": "a.b"}"#]);
    let (told, _) = texts(&bad);
    assert_eq!(bad.status.code(), Some(1));
    assert!(told.contains("/collection: belongs to the database") && told.contains("/field: is no field"), "{told}");

    let grants = folder.path().join("grants.json");
    std::fs::write(&grants, r#"{"rights": [{"capability": "documents", "target": "logs", "access": ["read"]}]}"#)
        .unwrap();
    let narrow = check(&["--params", COUNT, "--grants", grants.to_str().unwrap(), "--json"]);
    assert_eq!(narrow.status.code(), Some(1));
    let grant = json!({"capability": "documents", "target": "orders", "access": ["read"]});
    assert_eq!(json_of(&narrow)["denied"][0]["grant"], grant);
    let enough = check(&["--params", COUNT, "--grants", "as-needed"]);
    assert_eq!(enough.status.code(), Some(0), "{enough:?}");
}

#[test]
fn a_run_without_grants_fails_and_names_the_grant_and_with_them_it_tells_what_it_read() {
    let (folder, data) = (tempfile::tempdir().unwrap(), orders());
    let data = data.path().to_str().unwrap();
    let denied = template(&folder, "run", &component("test/fresh"), &["--params", COUNT, "--data", data]);
    let (told, _) = texts(&denied);
    assert_eq!(denied.status.code(), Some(6), "{denied:?}");
    let grant = r#"{"capability":"documents","target":"orders","access":["read"]} would allow it"#;
    assert!(told.contains("It was denied\n  documents open orders; not-granted\n") && told.contains(grant), "{told}");

    let options = ["--params", COUNT, "--data", data, "--grants", "as-needed"];
    let run = template(&folder, "run", &component("test/fresh"), &options);
    let (told, log) = texts(&run);
    assert!(run.status.success(), "{run:?}");
    assert!(told.starts_with("Success: 3 documents with 2 different values of status\n"), "{told}");
    assert!(told.contains("It read\n  documents find orders"), "{told}");
    assert!(log.contains("INFO    counted documents=3 values=2"), "{log}");
    let kept: Vec<_> = folder.path().read_dir().unwrap().collect();
    assert!(kept.is_empty(), "nothing is left in the data directory: {kept:?}");
}

#[test]
fn files_and_deletions_of_a_run_are_told_and_can_be_kept() {
    let (folder, data) = (tempfile::tempdir().unwrap(), orders());
    let (kept, data) = (folder.path().join("kept"), data.path().to_str().unwrap());
    let keep = ["--data", data, "--grants", "as-needed", "--keep", kept.to_str().unwrap(), "--json"];
    let parameters = json!({"collection": "orders", "format": "csv"}).to_string();
    let export = template(&folder, "run", &component("data_export"), &[&["--params", &parameters], &keep[..]].concat());
    let report = json_of(&export);
    assert_eq!(report["outcome"], "success", "{report}");
    let (place, name) = (report["files"][0]["folder"].as_str().unwrap(), report["files"][0]["name"].as_str().unwrap());
    let csv = std::fs::read_to_string(kept.join(place).join(name)).unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");

    let parameters = json!({"collection": "orders", "conditions": {"status": "open"}, "dry_run": false}).to_string();
    let keep = ["--grants", "as-needed", "--keep", kept.to_str().unwrap(), "--json"];
    let cleanup =
        template(&folder, "run", &component("database_cleanup"), &[&["--params", &parameters], &keep[..]].concat());
    let report = json_of(&cleanup);
    assert_eq!(report["result"]["records_affected"], 2, "{report}");
    let effects = report["effects"].as_array().unwrap();
    let delete = effects.iter().find(|effect| effect["operation"] == "delete").unwrap();
    assert_eq!((&delete["is_write"], &delete["result"]["verdict"]), (&json!(true), &json!("allowed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_leaves_only_as_far_as_the_grants_say() {
    let counterpart = Counterpart::answering(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let parameters = json!({"url": counterpart.url("/hook"), "method": "POST"}).to_string();
    let run = |grants: &[&str]| {
        let arguments = [&["--params", parameters.as_str(), "--json"], grants].concat();
        json_of(&template(&folder, "run", &component("webhook_trigger"), &arguments))
    };
    let denied = run(&[]);
    assert_eq!(denied["outcome"], "permanent_failure", "{denied}");
    assert!(counterpart.received().is_empty(), "nothing left");
    let sent = run(&["--grants", "as-needed"]);
    assert_eq!(sent["outcome"], "success", "{sent}");
    assert_eq!(counterpart.received().len(), 1);
}

#[test]
fn what_is_no_component_of_ours_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, part) in [
        (&b"hello"[..], "no WebAssembly component"),
        (b"\0asm\x01\0\0\0", "a core WebAssembly module, not a component"),
    ] {
        let file = folder.path().join("x.wasm");
        std::fs::write(&file, bytes).unwrap();
        for action in ["inspect", "check", "run"] {
            let output = template(&folder, action, &file, &[]);
            let (_, told) = texts(&output);
            assert!(output.status.code() == Some(1) && told.contains(part), "{action}: {output:?}");
        }
    }
    let missing = template(&folder, "check", Path::new("no-such.wasm"), &[]);
    assert_eq!(missing.status.code(), Some(3));
}

/// The component with one text replaced by another of the same length, wherever it stands.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(component("test/fresh")).unwrap();
    let mut count = 0;
    for place in 0..bytes.len() - from.len() {
        if bytes[place..].starts_with(from.as_bytes()) {
            bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
            count += 1;
        }
    }
    assert!(count > 0, "{from} is not in the component");
    bytes
}

#[test]
fn a_component_that_does_not_fit_the_contract_is_told_in_words_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, parts) in [
        (
            "sandglass:template/job@",
            "sandglass:template/jab@",
            &[
                "does not export sandglass:template/job@0.1.0",
                "`execute: func(parameters: json)",
                "sandglass_sdk::export!",
            ][..],
        ),
        (
            "sandglass:base/log@",
            "sandglass:base/lag@",
            &["imports sandglass:base/lag@0.1.0", "no interface of that name; it has sandglass:base/clock, "],
        ),
        (
            "should-stop",
            "should-stap",
            &["imports `should-stap` of sandglass:base/execution@0.1.0", "has no function of that name"],
        ),
        (
            "not-found",
            "not-faund",
            &[
                "of sandglass:documents/read@0.1.0 as another function",
                "the host has `",
                "expected enum case named not-found, found not-faund",
            ],
        ),
        (
            "records-processed",
            "records-procesxed",
            &["one of the functions that it exports has another type", "records-procesxed", "`execute: func("],
        ),
    ] {
        let file = folder.path().join("changed.wasm");
        std::fs::write(&file, changed(from, to)).unwrap();
        let output = template(&folder, "check", &file, &[]);
        let (_, told) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{from}: {told}");
        for part in parts.iter().copied().chain(["sandglass"]) {
            assert!(told.contains(part), "{from}: {part} in {told}");
        }
    }
}

/// As [`changed`], written to a file.
fn variant(folder: &Path, file: &str, from: &str, to: &str) -> String {
    let file = folder.join(file);
    std::fs::write(&file, changed(from, to)).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_waits_is_approved_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    assert_eq!(remote(&server, &["install", component("test/fresh").to_str().unwrap()]).0, Some(0));
    let grant = folder.path().join("grant.json");
    std::fs::write(&grant, r#"{"rights": [{"capability": "documents", "target": "orders", "access": ["read"]}]}"#)
        .unwrap();
    assert_eq!(remote(&server, &["grant", "fresh", grant.to_str().unwrap()]).0, Some(0));
    let body = json!({
        "name": "Orders by status", "template_type": "fresh", "parameters": {"collection": "orders", "field": "status"},
        "schedule": {"type": "interval", "interval_seconds": 86_400},
    });
    let job = client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned();
    let (code, _, complained) = remote(&server, &["approve", "fresh"]);
    assert!(code.is_some_and(|code| code != 0) && complained.contains("nothing waits for approval"), "{complained}");

    // The next version asks for every collection instead of the one that a job names.
    let more = variant(folder.path(), "more.wasm", "param:/collection", "any_collection_**");
    let (code, told, complained) = remote(&server, &["install", &more]);
    assert_eq!(code, Some(0), "{complained}");
    assert!(told.contains("fresh 0.1.0 waits for approval: it asks for more than version 0.1.0"), "{told}");
    assert!(told.contains("sandglass template approve fresh lets it take over"), "{told}");
    let (_, listed, _) = remote(&server, &["list"]);
    assert!(listed.contains("version 0.1.0 waits for approval"), "{listed}");

    // Somebody looked at another version than the one that waits by now.
    let before = client.get("/templates/fresh").await.ok();
    let (code, _, complained) = remote(&server, &["approve", "fresh", "--digest", before["digest"].as_str().unwrap()]);
    assert!(code == Some(4) && complained.contains("waits for approval, not"), "{code:?} {complained}");
    let digest = before["waiting"]["digest"].as_str().unwrap();
    let (code, told, complained) = remote(&server, &["approve", "fresh", "--digest", digest, "--grant-needs"]);
    assert_eq!((code, told.as_str()), (Some(0), "fresh 0.1.0 is in force; 1 jobs moved to it.\n"), "{complained}");
    let (_, told, _) = remote(&server, &["grant", "fresh"]);
    assert!(told.contains("documents read orders\n") && told.contains("documents read any_collection_**\n"), "{told}");
    let moved = client.get(&format!("/jobs/{job}")).await.ok();
    assert_eq!(moved["template_digest"], digest, "{moved:#}");
    let changes = client.get("/audit?kind=change&action=template.approve").await.ok();
    assert_eq!(
        (&changes["entries"][0]["actor"], &changes["entries"][0]["subject"]),
        (&json!("admin"), &json!("fresh"))
    );

    // And a no: the version before stays in force.
    let another = variant(folder.path(), "another.wasm", "param:/collection", "all_collections**");
    let (_, told, _) = remote(&server, &["install", &another, "--json"]);
    let waiting = serde_json::from_str::<Value>(&told).unwrap()["digest"].as_str().unwrap_or_default().to_owned();
    assert_eq!(remote(&server, &["remove", "fresh", "--digest", &waiting]).0, Some(0), "{told}");
    assert_eq!(client.get("/templates/fresh").await.ok()["digest"], digest);
    assert_eq!(remote(&server, &["approve", "no_such_thing"]).0, Some(3));
}

/// `sandglass template ARGUMENTS…` against a server, with its token.
fn remote(server: &Server, arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.env("SANDGLASS_URL", server.base());
    command.env("SANDGLASS_TOKEN", "test-token-0123456789-0123456789-0123456789");
    let output = command.arg("template").args(arguments).output().unwrap();
    let (told, complained) = texts(&output);
    (output.status.code(), told, complained)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_goes_into_a_server_and_out_again_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let fresh = component("test/fresh");

    let (code, told, complained) = remote(&server, &["install", fresh.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{complained}");
    assert!(told.contains("fresh 0.1.0 is in force"), "{told}");
    let need = "It asks for\n  documents read param:/collection: To read the field that is counted.";
    assert!(told.contains("Nothing is granted to it yet") && told.contains(need), "{told}");
    let (_, listed, _) = remote(&server, &["list"]);
    assert!(
        listed.contains("database_cleanup")
            && listed.lines().any(|line| line.starts_with("fresh ") && line.contains("not_granted")),
        "{listed}"
    );

    let wrong = folder.path().join("grant.json");
    std::fs::write(&wrong, r#"{"rights": [{"capability": "documents", "target": "orders", "access": ["burn"]}]}"#)
        .unwrap();
    let (code, _, complained) = remote(&server, &["grant", "fresh", wrong.to_str().unwrap()]);
    assert!(code == Some(1) && complained.contains("/rights/0/access/0: "), "{complained}");
    let (code, told, complained) = remote(&server, &["grant", "fresh", "--as-needed"]);
    assert_eq!((code, told.as_str()), (Some(0), "fresh may\n  documents read param:/collection\n"), "{complained}");

    let body = json!({
        "name": "Orders by status", "template_type": "fresh", "parameters": {"collection": "orders", "field": "status"},
        "schedule": {"type": "interval", "interval_seconds": 86_400},
    });
    let job = server.client().post("/jobs", &body).await.ok();
    let run =
        server.client().post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");

    let (code, _, complained) = remote(&server, &["remove", "fresh"]);
    assert_eq!(code, Some(4), "a job uses it: {complained}");
    let (code, told, complained) = remote(&server, &["remove", "fresh", "--force"]);
    assert!(code == Some(0) && told.contains("the job \"Orders by status\" is blocked"), "{told}{complained}");

    assert_eq!(remote(&server, &["grant", "nothing_like_it"]).0, Some(3));
    assert_eq!(remote(&server, &["list", "--server", "http://127.0.0.1:1"]).0, Some(1));
    let stranger = folder.path().join("token");
    std::fs::write(&stranger, "another-token-0123456789-0123456789").unwrap();
    assert_eq!(remote(&server, &["list", "--token-file", stranger.to_str().unwrap()]).0, Some(5));
}
