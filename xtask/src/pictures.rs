//! `cargo xtask ui --pictures`: pictures of the interface for the readme, from demo data, into `docs/pictures`.
//!
//! A server of its own runs for them on a port of its own, in a folder below `target` that is made anew.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::{cargo, step, workspace};

const TOKEN: &str = "pictures-0123456789-0123456789-0123456789";
const PATIENCE: Duration = Duration::from_secs(120);

/// Builds the server, lets it run, and has the browser take the pictures.
///
/// # Errors
/// When a build fails, the server does not come up, or a picture cannot be taken.
pub fn take() -> anyhow::Result<()> {
    crate::plugins::build()?;
    crate::ui::build()?;
    step("the server", &mut cargo(&["build", "--locked", "--package", "sandglass"])?)?;
    let root = workspace()?;
    let data = root.join("target/pictures");
    if data.exists() {
        std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
    }
    let pictures = root.join("docs/pictures");
    std::fs::create_dir_all(&pictures).with_context(|| pictures.display().to_string())?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut server = Ended(
        Command::new(root.join("target/debug/sandglass"))
            .arg("--data-dir")
            .arg(&data)
            .args(["serve", "--demo", "--listen", &format!("127.0.0.1:{port}")])
            .env("SANDGLASS_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the server cannot be started")?,
    );
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > PATIENCE || server.0.try_wait()?.is_some() {
            bail!("the server did not come up on port {port}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut browser = Command::new("node");
    browser
        .arg("browser/pictures.mjs")
        .current_dir(root.join("host/ui"))
        .env("SANDGLASS_URL", format!("http://127.0.0.1:{port}"))
        .env("SANDGLASS_TOKEN", TOKEN)
        .env("SANDGLASS_SHOTS", &pictures);
    step("pictures in docs/pictures", &mut browser)
}

/// A server that ends with what it was for.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}
