//! A backup of the documents and its way back: how fast, in how much memory.
//!
//! The backup is a run of the template on a server, the restore the product's own command while none runs. Its memory
//! is what the kernel saw at most, looked up while it works.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use sandglass_tests::{Client, Server, command};
use serde_json::json;

use super::{LOOK, begin, cancelled, row, until_ended};
use crate::machine::{self, Process, forget_peak};

/// Backs everything up, cancels another backup in its middle, and gives the first one's folder and how many bytes of
/// documents it holds.
pub async fn back_up(client: &Client, server: &Server, folder: &Path, documents: u64) -> (PathBuf, u64) {
    let parameters = json!({"collections": ["bench"], "compression": "gzip"});
    let path = begin(client, "backup_job", parameters.clone()).await;
    forget_peak(server.process_id());
    let (run, steps) = until_ended(client, &path).await;
    assert_eq!(run["status"], "success", "{run}");
    let details = &run["result"]["details"];
    assert_eq!(details["documents"].as_u64(), Some(documents), "{run}");
    assert_eq!(details["verified"], true, "{run}");
    let peak = Process::look(server.process_id()).peak_bytes;
    let seconds = run["duration_seconds"].as_f64().unwrap();
    let bytes = details["bytes"].as_u64().unwrap();
    row("backup, gzip, verified", documents, seconds, bytes, peak, steps);
    let backups = folder.join("backups");
    cancelled(client, "backup_job", parameters, &backups).await;
    (backups.join(details["backup"].as_str().unwrap()), bytes)
}

/// Puts the backup back into an empty database of its own.
pub fn restore(backup: &Path, documents: u64, bytes: u64) {
    let target = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut restoring = command(target.path()).arg("restore").arg(backup).stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    while restoring.try_wait().unwrap().is_none() {
        peak = machine::peak(restoring.id()).map_or(peak, |bytes| peak.max(bytes));
        std::thread::sleep(LOOK);
    }
    let took = began.elapsed();
    assert!(restoring.wait().unwrap().success());
    assert!(peak > 0, "its memory was never seen");
    let counted = command(target.path()).args(["data", "count", "bench"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&counted.stdout).trim(), documents.to_string());
    row("restore", documents, took.as_secs_f64(), bytes, peak, 0);
}
