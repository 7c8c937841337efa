//! A million documents through a template: how fast, in how much memory, and what a cancel leaves.
//!
//! Documents are generated, imported with the product's own command and exported by a running server. Memory is the
//! largest resident size that the server's process had during one export.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sandglass_tests::{Client, Server, Setup, command, wait_for};
use serde_json::{Value, json};

use crate::machine::{Process, forget_peak};

/// What the server may take, whatever is exported.
const MOST_MEMORY_BYTES: u64 = 300_000_000;
/// Between two looks at a run that is under way.
const LOOK: Duration = Duration::from_millis(50);

/// Measures and prints a table.
pub async fn measure(documents: u64) {
    let folder = tempfile::tempdir().unwrap();
    let size = import(folder.path(), documents);
    let server = Setup::on(folder.path()).with("SANDGLASS_LOG__LEVEL", "warn").start().await;
    let client = server.client();
    println!(
        "{:<24} {:>10} {:>8} {:>12} {:>8} {:>10} {:>9} {:>9}",
        "export", "documents", "s", "documents/s", "MB/s", "MB", "peak MiB", "progress"
    );
    let export = |more: Value| {
        let mut parameters = json!({"collection": "bench", "file_name": "bench-{execution}"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters
    };
    let columns =
        json!([{"path": "_id"}, {"path": "event"}, {"path": "at"}, {"path": "amount"}, {"path": "from.city"}]);
    for (name, parameters) in [
        ("jsonl", export(json!({"format": "jsonl"}))),
        ("jsonl, gzip", export(json!({"format": "jsonl", "compression": "gzip"}))),
        ("csv", export(json!({"format": "csv"}))),
        ("csv, 5 named columns", export(json!({"format": "csv", "csv": {"columns": columns}}))),
        ("xlsx", export(json!({"format": "xlsx", "limit": 100_000}))),
    ] {
        let expected = parameters["limit"].as_u64().map_or(documents, |limit| limit.min(documents));
        one(&client, &server, folder.path(), name, parameters, expected).await;
    }
    cancel(&client, folder.path(), export(json!({"format": "jsonl"})), size).await;
    server.terminate(60).await;
}

/// Generates and imports. Gives the size of the file.
fn import(folder: &Path, documents: u64) -> u64 {
    eprintln!("  generating and importing {documents} documents");
    let file = folder.join("bench.jsonl");
    let mut writer = BufWriter::new(std::fs::File::create(&file).unwrap());
    let mut line = String::new();
    for number in 0..documents {
        line.clear();
        let seconds = 1_700_000_000 + number;
        let event = ["page_view", "search", "login", "purchase"][usize::try_from(number % 4).unwrap()];
        let city = ["Oslo", "Łódź", "São Paulo", "Kyoto"][usize::try_from(number / 4 % 4).unwrap()];
        writeln!(
            line,
            r#"{{"_id":{{"$oid":"{number:024x}"}},"user":{{"$oid":"{:024x}"}},"event":"{event}","session":"s{}","at":{{"$date":{{"$numberLong":"{seconds}123"}}}},"amount":{}.25,"count":{},"total":{{"$numberLong":"{}"}},"ok":{},"from":{{"city":"{city}","zip":"{:05}"}},"tags":["a","b{}"],"note":"an ordinary line of text, number {number}"}}"#,
            number / 7,
            number / 13,
            number % 1_000,
            number % 97,
            number * 1_000_003,
            number % 3 == 0,
            number % 99_999,
            number % 10,
        )
        .unwrap();
        writer.write_all(line.as_bytes()).unwrap();
    }
    writer.flush().unwrap();
    let size = std::fs::metadata(&file).unwrap().len();
    let began = Instant::now();
    let output = command(folder).args(["data", "import", "--collection", "bench"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    eprintln!("  {} MB imported in {:.1} s", size / 1_000_000, began.elapsed().as_secs_f64());
    std::fs::remove_file(file).unwrap();
    size
}

async fn one(client: &Client, server: &Server, folder: &Path, name: &str, parameters: Value, documents: u64) {
    let path = begin(client, parameters).await;
    forget_peak(server.process_id());
    let mut steps = std::collections::BTreeSet::new();
    let run = loop {
        let run = client.get(&path).await.ok();
        steps.extend(run["progress"]["done"].as_u64());
        if run["completed_at"].is_string() {
            break run;
        }
        tokio::time::sleep(LOOK).await;
    };
    assert_eq!(run["status"], "success", "{run}");
    let peak = Process::look(server.process_id()).peak_bytes;
    let details = &run["result"]["details"];
    assert_eq!(details["rows"].as_u64(), Some(documents), "{run}");
    let file = folder.join("exports").join(details["file"].as_str().unwrap());
    if name == "jsonl" {
        let lines = BufReader::new(std::fs::File::open(&file).unwrap()).lines().count() as u64;
        assert_eq!(lines, documents);
    }
    let seconds = run["duration_seconds"].as_f64().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (rate, megabytes) = (documents as f64 / seconds, details["bytes"].as_u64().unwrap() as f64 / 1e6);
    println!(
        "{name:<24} {documents:>10} {seconds:>8.1} {rate:>12.0} {:>8.1} {megabytes:>10.1} {:>9} {:>9}",
        megabytes / seconds,
        peak >> 20,
        steps.len()
    );
    assert!(peak < MOST_MEMORY_BYTES, "the server took {peak} bytes, at most {MOST_MEMORY_BYTES} are allowed");
    // The host passes on about one step a second.
    assert!(steps.len() > 2 || seconds < 5.0, "people saw no progress: {steps:?}");
    std::fs::remove_file(file).unwrap();
}

/// Cancels an export in its middle.
async fn cancel(client: &Client, folder: &Path, parameters: Value, size: u64) {
    let path = begin(client, parameters).await;
    wait_for("half of the export", 600, || async {
        let run = client.get(&path).await.ok();
        assert!(run["completed_at"].is_null(), "it ended before it was cancelled: {run}");
        let progress = &run["progress"];
        (progress["done"].as_u64()? * 2 > progress["total"].as_u64()?).then_some(())
    })
    .await;
    let half_written = bytes_in(&folder.join("exports"));
    let asked = Instant::now();
    client.post(&format!("{path}/cancel"), &json!({})).await.ok();
    let run = loop {
        let run = client.get(&path).await.ok();
        if run["completed_at"].is_string() {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let took = asked.elapsed();
    assert_eq!(run["status"], "cancelled", "{run}");
    wait_for("an empty folder", 10, || async { (bytes_in(&folder.join("exports")) == 0).then_some(()) }).await;
    println!(
        "cancelled in the middle ({} of about {} MB written): ended after {} ms, nothing is left in the folder",
        half_written / 1_000_000,
        size / 1_000_000,
        took.as_millis()
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
}

async fn begin(client: &Client, parameters: Value) -> String {
    let body = json!({
        "name": "Bench", "template_type": "data_export", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 86_400}, "timeout_seconds": 3_600,
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run", job["id"].as_str().unwrap()), &json!({})).await.ok();
    format!("/executions/{}", run["id"].as_str().unwrap())
}

/// Of all files below a folder, hidden ones included.
fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            // One that is gone by now has no size.
            metadata => metadata.map_or(0, |metadata| metadata.len()),
        })
        .sum()
}
