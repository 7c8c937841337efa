//! A million documents through templates: how fast, in how much memory, and what a cancel leaves.
//!
//! Documents are generated, imported with the product's own command, exported and backed up by a running server, and
//! restored. Memory is the largest resident size that the process had during one row.

mod archive;

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
    import(folder.path(), documents);
    let server = Setup::on(folder.path()).with("SANDGLASS_LOG__LEVEL", "warn").start().await;
    let client = server.client();
    println!(
        "{:<24} {:>10} {:>8} {:>12} {:>8} {:>10} {:>9} {:>9}",
        "work", "documents", "s", "documents/s", "MB/s", "MB", "peak MiB", "progress"
    );
    let with = |more: Value| {
        let mut parameters = json!({"collection": "bench", "file_name": "bench-{execution}"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters
    };
    let columns =
        json!([{"path": "_id"}, {"path": "event"}, {"path": "at"}, {"path": "amount"}, {"path": "from.city"}]);
    for (name, parameters) in [
        ("jsonl", with(json!({"format": "jsonl"}))),
        ("jsonl, gzip", with(json!({"format": "jsonl", "compression": "gzip"}))),
        ("csv", with(json!({"format": "csv"}))),
        ("csv, 5 named columns", with(json!({"format": "csv", "csv": {"columns": columns}}))),
        ("xlsx", with(json!({"format": "xlsx", "limit": 100_000}))),
    ] {
        let expected = parameters["limit"].as_u64().map_or(documents, |limit| limit.min(documents));
        export(&client, &server, folder.path(), name, parameters, expected).await;
    }
    cancelled(&client, "data_export", with(json!({"format": "jsonl"})), &folder.path().join("exports")).await;
    let (backup, bytes) = archive::back_up(&client, &server, folder.path(), documents).await;
    server.terminate(60).await;
    archive::restore(&backup, documents, bytes);
}

fn import(folder: &Path, documents: u64) {
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
}

async fn export(client: &Client, server: &Server, folder: &Path, name: &str, parameters: Value, documents: u64) {
    let path = begin(client, "data_export", parameters).await;
    forget_peak(server.process_id());
    let (run, steps) = until_ended(client, &path).await;
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
    row(name, documents, seconds, details["bytes"].as_u64().unwrap(), peak, steps);
    std::fs::remove_file(file).unwrap();
}

/// Prints one measurement. `steps`: how many different figures of progress people could see.
fn row(name: &str, documents: u64, seconds: f64, bytes: u64, peak: u64, steps: usize) {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (rate, megabytes) = (documents as f64 / seconds, bytes as f64 / 1e6);
    println!(
        "{name:<24} {documents:>10} {seconds:>8.1} {rate:>12.0} {:>8.1} {megabytes:>10.1} {:>9} {steps:>9}",
        megabytes / seconds,
        peak >> 20,
    );
    assert!(peak < MOST_MEMORY_BYTES, "the process took {peak} bytes, at most {MOST_MEMORY_BYTES} are allowed");
    // The host passes on about one step a second.
    assert!(steps == 0 || steps > 2 || seconds < 5.0, "people saw no progress");
}

/// The run as it ended, and how many different figures of progress it showed.
async fn until_ended(client: &Client, path: &str) -> (Value, usize) {
    let mut steps = std::collections::BTreeSet::new();
    loop {
        let run = client.get(path).await.ok();
        steps.extend(run["progress"]["done"].as_u64());
        if run["completed_at"].is_string() {
            return (run, steps.len());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Cancels a run in its middle: it ends within a second, and the folder holds what it held before.
async fn cancelled(client: &Client, template_type: &str, parameters: Value, folder: &Path) {
    let before = bytes_in(folder);
    let path = begin(client, template_type, parameters).await;
    wait_for("half of the work", 600, || async {
        let run = client.get(&path).await.ok();
        assert!(run["completed_at"].is_null(), "it ended before it was cancelled: {run}");
        let progress = &run["progress"];
        (progress["done"].as_u64()? * 2 > progress["total"].as_u64()?).then_some(())
    })
    .await;
    let half_written = bytes_in(folder) - before;
    assert!(half_written > 0, "nothing was written yet");
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
    wait_for("what was there before", 10, || async { (bytes_in(folder) == before).then_some(()) }).await;
    println!(
        "{template_type} cancelled in its middle, {} MB written: ended after {} ms, nothing of it is left",
        half_written / 1_000_000,
        took.as_millis()
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
}

async fn begin(client: &Client, template_type: &str, parameters: Value) -> String {
    let body = json!({
        "name": "Bench", "template_type": template_type, "parameters": parameters,
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
