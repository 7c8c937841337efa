//! The command line: arguments in, exit code out. Data goes to stdout, talk to stderr.
//!
//! Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 conflict, 5 not allowed, 6 the
//! job failed.

mod access;
mod audit;
mod changes;
mod data;
mod demo;
mod health;
mod remote;
mod restore;
mod schedule;
mod secret;
mod serve;
mod settings;
mod store;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Flags};

/// A job scheduler whose job templates are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "sandglass", version, propagate_version = true)]
struct Arguments {
    /// Configuration file (TOML); its reference: `sandglass config reference`.
    #[arg(long, global = true, env = "SANDGLASS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database, compiled components and keys.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve(serve::Arguments),
    /// Say what a schedule means and when it is due.
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Look into the embedded database, or fill it, while no server runs.
    #[command(subcommand)]
    Data(data::Command),
    /// Secrets that templates use by label, while no server runs.
    #[command(subcommand)]
    Secret(secret::Command),
    /// Accounts of people, while no server runs.
    #[command(subcommand)]
    User(access::user::Command),
    /// Tokens of programs, while no server runs.
    #[command(subcommand)]
    Token(access::token::Command),
    /// Put a backup, or what mongodump wrote, into the embedded database while no server runs.
    Restore(restore::Arguments),
    /// A template as a component: look at it, check it, run it; and the templates of a running server.
    #[command(subcommand)]
    Template(Box<template::Command>),
    /// The record of effects and changes.
    #[command(subcommand)]
    Audit(audit::Command),
    /// The configuration: check it, show it, or print its reference.
    #[command(subcommand)]
    Config(settings::Command),
    /// Ask a running server whether it is well (for probes).
    Health(health::Arguments),
    /// Print the OpenAPI document.
    Openapi,
}

/// What a subcommand could not do.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Failure(String),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    NotAllowed(String),
    #[error("{0}")]
    JobFailed(String),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Failure(_) => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Conflict(_) => 4,
            Self::NotAllowed(_) => 5,
            Self::JobFailed(_) => 6,
        }
    }

    /// The same with something more to say.
    fn with(self, more: &str) -> Self {
        match self {
            Self::Failure(text) => Self::Failure(text + more),
            Self::Usage(text) => Self::Usage(text + more),
            Self::NotFound(text) => Self::NotFound(text + more),
            Self::Conflict(text) => Self::Conflict(text + more),
            Self::NotAllowed(text) => Self::NotAllowed(text + more),
            Self::JobFailed(text) => Self::JobFailed(text + more),
        }
    }

    /// Any other layer's error, with what was being done.
    fn while_doing(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::Failure(format!("{doing}: {error}"))
    }
}

/// Parses the arguments, runs the subcommand, and turns its end into an exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !matches!(arguments.command, None | Some(Command::Serve(_))) {
        end_quietly_with_the_reader();
    }
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandglass: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// A command whose reader goes away (`| head`) ends as other programs do, instead of failing to print.
fn end_quietly_with_the_reader() {
    #[expect(unsafe_code, reason = "std has no way to give SIGPIPE back its default")]
    // SAFETY: called before any other thread exists; it only sets the default action of one signal.
    let former = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    if former == libc::SIG_ERR {
        tracing::debug!("SIGPIPE keeps its action");
    }
}

fn run(arguments: Arguments) -> Result<(), CliError> {
    let flags = Flags { file: arguments.config, data_dir: arguments.data_dir, listen: None };
    match arguments.command.unwrap_or_else(|| Command::Serve(serve::Arguments::default())) {
        Command::Serve(serve) => serve::run(flags, serve),
        Command::Schedule(command) => schedule::run(command),
        Command::Data(command) => data::run(&load(&flags)?, command),
        Command::Secret(command) => secret::run(&load(&flags)?, command),
        Command::User(command) => access::user::run(&load(&flags)?, command),
        Command::Token(command) => access::token::run(&load(&flags)?, command),
        Command::Restore(arguments) => restore::run(&load(&flags)?, arguments),
        Command::Audit(command) => audit::run(&load(&flags)?, command),
        Command::Template(command) => template::run(|| load(&flags), *command),
        Command::Config(command) => settings::run(&flags, command),
        Command::Health(health) => health::run(&load(&flags)?, health),
        Command::Openapi => {
            print!("{}", crate::api::rendered_openapi());
            Ok(())
        }
    }
}

fn load(flags: &Flags) -> Result<config::Config, CliError> {
    config::load(flags, std::env::vars().collect()).map_err(|error| CliError::Usage(error.to_string()))
}

/// A runtime for subcommands that wait for something.
fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::while_doing("start", error))?
        .block_on(future)
}
