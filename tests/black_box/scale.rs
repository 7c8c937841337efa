//! Many jobs and a long log in a real browser: `host/ui/browser/scale.mjs` measures, and prints what it measured.
//!
//! The documents are written into the database while no server runs, as copies of what a server wrote itself.

use std::path::Path;

use sandglass_tests::{Setup, command};
use serde_json::{Value, json};

use crate::browser::drive;

const JOBS: u64 = 10_000;
const LINES: u64 = 300_000;
const CHUNK: u64 = 1_000;
const EXECUTION: &str = "65f1c0ffee00000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_jobs_and_a_log_of_300_000_lines_stay_smooth_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let client = server.client();
    let body = json!({
        "name": "One of many", "template_type": "database_cleanup",
        "parameters": {"collection": "logs", "days_old": 90},
        "schedule": {"type": "interval", "interval_seconds": 86_400},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(server.terminate(60).await, Some(0));

    let job = first(folder.path(), "dynamic_jobs");
    let copies = (1..JOBS).map(|number| {
        let mut copy = job.clone();
        copy["_id"] = json!({"$oid": format!("{:024x}", (0x65f1_c0ff_u128 << 64) + u128::from(number))});
        copy["name"] = json!(format!("Job {number} of many"));
        copy
    });
    import(folder.path(), "dynamic_jobs", copies);
    let mut run = first(folder.path(), "job_executions");
    run["_id"] = json!({"$oid": EXECUTION});
    run["logs"] = json!([]);
    run["log_lines"] = json!({"$numberInt": LINES.to_string()});
    let job_id = run["job_id"].clone();
    import(folder.path(), "job_executions", std::iter::once(run));
    let chunks = (0..LINES).step_by(usize::try_from(CHUNK).unwrap()).map(|first| chunk(first, &job_id));
    import(folder.path(), "job_execution_logs", chunks);

    let server = Setup::on(folder.path()).start().await;
    let told = drive(
        &server,
        "scale.mjs",
        vec![
            ("SANDGLASS_TOKEN", "test-token-0123456789-0123456789-0123456789".to_owned()),
            ("SANDGLASS_JOBS", JOBS.to_string()),
            ("SANDGLASS_LINES", LINES.to_string()),
            ("SANDGLASS_EXECUTION", EXECUTION.to_owned()),
        ],
    )
    .await;
    assert_eq!(told, 7);
}

/// Lines as a run writes them. Three of all hold a needle, one of a thousand is an error.
fn chunk(first: u64, job_id: &Value) -> Value {
    let lines: Vec<Value> = (first..first + CHUNK)
        .map(|number| {
            let needle = if [1, LINES / 2, LINES - 1].contains(&number) { " with a needle" } else { "" };
            let level = match number {
                _ if number % 1_000 == 999 => "ERROR",
                _ if number % 3 == 0 => "DEBUG",
                _ => "INFO",
            };
            json!({
                "timestamp": {"$date": {"$numberLong": (1_795_550_000_000 + number).to_string()}},
                "level": level,
                "message": format!("line {number} of the log{needle}: looked at a batch and went on"),
            })
        })
        .collect();
    json!({
        "_id": {"e": {"$oid": EXECUTION}, "n": {"$numberLong": first.to_string()}},
        "execution_id": {"$oid": EXECUTION}, "job_id": job_id,
        "first_line": {"$numberLong": first.to_string()}, "lines": lines,
    })
}

/// A document that the server wrote, with every type spelt out.
fn first(folder: &Path, collection: &str) -> Value {
    let output = command(folder).args(["data", "find", collection, "--limit", "1", "--canonical"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn import(folder: &Path, collection: &str, documents: impl Iterator<Item = Value>) {
    let file = folder.join(format!("{collection}.jsonl"));
    std::fs::write(&file, documents.map(|document| format!("{document}\n")).collect::<String>()).unwrap();
    let output = command(folder).args(["data", "import", "--collection", collection]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
