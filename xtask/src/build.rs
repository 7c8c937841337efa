//! `cargo xtask build`: one self-contained file, the components and the interface inside it.

use crate::process::{cargo, step, workspace};

/// How to build.
#[derive(Default, clap::Args)]
pub struct Arguments {
    /// Smaller and a little faster, but slower to build: link-time optimisation, no symbols
    #[arg(long)]
    dist: bool,
}

/// Builds the components and the interface, then the server around them.
///
/// # Errors
/// When a build fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    crate::plugins::build()?;
    crate::ui::build()?;
    let profile = if arguments.dist { "dist" } else { "release" };
    step("the server", &mut cargo(&["build", "--locked", "--package", "sandglass", "--profile", profile])?)?;
    let file = workspace()?.join("target").join(profile).join("sandglass");
    let size = std::fs::metadata(&file)?.len();
    eprintln!("{} ({} MiB)", file.display(), size / (1 << 20));
    Ok(())
}
