//! Files that are made from the code and kept beside it, so that a change of the interface shows in a diff.

use std::process::Command;

use anyhow::{Context as _, bail};

use crate::process::{cargo, step, workspace};

/// The OpenAPI document as committed is the one that the code gives.
///
/// # Errors
/// When it is not.
pub fn check() -> anyhow::Result<()> {
    // As the tests build it: the same features, so that nothing is compiled for this alone.
    step("the server and the tests", &mut cargo(&["test", "--locked", "--workspace", "--no-run"])?)?;
    let root = workspace()?;
    let output =
        Command::new(root.join("target/debug/sandglass")).arg("openapi").output().context("sandglass openapi")?;
    let committed = std::fs::read(root.join("host/server/openapi.json")).context("host/server/openapi.json")?;
    if !output.status.success() || output.stdout != committed {
        bail!("host/server/openapi.json is not what the code gives: sandglass openapi > host/server/openapi.json");
    }
    eprintln!("    host/server/openapi.json is in step");
    Ok(())
}
