//! `cargo xtask bench`: the workloads against the release binary.

use crate::process::{cargo, step, workspace};

/// Which workloads.
#[derive(clap::Args)]
pub struct Arguments {
    /// Under two minutes: shorter windows
    #[arg(long)]
    quick: bool,
    /// Only workloads whose name holds this text, such as W2
    #[arg(long)]
    only: Option<String>,
    /// Instead of schedules: exports, a backup and its restore of so many documents (a million unless a number is given)
    #[arg(long, value_name = "DOCUMENTS", num_args = 0..=1, default_missing_value = "1000000")]
    data: Option<u64>,
}

/// Builds the release binary and measures it. The table goes to standard output.
///
/// # Errors
/// When a build fails, or a workload breaks off.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    crate::build::run(&crate::build::Arguments::default())?;
    let mut command = cargo(&["run", "--quiet", "--locked", "--package", "sandglass-tests", "--bin", "bench", "--"])?;
    command.env("SANDGLASS_TEST_BINARY", workspace()?.join("target/release/sandglass"));
    if arguments.quick {
        command.arg("--quick");
    }
    if let Some(only) = &arguments.only {
        command.args(["--only", only]);
    }
    if let Some(documents) = arguments.data {
        command.args(["--data", &documents.to_string()]);
    }
    step("the workloads", &mut command)
}
