//! The web interface in a real browser: `host/ui/browser/suite.mjs` drives Debian's Chromium on a real server.

use std::path::Path;
use std::process::Command;

use sandglass_tests::Setup;

/// Fewer would mean that some were left out.
const LEAST_CHECKS: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_runs_changes_and_deletes_a_job_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let interface = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/ui");
    let page = server.stranger().get("/").await;
    assert!(
        page.text.contains("/assets/"),
        "the interface is not in the binary: cargo xtask ui, then build the server"
    );
    assert!(interface.join("node_modules").exists(), "its packages are missing: cargo xtask ui installs them");
    let shots = tempfile::tempdir().unwrap();
    let base = server.base().to_owned();
    let place = shots.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg("browser/suite.mjs")
            .current_dir(interface)
            .envs([
                ("SANDGLASS_URL", base.as_str()),
                ("SANDGLASS_TOKEN", "test-token-0123456789-0123456789-0123456789"),
            ])
            .env("SANDGLASS_SHOTS", place)
            .output()
    })
    .await
    .unwrap()
    .unwrap();
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{said}");
    let last = told.lines().last().unwrap_or_default();
    let checks: u32 = last.strip_suffix(" checks passed").and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(checks >= LEAST_CHECKS, "only {checks} checks: {told}");
}
