//! Independent readers and counterparts, written in Python, with the packages that `cargo xtask test` installs.

use std::path::PathBuf;
use std::process::Command;

use crate::server::root;

/// The folder with the packages.
fn packages() -> PathBuf {
    std::env::var_os("SANDGLASS_TEST_PYTHON").map_or_else(|| root().join("target/test-data"), PathBuf::from)
}

/// A file of the public data that one of the packages holds.
pub fn public_data(name: &str) -> PathBuf {
    let file = packages().join(name);
    assert!(file.exists(), "{} is missing: cargo xtask test fetches it", file.display());
    file
}

/// `python3`, ready for a script or module that imports the packages.
pub fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", packages()).env("PYTHONUNBUFFERED", "1");
    command
}

/// Runs a script with arguments and gives what it printed.
///
/// # Panics
/// When it fails, with what it said.
pub fn run_python(script: &str, arguments: &[&str]) -> String {
    let output = python().arg("-c").arg(script).args(arguments).output().expect("python3 starts");
    assert!(output.status.success(), "python failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("python prints UTF-8")
}
