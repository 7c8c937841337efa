//! Clean-ups that archive into a file first: the file is whole before a document goes, and without it none does.

use std::path::{Path, PathBuf};
use std::process::Command;

use sandglass_tests::{Client, Server, Setup, command, public_data, run_python, wait_for};
use serde_json::{Value, json};

/// Reads an archive as a stranger to Sandglass would: rows, rows whose field has the value, SHA-256.
const READER: &str = r#"
import hashlib, json, sys
data = open(sys.argv[1], "rb").read()
rows = [json.loads(line) for line in data.decode().splitlines()]
field, value = sys.argv[2], sys.argv[3]
print(len(rows), sum(1 for row in rows if row[field] == value), len({json.dumps(row["_id"]) for row in rows}),
      hashlib.sha256(data).hexdigest())
"#;

fn import(folder: &Path, file: &Path, collection: &str) {
    let output = command(folder).args(["data", "import", "--collection", collection]).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn count(folder: &Path, collection: &str, filter: &Value) -> u64 {
    let filter = filter.to_string();
    let output = command(folder).args(["data", "count", collection, "--filter", &filter]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

async fn clean_up(client: &Client, parameters: Value) -> Value {
    let body = json!({
        "name": "Archive first", "template_type": "database_cleanup", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 86_400},
    });
    client.post("/jobs", &body).await.ok()
}

async fn run(client: &Client, job: &Value) -> Value {
    client.post(&format!("/jobs/{}/run?wait=100", job["id"].as_str().unwrap()), &json!({})).await.ok()
}

/// Files below a folder, unfinished ones as well.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

async fn stop(server: Server) {
    assert_eq!(server.terminate(60).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_stands_in_the_archive_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = public_data("vega_datasets/_data/seattle-weather.csv");
    import(folder.path(), &data, "weather");
    let rain = json!({"weather": "rain"});
    let (all, matching) = (count(folder.path(), "weather", &json!({})), count(folder.path(), "weather", &rain));
    assert!(matching > 100 && all > matching, "{matching} of {all}");

    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let job = clean_up(
        &client,
        json!({
            "collection": "weather", "conditions": rain, "dry_run": false, "batch_size": 100,
            "archive_to": {"folder": "exports", "file_name": "{collection}/{date}-{execution}-{attempt}.jsonl"},
        }),
    )
    .await;
    let ended = run(&client, &job).await;
    assert_eq!(ended["status"], "success", "{ended}");
    let details = &ended["result"]["details"];
    assert_eq!(details["deleted"].as_u64(), Some(matching), "{ended}");
    let archived = &details["archived"];
    assert_eq!((archived["folder"].as_str(), archived["documents"].as_u64()), (Some("exports"), Some(matching)));

    let file = folder.path().join("exports").join(archived["file"].as_str().unwrap());
    let read = run_python(READER, &[file.to_str().unwrap(), "weather", "rain"]);
    let digest = archived["sha256"].as_str().unwrap();
    assert_eq!(read.trim(), format!("{matching} {matching} {matching} {digest}"));
    assert_eq!(files(&folder.path().join("exports")), [file]);

    let id = ended["id"].as_str().unwrap();
    let effects = client.get(&format!("/executions/{id}/effects")).await.ok();
    let operations: Vec<&str> =
        effects["effects"].as_array().unwrap().iter().filter_map(|effect| effect["operation"].as_str()).collect();
    let place = |wanted: &str| operations.iter().position(|operation| *operation == wanted);
    assert!(place("create") < place("finish") && place("finish") < place("delete"), "{operations:?}");
    stop(server).await;
    assert_eq!(count(folder.path(), "weather", &rain), 0);
    assert_eq!(count(folder.path(), "weather", &json!({})), all - matching);
}

/// A small file system of its own; None where this user may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24k", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_when_the_archive_fails_in_whatever_way() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &public_data("vega_datasets/_data/seattle-weather.csv"), "weather");
    let all = count(folder.path(), "weather", &json!({}));
    let small = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(small.path());
    let mut setup = Setup::on(folder.path()).with("SANDGLASS_FOLDERS__BACKUPS__QUOTA_BYTES", "20000");
    if disk.is_some() {
        setup = setup.with("SANDGLASS_FOLDERS__EXPORTS__URL", &format!("file://{}", small.path().display()));
    } else {
        eprintln!("SKIPPED: a full disk is not tried, for this user may not mount a small one");
    }
    let server = setup.start().await;
    let client = server.client();
    let exports = if disk.is_some() { small.path().to_owned() } else { folder.path().join("exports") };
    std::fs::write(exports.join("there.jsonl"), "somebody's").unwrap();
    let mut cases = vec![
        (json!({"folder": "exports", "file_name": "there.jsonl"}), "there is a file"),
        (json!({"folder": "backups", "file_name": "a.jsonl"}), "quota"),
        (json!({"folder": "nowhere", "file_name": "a.jsonl"}), "there is no folder \"nowhere\""),
    ];
    if disk.is_some() {
        cases.push((json!({"folder": "exports", "file_name": "full.jsonl"}), "folder exports: no space left"));
    }
    for (target, reason) in cases {
        let parameters =
            json!({"collection": "weather", "conditions": {"weather": "rain"}, "dry_run": false, "archive_to": target});
        let job = clean_up(&client, parameters).await;
        let ended = run(&client, &job).await;
        assert_eq!(ended["status"], "failed", "{target}: {ended}");
        let error = ended["error"].as_str().unwrap();
        assert!(error.contains(reason) && error.contains("(0 deleted before that)"), "{target}: {error}");
    }
    let out = json!({
        "name": "Out", "template_type": "database_cleanup", "schedule": {"type": "interval", "interval_seconds": 60},
        "parameters": {"collection": "weather", "conditions": {"a": 1}, "dry_run": false,
            "archive_to": {"folder": "exports", "file_name": "../../etc/x.jsonl"}},
    });
    assert_eq!(client.post("/jobs", &out).await.status, 422);
    stop(server).await;
    assert_eq!(count(folder.path(), "weather", &json!({})), all);
    assert_eq!(files(&exports), [exports.join("there.jsonl")]);
    assert_eq!(files(&folder.path().join("backups")), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_the_archive_is_written_leaves_no_half_file_and_loses_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("rows.jsonl");
    let rows: Vec<String> =
        (0..12_000).map(|id| json!({"_id": id, "kind": "old", "text": "x".repeat(200)}).to_string()).collect();
    std::fs::write(&source, rows.join("\n")).unwrap();
    let data = folder.path().join("data");
    import(&data, &source, "events");

    let server = Setup::on(&data).start().await;
    let client = server.client();
    let job = clean_up(
        &client,
        json!({
            "collection": "events", "conditions": {"kind": "old"}, "dry_run": false, "batch_size": 10,
            "archive_to": {"folder": "exports", "file_name": "{execution}-{attempt}.jsonl"},
        }),
    )
    .await;
    let id = job["id"].as_str().unwrap();
    let execution = client.post(&format!("/jobs/{id}/run"), &json!({})).await.ok()["id"].as_str().unwrap().to_owned();
    let exports = data.join("exports");
    let writing = exports.join(".sandglass/writing");
    wait_for("file that is being written", 60, || async {
        std::fs::read_dir(&writing).is_ok_and(|mut entries| entries.next().is_some()).then_some(())
    })
    .await;
    server.kill();
    assert_eq!(std::fs::read_dir(&writing).unwrap().count(), 1, "it was killed too late: the file was finished");

    let server = Setup::on(&data).start().await;
    assert!(server.log().contains("removed files that a former process did not finish"), "{}", server.log());
    let client = server.client();
    let ended = wait_for("end of the repeated run", 120, || {
        let client = client.clone();
        let path = format!("/executions/{execution}");
        async move {
            let run = client.get(&path).await.ok();
            (run["status"] != "running" && run["status"] != "queued").then_some(run)
        }
    })
    .await;
    assert_eq!(ended["status"], "success", "{ended}");
    let archived = exports.join(ended["result"]["details"]["archived"]["file"].as_str().unwrap());
    let read = run_python(READER, &[archived.to_str().unwrap(), "kind", "old"]);
    assert!(read.starts_with("12000 12000 12000 "), "{read}");
    assert_eq!(files(&exports), [archived], "the killed attempt left something");
    stop(server).await;
    assert_eq!(count(&data, "events", &json!({})), 0);
}
