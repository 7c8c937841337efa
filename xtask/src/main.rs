//! The project's own commands: `cargo xtask <command>`. This file only hands on to them.

mod plugins;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks and runs Sandglass")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the job templates into WebAssembly components
    Plugins(plugins::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Plugins(arguments) => plugins::run(&arguments),
    }
}
