//! `sandglass template`: look at a component, check it, run it without a server; and the templates of a running server.
//!
//! What needs no server works on a scratch database and scratch folders, with the very sandbox and gate that a server
//! has. Nothing that it does is stored anywhere else, unless a grant lets a request or a message out.

mod check;
mod grants;
mod inspect;
mod parameters;
mod remote;
mod report;
mod run;
mod words;
mod workbench;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::CliError;
use crate::config::Config;
use crate::registry::AdmitError;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What a component is, what it can call, and what it says of itself. Nothing but its description is run.
    Inspect(inspect::Arguments),
    /// Whether a server would take a component, whether parameters fit it, and what grants would deny it. Exit code 1 if
    /// anything is wrong.
    Check(check::Arguments),
    /// Run a component once in the real sandbox, against a scratch database and scratch folders. Exit code 6 if the run
    /// fails.
    Run(run::Arguments),
    /// The templates of a running server.
    List(remote::List),
    /// Send a component to a running server.
    Install(remote::Install),
    /// Say what a template of a running server may reach, in the place of what was granted before.
    Grant(remote::Grant),
    /// Let the version that waits take over.
    Approve(remote::Approve),
    /// Take a template away from a running server; its history stays.
    Remove(remote::Remove),
}

/// A component in a file.
#[derive(Debug, Args)]
struct Component {
    /// The component, such as target/plugins/order_watch.wasm
    file: PathBuf,
}

pub(super) fn run(config: impl FnOnce() -> Result<Config, CliError>, command: Command) -> Result<(), CliError> {
    match command {
        Command::Inspect(arguments) => inspect::run(&config()?, &arguments),
        Command::Check(arguments) => check::run(&config()?, &arguments),
        Command::Run(arguments) => run::run(&config()?, arguments),
        Command::List(arguments) => remote::list(&arguments),
        Command::Install(arguments) => remote::install(&arguments),
        Command::Grant(arguments) => remote::grant(&arguments),
        Command::Approve(arguments) => remote::approve(&arguments),
        Command::Remove(arguments) => remote::remove(&arguments),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(file).map_err(|error| CliError::NotFound(format!("{} cannot be read: {error}", file.display())))
}

fn refused(error: &AdmitError) -> CliError {
    CliError::Failure(match error {
        AdmitError::Refused(message) => format!("a server would refuse it: {message}"),
        AdmitError::Failed(message) => message.clone(),
    })
}
