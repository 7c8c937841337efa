//! A disk that is full for a while, under the real engine (T15).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sandglass_database::embedded::{Embedded, Options};
use sandglass_database::{Database, Error};

use super::scene::{Host, every, job};
use super::{Change, ChangeError, StoreError};
use crate::model::{Job, JobId, Status};

/// A small file system of its own; None where this user may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 16, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within a minute: {what}");
}

async fn runs(host: &Host, job: JobId) -> usize {
    host.history(job).await.iter().filter(|run| run.status == Status::Success).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_while_the_disk_is_full_the_store_says_so_and_everything_goes_on_once_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("SKIPPED: a full disk is not tried, for this user may not mount a small one");
        return;
    };
    let database: Arc<dyn Database> =
        Arc::new(Embedded::open(&folder.path().join("data"), Options::default()).unwrap());
    let host = Host::start_on(database.clone()).await;
    let job = host.create(Job { schedule: every(1), ..job() }).await;
    until("a first run", async || runs(&host, job.id).await > 0).await;
    assert_eq!(database.ping().await, Ok(()));

    disk.fill();
    let is_full = |error: &Error| error.to_string().contains("the disk is full");
    // What the log file had room for has been used up by then.
    until("a refusal", async || database.ping().await.is_err_and(|error| is_full(&error))).await;
    let refused = host.scheduler.change(Change::Create(Box::new(super::scene::job()))).await;
    assert!(matches!(&refused, Err(ChangeError::Store(StoreError::Database(error))) if is_full(error)), "{refused:?}");
    assert!(database.ping().await.is_err(), "nothing has changed");

    std::fs::remove_file(disk.filler()).unwrap();
    until("a store that works", async || database.ping().await.is_ok()).await;
    let before = runs(&host, job.id).await;
    until("further runs", async || runs(&host, job.id).await > before + 1).await;
    // Nothing is lost, nothing is left undecided behind what runs now.
    let mut history = host.history(job.id).await;
    history.retain(|run| run.status.is_final());
    let mut expected = job.next_run_at.unwrap();
    for run in history {
        assert_eq!(run.scheduled_for, expected, "an instant has no decision");
        expected = run.skipped.map_or(expected, |summary| summary.last) + chrono::Duration::seconds(1);
    }
    host.stop().await;
    drop(database);
}
