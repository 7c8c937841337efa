//! The runs of a window as they stand in the database, read with the product's own command.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use chrono::{DateTime, Utc};
use sandglass_tests::command;
use serde_json::{Value, json};

#[derive(Debug)]
pub struct Runs {
    /// Ended with success.
    pub done: u64,
    /// Decided, but skipped or ended otherwise: how many, by status and reason.
    pub others: BTreeMap<String, u64>,
    /// Milliseconds late, sorted.
    pub lateness: Vec<i64>,
}

impl Runs {
    /// The lateness that this share of the runs does not exceed.
    pub fn percentile(&self, share: f64) -> i64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list of known length"
        )]
        let place = ((self.lateness.len() as f64 * share).ceil() as usize).max(1) - 1;
        self.lateness.get(place).copied().unwrap_or_default()
    }
}

/// Everything that was scheduled in `[from, until)`.
pub fn runs(folder: &Path, from: DateTime<Utc>, until: DateTime<Utc>) -> Runs {
    let filter = json!({"scheduled_for": {"$gte": {"$date": from.to_rfc3339()}, "$lt": {"$date": until.to_rfc3339()}}});
    let projection = json!({"scheduled_for": 1, "started_at": 1, "status": 1, "skip_reason": 1});
    let mut reader = command(folder)
        .args(["data", "find", "job_executions", "--limit", "0"])
        .args(["--filter", &filter.to_string(), "--projection", &projection.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut runs = Runs { done: 0, others: BTreeMap::new(), lateness: Vec::new() };
    for line in BufReader::new(reader.stdout.take().unwrap()).lines() {
        let run: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if run["status"] == "success" {
            runs.done += 1;
            runs.lateness.push((instant(&run["started_at"]) - instant(&run["scheduled_for"])).num_milliseconds());
        } else {
            let why = [&run["status"], &run["skip_reason"]].map(|word| word.as_str().unwrap_or_default());
            *runs.others.entry(why.join(" ").trim().to_owned()).or_default() += 1;
        }
    }
    assert!(reader.wait().unwrap().success(), "the database could not be read");
    runs.lateness.sort_unstable();
    runs
}

fn instant(value: &Value) -> DateTime<Utc> {
    match value["$date"].as_str() {
        Some(text) => text.parse().unwrap(),
        None => panic!("{value} is no instant"),
    }
}
