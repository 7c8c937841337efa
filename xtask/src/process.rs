//! Other programs, run with their output shown and their failure named.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};

/// The folder of the workspace.
///
/// # Errors
/// Never in a checkout.
pub fn workspace() -> anyhow::Result<PathBuf> {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(xtask.parent().context("xtask stands in the workspace")?.to_path_buf())
}

/// A command of cargo's, in the workspace.
///
/// # Errors
/// As [`workspace`].
pub fn cargo(arguments: &[&str]) -> anyhow::Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    let workspace = workspace()?;
    // Whoever has set another folder for all builds still finds what the commands here leave and look for.
    command.args(arguments).current_dir(&workspace).env("CARGO_TARGET_DIR", workspace.join("target"));
    Ok(command)
}

/// Says what is done, does it, and says how long it took.
///
/// # Errors
/// When the program cannot be started or fails; the message names it.
pub fn step(what: &str, command: &mut Command) -> anyhow::Result<()> {
    let began = Instant::now();
    eprintln!("==> {what}");
    let status = command.status().with_context(|| format!("{what}: {command:?} cannot be started"))?;
    if !status.success() {
        bail!("{what} failed ({status}): {command:?}");
    }
    eprintln!("    {what}: done in {:.1} s", began.elapsed().as_secs_f32());
    Ok(())
}
