//! `backup_job` on a running server, read by pymongo's bson and by `sandglass restore`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sandglass_tests::{Client, Server, Setup, command, run_python, wait_for};
use serde_json::{Value, json};

use super::restore::DUMP;

/// A data directory that holds what a dump of mongodump held.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn filled(orders: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        run_python(DUMP, &["write", &text(&place.dump()), "shop", "gzip", &orders.to_string()]);
        restore(&place.data(), &place.dump(), &[]);
        place
    }

    fn dump(&self) -> PathBuf {
        self.folder.path().join("dump")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn backups(&self) -> PathBuf {
        self.data().join("backups")
    }

    async fn serve(&self) -> Server {
        Setup::on(&self.data()).start().await
    }

    /// The files below the folder `backups`, by their names within it.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![self.backups()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    found.push(path.strip_prefix(self.backups()).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        found
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn restore(data: &Path, folder: &Path, arguments: &[&str]) {
    let output = command(data).arg("restore").arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// What pymongo's bson finds in the files of a dump: counts, checksums of the bytes, indexes.
fn read(folder: &Path) -> Value {
    serde_json::from_str(&run_python(DUMP, &["read", &text(folder)])).unwrap()
}

async fn job(client: &Client, parameters: Value) -> String {
    let body = json!({
        "name": "Nightly backup", "template_type": "backup_job", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 86_400}, "timeout_seconds": 600,
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn run(client: &Client, job: &str) -> Value {
    client.post(&format!("/jobs/{job}/run?wait=100"), &json!({})).await.ok()
}

async fn backup(client: &Client, job: &str) -> String {
    let run = run(client, job).await;
    assert_eq!(run["status"], "success", "{run}");
    run["result"]["details"]["backup"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dumped_restored_and_backed_up_is_the_same_to_the_byte_and_so_are_the_indexes() {
    let place = Place::filled(3_000);
    let original = read(&place.dump());
    assert_eq!(original["orders"]["documents"], 3_000);
    let server = place.serve().await;
    let client = server.client();
    let gzip = job(&client, json!({})).await;
    let first = run(&client, &gzip).await;
    assert_eq!(first["status"], "success", "{first}");
    assert_eq!(first["result"]["records_affected"], 3_000 + 14 + 1 + 1, "{first}");
    assert_eq!(first["result"]["details"]["verified"], true, "{first}");
    let name = first["result"]["details"]["backup"].as_str().unwrap();
    let plain = job(&client, json!({"compression": "none", "collections": ["types", "old", "orders"]})).await;
    let plain = backup(&client, &plain).await;
    assert_eq!(server.terminate(60).await, Some(0));

    let found = read(&place.backups().join(name));
    assert_eq!(without_order(&found), without_order(&original));
    let found = read(&place.backups().join(&plain));
    assert_eq!(found["types"]["sha256"], original["types"]["sha256"]);
    assert_eq!(found.as_object().unwrap().len(), 3);
    let manifest = fs::read(place.backups().join(name).join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["collections"].as_array().unwrap().len(), 5, "Sandglass's own are not among them");

    // Into an empty database, backed up once more, and read by the same eyes.
    let second = Place { folder: tempfile::tempdir().unwrap() };
    restore(&second.data(), &place.backups().join(name), &[]);
    let server = second.serve().await;
    let client = server.client();
    let again = job(&client, json!({})).await;
    let again = backup(&client, &again).await;
    assert_eq!(without_order(&read(&second.backups().join(again))), without_order(&original));
}

/// mongodump lists indexes as the server does; here they come in the order in which they were made. Both are the same.
fn without_order(found: &Value) -> Value {
    let mut found = found.clone();
    for collection in found.as_object_mut().unwrap().values_mut() {
        let indexes = collection["indexes"].as_array_mut().unwrap();
        indexes.sort_by_key(|index| index["name"].as_str().unwrap().to_owned());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_last_deletes_the_oldest_and_leaves_other_jobs_alone() {
    let place = Place::filled(20);
    let server = place.serve().await;
    let client = server.client();
    let other = job(&client, json!({"collections": ["old"]})).await;
    let other = backup(&client, &other).await;
    let kept = job(&client, json!({"collections": ["orders"], "retention": {"keep_last": 2}})).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(backup(&client, &kept).await);
    }
    let manifests = place.files().into_iter().filter(|name| name.ends_with("manifest.json")).collect::<Vec<_>>();
    let mut expected = [&other, &names[2], &names[3]].map(|name| format!("{name}/manifest.json"));
    expected.sort();
    assert_eq!(manifests, expected);
    assert!(!place.files().iter().any(|name| name.starts_with(&names[0]) || name.starts_with(&names[1])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_keeps_a_backup_from_being_restored() {
    let place = Place::filled(500);
    let server = place.serve().await;
    let client = server.client();
    let id = job(&client, json!({"compression": "none"})).await;
    let name = backup(&client, &id).await;
    assert_eq!(server.terminate(60).await, Some(0));
    let folder = place.backups().join(&name);
    let file = folder.join("default/orders.bson");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let output = command(&place.data()).arg("restore").arg(&folder).arg("--drop").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("orders.bson") && said.contains("SHA-256"), "{said}");
    let output = command(&place.data()).args(["data", "count", "types"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "14", "nothing was touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_backup_leaves_no_files() {
    let place = Place::filled(150_000);
    let server = place.serve().await;
    let client = server.client();
    let id = job(&client, json!({})).await;
    let started = client.post(&format!("/jobs/{id}/run"), &json!({})).await.ok();
    let execution = format!("/executions/{}", started["id"].as_str().unwrap());
    wait_for("progress", 60, || async {
        let run = client.get(&execution).await.ok();
        assert_ne!(run["status"], "success", "it was too quick to be cancelled: {run}");
        (run["progress"]["done"].as_u64() > Some(0)).then_some(())
    })
    .await;
    let began = Instant::now();
    client.post(&format!("{execution}/cancel"), &json!({})).await.ok();
    wait_for("cancelled run", 20, || async {
        (client.get(&execution).await.ok()["status"] == "cancelled").then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    wait_for("empty folder", 20, || async { place.files().is_empty().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_folder_fails_the_run_and_keeps_nothing_of_it() {
    let place = Place::filled(2_000);
    let server = Setup::on(&place.data()).with("SANDGLASS_FOLDERS__BACKUPS__QUOTA_BYTES", "20000").start().await;
    let client = server.client();
    let id = job(&client, json!({"compression": "none"})).await;
    let run = run(&client, &id).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run.to_string().contains("orders"), "{run}");
    wait_for("empty folder", 20, || async { place.files().is_empty().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_parameters_are_refused_with_a_pointer() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    let server = place.serve().await;
    let client = server.client();
    for (parameters, pointer) in [
        (json!({"collections": []}), "/parameters/collections"),
        (json!({"collections": "some"}), "/parameters/collections"),
        (json!({"collections": ["a", "a"]}), "/parameters/collections"),
        (json!({"collections": ["system.users"]}), "/parameters/collections/0"),
        (json!({"compression": "zip"}), "/parameters/compression"),
        (json!({"connection": ""}), "/parameters/connection"),
        (json!({"connection": "a/b"}), "/parameters/connection"),
        (json!({"folder": ""}), "/parameters/folder"),
        (json!({"include_indexes": "yes"}), "/parameters/include_indexes"),
        (json!({"verify": 1}), "/parameters/verify"),
        (json!({"retention": {}}), "/parameters/retention"),
        (json!({"retention": {"keep_last": 0}}), "/parameters/retention/keep_last"),
        (json!({"retention": {"keep_days": -1}}), "/parameters/retention/keep_days"),
        (json!({"retention": {"keep": 1}}), "/parameters/retention"),
        (json!({"mode": "both"}), "/parameters/mode"),
        (json!({"mode": "restore"}), "/parameters/restore"),
        (json!({"restore": {"backup": "a/b"}}), "/parameters/restore"),
        (json!({"mode": "restore", "restore": {"backup": "../x"}}), "/parameters/restore/backup"),
        (json!({"mode": "restore", "restore": {"backup": "a/b", "to": "c"}}), "/parameters/restore/to"),
        (json!({"collection": "orders"}), "/parameters"),
    ] {
        let body = json!({"name": "x", "template_type": "backup_job", "parameters": parameters,
            "schedule": {"type": "interval", "interval_seconds": 60}});
        let answer = client.post("/jobs", &body).await;
        assert_eq!(answer.status, 422, "{parameters}: {answer:?}");
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap();
        assert!(
            errors.iter().any(|error| error["pointer"].as_str().unwrap().starts_with(pointer)),
            "{parameters}: {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_collections_fail_the_run_by_name() {
    let place = Place::filled(5);
    let server = place.serve().await;
    let client = server.client();
    let id = job(&client, json!({"collections": ["orders", "nowhere", "sandglass_audit"]})).await;
    let run = run(&client, &id).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run.to_string().contains("nowhere, sandglass_audit"), "{run}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_restore_is_denied_until_an_operator_grants_it() {
    let place = Place::filled(4_000);
    let original = read(&place.dump());
    let server = place.serve().await;
    let client = server.client();
    let id = job(&client, json!({})).await;
    let name = backup(&client, &id).await;
    let back = json!({"mode": "restore", "collections": ["orders"], "restore": {"backup": name, "to": "orders_2"}});
    let denied = client.post(&format!("/jobs/{id}/run?wait=100"), &json!({"parameters": back})).await.ok();
    assert_eq!(denied["status"], "failed", "{denied}");
    assert!(denied.to_string().contains("manage"), "{denied}");
    assert_eq!(server.terminate(60).await, Some(0));

    grant_manage(&place);
    let server = place.serve().await;
    let client = server.client();
    let done = client.post(&format!("/jobs/{id}/run?wait=100"), &json!({"parameters": back})).await.ok();
    assert_eq!(done["status"], "success", "{done}");
    assert_eq!(done["result"]["details"]["indexes"], 3, "{done}");
    let twice = client.post(&format!("/jobs/{id}/run?wait=100"), &json!({"parameters": back})).await.ok();
    assert!(twice["status"] == "failed" && twice.to_string().contains("already there"), "{twice}");
    let id = job(&client, json!({"collections": ["orders_2"]})).await;
    let name = backup(&client, &id).await;
    let mut found = read(&place.backups().join(name))["orders_2"].clone();
    found["name"] = json!("orders");
    let expected = json!({"orders": original["orders"]});
    assert_eq!(without_order(&json!({"orders": found})), without_order(&expected));
}

/// What an operator does who lets the template restore.
fn grant_manage(place: &Place) {
    let data = |arguments: &[&str]| {
        let output = command(&place.data()).arg("data").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let grants = data(&["find", "sandglass_grants", "--canonical", "--limit", "0"]);
    let changed = grants.lines().map(|line| {
        let mut document: Value = serde_json::from_str(line).unwrap();
        let mut grant: Value = serde_json::from_str(document["grant"].as_str().unwrap()).unwrap();
        if grant["template_type"] == "backup_job" {
            let right = json!({"capability": "documents", "target": "*", "access": ["write", "manage"]});
            grant["rights"].as_array_mut().unwrap().push(right);
        }
        document["grant"] = json!(grant.to_string());
        format!("{document}\n")
    });
    let file = place.folder.path().join("grants.jsonl");
    fs::write(&file, changed.collect::<String>()).unwrap();
    data(&["import", &text(&file), "--collection", "sandglass_grants", "--replace"]);
}
