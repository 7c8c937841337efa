//! `cargo xtask check`: what can be held against the code without running it.

mod arrows;
mod generated;

use crate::process::{cargo, step};

/// Formatting, lints, layer arrows, the contract, generated files.
///
/// # Errors
/// Names the first rule that does not hold.
pub fn run() -> anyhow::Result<()> {
    step("formatting", &mut cargo(&["fmt", "--all", "--check"])?)?;
    eprintln!("==> layer arrows");
    arrows::check()?;
    step("lints", &mut cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"])?)?;
    step("the contract in wit/", &mut cargo(&["test", "--locked", "--quiet", "--package", "xtask", "contract"])?)?;
    generated::check()
}
