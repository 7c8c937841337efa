//! A disk that is full for a while (T15).

use std::path::{Path, PathBuf};
use std::process::Command;

use sandglass_tests::{Setup, wait_for};
use serde_json::json;

/// A small file system of its own; None where this user may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256m", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves no byte free.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
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

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_full_disk_makes_the_server_unready_with_the_reason_and_a_freed_one_ready_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("SKIPPED: a full disk is not tried, for this user may not mount a small one");
        return;
    };
    let server = Setup::on(&folder.path().join("data")).start().await;
    let client = server.client();
    let job = json!({
        "name": "each second", "template_type": "database_cleanup", "schedule": {"type": "interval", "interval_seconds": 1},
        "parameters": {"collection": "logs", "days_old": 1, "date_field": "at", "dry_run": true},
    });
    let created = client.post("/jobs", &job).await;
    assert_eq!(created.status, 200, "{created:?}");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let ended = async || {
        let page = client.get(&format!("/executions?job_id={id}&status=success")).await;
        page.json()["executions"].as_array().map_or(0, Vec::len)
    };
    wait_for("a first run", 60, || async { (ended().await > 0).then_some(()) }).await;

    disk.fill();
    let unready = wait_for("an unready server", 60, || async {
        let ready = client.get("/readyz").await;
        (ready.status == 503).then_some(ready)
    })
    .await;
    assert!(unready.text.contains("the disk is full"), "{unready:?}");
    let refused = client.post("/jobs", &job).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    // Long enough for hundreds of tries, were they made ten times a second and each of them told.
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    let log = server.log();
    let told = log.lines().filter(|line| line.contains("the disk is full") && !line.contains("request")).count();
    assert!((1..=12).contains(&told), "{told} lines tell of a full disk:\n{log}");
    assert_eq!(client.get("/readyz").await.status, 503, "it is still full");

    std::fs::remove_file(disk.filler()).unwrap();
    wait_for("a ready server", 60, || async { (client.get("/readyz").await.status == 200).then_some(()) }).await;
    let before = ended().await;
    wait_for("further runs", 60, || async { (ended().await > before).then_some(()) }).await;
    assert_eq!(client.post("/jobs", &job).await.status, 200);
    drop(server);
}
