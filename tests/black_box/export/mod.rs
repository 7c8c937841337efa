//! `data_export` against the real server, its files read by independent readers.

mod faults;
mod formats;
mod older_files;
mod validation;

use std::path::{Path, PathBuf};

use sandglass_tests::{Client, Server, Setup, command, run_python};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server with documents of ours, and the folder it writes exports to.
struct Scene {
    _data: TempDir,
    exports: PathBuf,
    server: Server,
    client: Client,
}

impl Scene {
    /// Starts a server whose collections hold these documents, each in Extended JSON.
    async fn with(collections: &[(&str, Vec<Value>)]) -> Self {
        Self::set_up(collections, |setup| setup).await
    }

    async fn set_up(collections: &[(&str, Vec<Value>)], change: impl FnOnce(Setup) -> Setup) -> Self {
        let data = tempfile::tempdir().unwrap();
        for (name, documents) in collections {
            import(data.path(), name, documents);
        }
        let server = change(Setup::on(data.path())).start().await;
        let client = server.client();
        Self { exports: data.path().join("exports"), _data: data, server, client }
    }

    async fn job(&self, name: &str, parameters: Value) -> String {
        self.client.post("/jobs", &body(name, parameters)).await.ok()["id"].as_str().unwrap().to_owned()
    }

    async fn run(&self, job: &str) -> Value {
        self.client.post(&format!("/jobs/{job}/run?wait=120"), &json!({})).await.ok()
    }

    /// Runs an export once and gives its execution.
    async fn export(&self, parameters: Value) -> Value {
        let job = self.job("Export", parameters).await;
        self.run(&job).await
    }

    /// Runs an export that has to succeed, and gives its details, the file's own digest and size compared.
    async fn exported(&self, parameters: Value) -> Value {
        let run = self.export(parameters).await;
        assert_eq!(run["status"], "success", "{run}");
        let details = run["result"]["details"].clone();
        if let Some(file) = details["file"].as_str() {
            let found = run_python(
                "import hashlib, sys\nb = open(sys.argv[1], 'rb').read()\nprint(len(b), hashlib.sha256(b).hexdigest())",
                &[self.exports.join(file).to_str().unwrap()],
            );
            let told = format!("{} {}", details["bytes"], details["sha256"].as_str().unwrap());
            assert_eq!(found.trim(), told, "{details}");
        }
        details
    }

    fn path(&self, details: &Value) -> String {
        self.exports.join(details["file"].as_str().unwrap()).to_str().unwrap().to_owned()
    }

    /// Everything that stands in the folder of exports, without the template's own list.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.exports, &self.exports, &mut files);
        files.retain(|name| !name.starts_with("sandglass/"));
        files.sort();
        files
    }
}

fn body(name: &str, parameters: Value) -> Value {
    json!({
        "name": name, "template_type": "data_export", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3600}, "timeout_seconds": 600,
    })
}

fn import(data: &Path, collection: &str, documents: &[Value]) {
    let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    let lines = documents.iter().map(|document| format!("{document}\n")).collect::<String>();
    std::fs::write(file.path(), lines).unwrap();
    let output = command(data).args(["data", "import", "--collection", collection]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// Documents of every kind that an export meets.
fn people() -> Vec<Value> {
    vec![
        json!({
            "_id": {"$oid": "65f000000000000000000001"}, "name": "Zoë, \"the\" first\nof all", "age": 36,
            "big": {"$numberLong": "9007199254740993"}, "ratio": 0.1, "whole": 7.0, "active": true,
            "born": {"$date": "1990-05-17T06:30:00.250Z"}, "price": {"$numberDecimal": "12.50"},
            "photo": {"$binary": {"base64": "AQIDBA==", "subType": "00"}},
            "token": {"$binary": {"base64": "ASNFZ4mrze8BI0VniavN7w==", "subType": "04"}},
            "address": {"city": "Oslo", "zip": "0150"}, "tags": ["a", "b"], "nothing": null
        }),
        json!({
            "_id": {"$oid": "65f000000000000000000002"}, "name": "=HYPERLINK(\"http://x\")", "age": -5,
            "big": {"$numberLong": "42"}, "ratio": {"$numberDouble": "NaN"}, "active": false,
            "born": {"$date": {"$numberLong": "-1000"}}, "note": "-7"
        }),
        json!({"_id": {"$oid": "65f000000000000000000003"}, "name": "+cmd", "late": "field", "note": "-7-8"}),
    ]
}

fn numbers(count: u64) -> Vec<Value> {
    let filler = "x".repeat(300);
    (0..count).map(|number| json!({"_id": number, "n": number * 7, "filler": filler})).collect()
}
