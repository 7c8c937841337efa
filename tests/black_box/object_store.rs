//! Folders in an object store: moto's S3 server, which checks signatures, and boto3 as an independent reader.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use sandglass_tests::{Client, Setup, command, python, run_python, wait_for};
use serde_json::{Value, json};

/// Parts of an upload have 8 MiB.
const PART: usize = 8 << 20;

/// Says what is in the bucket, unfinished uploads included; with a further argument it writes the objects to a folder.
const READER: &str = r#"
import boto3, hashlib, json, pathlib, sys
from botocore.config import Config
port, key = sys.argv[1], json.load(open(sys.argv[2]))
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
    aws_access_key_id=key["id"], aws_secret_access_key=key["secret"], config=Config(s3={"addressing_style": "path"}))
objects = {}
for entry in s3.list_objects_v2(Bucket="archive").get("Contents", []):
    found = s3.get_object(Bucket="archive", Key=entry["Key"])
    body = found["Body"].read()
    objects[entry["Key"]] = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "type": found["ContentType"],
        "kept": found["Metadata"].get("sandglass-sha256"), "in_parts": "-" in found["ETag"]}
    if len(sys.argv) > 3:
        path = pathlib.Path(sys.argv[3], entry["Key"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
uploads = [upload["UploadId"] for upload in s3.list_multipart_uploads(Bucket="archive").get("Uploads", [])]
print(json.dumps({"objects": objects, "uploads": uploads}))
"#;

/// The store in a process of its own, and a data directory for a server beside it.
struct Scene {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
    key: Value,
}

impl Drop for Scene {
    fn drop(&mut self) {
        // It may have ended already.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = python();
        command.arg("-c").arg(include_str!("object_store.py"));
        command.arg(folder.path().join("hold")).arg(folder.path().join("key.json"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (said, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.next().map(|line| said.send(line)));
        let port = tokio::task::spawn_blocking(move || port.recv_timeout(Duration::from_secs(120))).await.unwrap();
        let port = port.unwrap().unwrap().parse().unwrap();
        let key = serde_json::from_slice(&std::fs::read(folder.path().join("key.json")).unwrap()).unwrap();
        Self { folder, child, port, key }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Documents of 20 KB that no packing makes smaller.
    fn import(&self, documents: usize) {
        let file = self.folder.path().join("orders.jsonl");
        let write = "import json, random, sys\nrandom.seed(1)\nwith open(sys.argv[1], 'w') as f:\n \
                     for n in range(int(sys.argv[2])): print(json.dumps({'n': n, 't': random.randbytes(10000).hex()}), file=f)";
        run_python(write, &[file.to_str().unwrap(), &documents.to_string()]);
        let import =
            command(&self.data()).args(["data", "import", "--collection", "orders"]).arg(&file).output().unwrap();
        assert!(import.status.success(), "{import:?}");
    }

    /// A server whose folders `exports` and `backups` are in the bucket.
    fn setup(&self) -> Setup {
        let mut setup = Setup::on(&self.data());
        for label in ["EXPORTS", "BACKUPS"] {
            let name = |key: &str| format!("SANDGLASS_FOLDERS__{label}__{key}");
            setup = setup
                .with(&name("URL"), &format!("s3://archive/nightly/{}", label.to_lowercase()))
                .with(&name("ENDPOINT"), &format!("http://127.0.0.1:{}", self.port))
                .with(&name("ALLOW_CLEARTEXT"), "true")
                .with(&name("ACCESS_KEY_ID"), self.key["id"].as_str().unwrap())
                .with(&name("SECRET_ACCESS_KEY"), self.key["secret"].as_str().unwrap());
        }
        setup
    }

    fn read(&self, more: &[&str]) -> Value {
        let key = self.folder.path().join("key.json");
        let port = self.port.to_string();
        let arguments = [&[&*port, key.to_str().unwrap()], more].concat();
        serde_json::from_str(&run_python(READER, &arguments)).unwrap()
    }

    /// Parts of uploads behind the first wait while this is on.
    fn hold(&self, is_on: bool) {
        let file = self.folder.path().join("hold");
        if is_on { std::fs::write(file, "").unwrap() } else { std::fs::remove_file(file).unwrap() }
    }

    /// The unfinished uploads once there are some, but for one that was there before.
    async fn upload_under_way(&self, but: &Value) -> Value {
        wait_for("upload under way", 90, || async {
            let uploads = self.read(&[])["uploads"].take();
            (uploads != json!([]) && uploads != *but).then_some(uploads)
        })
        .await
    }

    async fn nothing_left(&self) {
        let nothing = json!({"objects": {}, "uploads": []});
        wait_for("empty bucket", 60, || async { (self.read(&[]) == nothing).then_some(()) }).await;
    }
}

async fn job(client: &Client, template: &str, parameters: Value) -> String {
    let body = json!({
        "name": template, "template_type": template, "parameters": parameters, "retry_policy": {"max_retries": 0},
        "schedule": {"type": "interval", "interval_seconds": 86_400}, "timeout_seconds": 600,
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn run(client: &Client, job: &str) -> Value {
    client.post(&format!("/jobs/{job}/run?wait=100"), &json!({})).await.ok()
}

async fn success(client: &Client, template: &str, parameters: Value) -> Value {
    let run = run(client, &job(client, template, parameters).await).await;
    assert_eq!(run["status"], "success", "{run}");
    run["result"]["details"].clone()
}

fn read_file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join("nightly").join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jobs_write_into_a_bucket_is_there_to_the_byte_and_is_restored_from_it() {
    let scene = Scene::start().await;
    scene.import(950);
    let server = scene.setup().start().await;
    let client = server.client();

    let backup = success(&client, "backup_job", json!({"collections": ["orders"], "compression": "none"})).await;
    assert_eq!(backup["verified"], true, "{backup}");
    let export = json!({
        "collection": "orders", "format": "csv", "csv": {"columns": [{"path": "n"}]}, "sort": {"n": 1},
        "file_name": "one day/größe #%2F+~&=[1] {job}",
    });
    let export = success(&client, "data_export", export).await;
    let name = backup["backup"].as_str().unwrap();
    let rights = json!({"rights": [
        {"capability": "documents", "target": "*", "access": ["read", "write", "manage"]},
        {"capability": "files", "target": "backups", "access": ["read", "write"]},
    ]});
    client.put("/templates/backup_job/grant", &rights).await.ok();
    let restore = json!({"mode": "restore", "collections": ["orders"], "restore": {"backup": name, "to": "again"}});
    let restored = run(&client, &job(&client, "backup_job", restore).await).await;

    let copies = scene.folder.path().join("copies");
    let found = scene.read(&[copies.to_str().unwrap()]);
    assert_eq!(found["uploads"], json!([]), "{found}");
    let data = &found["objects"][format!("nightly/backups/{name}/default/orders.bson")];
    assert!(data["size"].as_u64().unwrap() > 2 * PART as u64 && data["in_parts"] == true, "{found}");
    let manifest = read_file(&copies, &format!("backups/{name}/manifest.json"));
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["collections"][0]["data"]["sha256"], data["sha256"], "{manifest} {found}");
    for (key, object) in found["objects"].as_object().unwrap() {
        // What was sent whole carries its checksum.
        assert!(object["in_parts"] == true || object["kept"] == object["sha256"], "{key} {object}");
    }
    let rows = String::from_utf8(read_file(&copies, &format!("exports/{}", export["file"].as_str().unwrap()))).unwrap();
    let expected: String =
        std::iter::once("n".to_owned()).chain((0..950).map(|n| n.to_string())).map(|row| row + "\n").collect();
    assert_eq!(rows, expected);
    assert_eq!(restored["status"], "success", "{restored}");
    assert_eq!(server.terminate(60).await, Some(0));
    let count = command(&scene.data()).args(["data", "count", "again"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&count.stdout).trim(), "950", "{count:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_killed_server_nor_a_cancelled_run_leaves_an_object_or_an_upload() {
    let scene = Scene::start().await;
    scene.import(950);
    scene.hold(true);
    let server = scene.setup().start().await;
    let client = server.client();
    let backup = job(&client, "backup_job", json!({"collections": ["orders"], "compression": "none"})).await;
    let execution = client.post(&format!("/jobs/{backup}/run"), &json!({})).await.ok();
    let former = scene.upload_under_way(&json!([])).await;
    server.kill();
    assert_eq!(scene.read(&[]), json!({"objects": {}, "uploads": former}), "nobody can have ended it yet");

    // What was under way is begun anew, and what it left is gone before that.
    let server = scene.setup().start().await;
    let client = server.client();
    let present = scene.upload_under_way(&former).await;
    assert_eq!(present.as_array().unwrap().len(), 1, "{present} after {former}");
    assert_ne!(present, former);
    let execution = format!("/executions/{}", execution["id"].as_str().unwrap());
    client.post(&format!("{execution}/cancel"), &json!({})).await.ok();
    wait_for("cancelled run", 30, || async {
        (client.get(&execution).await.ok()["status"] == "cancelled").then_some(())
    })
    .await;
    scene.hold(false);
    scene.nothing_left().await;
    let left = std::fs::read_dir(scene.data().join("files/uploads")).unwrap().count();
    assert_eq!(left, 0, "the list of uploads is empty too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_a_missing_bucket_and_a_store_that_is_down_are_told_apart() {
    let scene = Scene::start().await;
    scene.import(1);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases = [
        ("ACCESS_KEY_ID", "AKIAWRONG".to_owned(), "refuses the key of this server"),
        ("SECRET_ACCESS_KEY", "not-the-key-at-all".to_owned(), "refuses the key of this server"),
        ("URL", "s3://nobodys-bucket/x".to_owned(), "its bucket is not there"),
        ("ENDPOINT", format!("http://{closed}"), "its store cannot be reached"),
        ("SECRET_ACCESS_KEY_SECRET", "bucket-key".to_owned(), "folders.exports.secret_access_key_secret is bucket-key"),
    ];
    for (key, value, expected) in cases {
        let mut setup = scene.setup();
        if key == "SECRET_ACCESS_KEY_SECRET" {
            setup = setup.with("SANDGLASS_FOLDERS__EXPORTS__SECRET_ACCESS_KEY", "");
        }
        let server = setup.with(&format!("SANDGLASS_FOLDERS__EXPORTS__{key}"), &value).start().await;
        let client = server.client();
        let export = job(&client, "data_export", json!({"collection": "orders", "format": "jsonl"})).await;
        let failed = run(&client, &export).await;
        assert_eq!(failed["status"], "failed", "{failed}");
        assert!(failed["error"].to_string().contains(expected), "{key}: {failed}");
        let secret = scene.key["secret"].as_str().unwrap();
        for text in [failed.to_string(), server.log()] {
            assert!(!text.contains(secret) && !text.contains("not-the-key-at-all"), "{text}");
        }
        if key == "SECRET_ACCESS_KEY_SECRET" {
            client.post("/secrets", &json!({"label": "bucket-key", "value": secret})).await.ok();
            let done = run(&client, &export).await;
            assert_eq!(done["status"], "success", "{done}");
        }
        drop(server);
    }
    let faults =
        [("ENDPOINT", "ftp://x", "endpoint"), ("ALLOW_CLEARTEXT", "false", "endpoint"), ("REGION", "a b", "region")];
    for (key, value, named) in faults {
        let setup = scene.setup().with(&format!("SANDGLASS_FOLDERS__EXPORTS__{key}"), value);
        let said = setup.refused();
        assert!(said.contains(&format!("folders.exports.{named} is")), "{said}");
    }
}
