//! `cargo xtask test`: everything, installing what the tests need.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::process::{cargo, step, workspace};

/// Python packages that tests use as independent readers and as sources of public data.
const PYTHON_PACKAGES: [&str; 1] = ["vega_datasets==0.9.0"];

/// Checks, builds and tests everything.
///
/// # Errors
/// Names the first step that fails.
pub fn run() -> anyhow::Result<()> {
    eprintln!("Checks, builds and tests everything; some minutes, the first time more.");
    crate::plugins::build()?;
    crate::check::run(&crate::check::Arguments::default())?;
    let data = public_data()?;
    step(
        "all tests",
        cargo(&["test", "--locked", "--workspace", "--no-fail-fast"])?.env("SANDGLASS_TEST_PUBLIC_DATA", data),
    )
}

/// A folder with public data sets, unpacked from a Python package.
fn public_data() -> anyhow::Result<PathBuf> {
    let folder = workspace()?.join("target/test-data");
    let marker = folder.join("vega_datasets/_data/seattle-weather.csv");
    if !marker.exists() {
        std::fs::create_dir_all(&folder)?;
        step(
            "public data",
            Command::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--no-deps", "--root-user-action=ignore", "--target"])
                .arg(&folder)
                .args(PYTHON_PACKAGES),
        )?;
    }
    std::fs::metadata(&marker).with_context(|| format!("{} is missing", marker.display()))?;
    Ok(folder)
}
