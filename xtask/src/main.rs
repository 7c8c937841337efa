//! The project's own commands: `cargo xtask <command>`. This file only hands on to them.

mod bench;
mod build;
mod check;
mod new_plugin;
mod pictures;
mod plugins;
mod process;
mod run;
mod test;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks and runs Sandglass")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build what is missing and start the server with demo data
    Run(run::Arguments),
    /// Check, build and test everything, installing what the tests need
    Test,
    /// Formatting, lints, layer arrows, the contract, generated files, the interface
    Check(check::Arguments),
    /// Build one self-contained file, the components and the interface inside it
    Build(build::Arguments),
    /// Build the job templates into WebAssembly components
    Plugins(plugins::Arguments),
    /// Build the web interface
    Ui(ui::Arguments),
    /// Make a new job template that builds and whose tests pass
    NewPlugin(new_plugin::Arguments),
    /// Measure how late runs start and what one costs
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    match obey(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // No backtrace, whatever the environment asks for: it would push away what a build said above.
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Test => test::run(),
        Command::Check(arguments) => check::run(&arguments),
        Command::Build(arguments) => build::run(&arguments),
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Ui(arguments) => ui::run(&arguments),
        Command::NewPlugin(arguments) => new_plugin::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    }
}
