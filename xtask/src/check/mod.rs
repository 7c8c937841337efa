//! `cargo xtask check`: what can be held against the code without running it.

mod arrows;
mod contract;
mod generated;

use crate::process::{cargo, step};

/// How to check.
#[derive(Default, clap::Args)]
pub struct Arguments {
    /// Take what was added to wit/ into wit/released.txt
    #[arg(long)]
    take_in_contract: bool,
}

/// Formatting, lints, documentation, layer arrows, the contract, generated files, the interface.
///
/// # Errors
/// Names the first rule that does not hold.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    step("formatting", &mut cargo(&["fmt", "--all", "--check"])?)?;
    eprintln!("==> layer arrows");
    arrows::check()?;
    eprintln!("==> the contract in wit/");
    contract::check(arguments.take_in_contract)?;
    crate::ui::check()?;
    step("lints", &mut cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"])?)?;
    let mut documentation = cargo(&["doc", "--locked", "--workspace", "--no-deps"])?;
    step("documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))?;
    generated::check()
}
