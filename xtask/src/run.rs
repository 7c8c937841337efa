//! `cargo xtask run`: what is missing is built, then the server runs with demo data.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::process::{cargo, step, workspace};

/// How to run.
#[derive(clap::Args)]
pub struct Arguments {
    /// Build for speed (takes longer the first time)
    #[arg(long)]
    release: bool,
    /// Handed to `sandglass serve`, such as --listen 127.0.0.1:8001
    #[arg(last = true)]
    serve: Vec<String>,
}

/// Builds and becomes the server, so that signals reach it.
///
/// # Errors
/// When a build fails or the server cannot be started.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    eprintln!(
        "Builds the components, the interface and the server, then starts it with demo data in ./data. The first time that\n\
         takes about ten minutes on two quiet cores, most of them for the server, and 6 GB of disk below ./target."
    );
    crate::plugins::build()?;
    crate::ui::build()?;
    let (profile, folder) = if arguments.release { ("release", "release") } else { ("dev", "debug") };
    step("the server", &mut cargo(&["build", "--locked", "--package", "sandglass", "--profile", profile])?)?;
    let program = workspace()?.join("target").join(folder).join("sandglass");
    let error =
        Command::new(&program).args(["serve", "--demo"]).args(&arguments.serve).current_dir(workspace()?).exec();
    Err(anyhow::Error::new(error).context(format!("{} cannot be started", program.display())))
}
