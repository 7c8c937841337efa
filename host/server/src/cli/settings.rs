//! `sandglass config`: whether the configuration is right, and what is in force.

use clap::Subcommand;

use super::CliError;
use crate::capabilities::EmailClient;
use crate::config::{self, Flags, REFERENCE};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration is right; exit code 2 if it is not.
    Check,
    /// Every value in force and where it comes from; secrets are left out.
    Show,
    /// Every key with its default and its meaning.
    Reference,
}

/// The column of values is no wider than this.
const WIDEST: usize = 32;

/// A value that is empty is something else than one that was forgotten.
fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), CliError> {
    match command {
        Command::Check => {
            let config = super::load(flags)?;
            EmailClient::new(&config.email).map_err(|error| CliError::Usage(error.to_string()))?;
            eprintln!("The configuration is right.");
        }
        Command::Show => {
            super::load(flags)?;
            let values = config::redacted(flags, std::env::vars().collect())
                .map_err(|error| CliError::Usage(error.to_string()))?;
            let keys = values.iter().map(|value| value.key.len()).max().unwrap_or(0);
            // Some are long: they go beyond their column rather than push all others away.
            let texts = values.iter().map(|value| shown(&value.value).chars().count()).filter(|width| *width <= WIDEST);
            let texts = texts.max().unwrap_or(0);
            for value in values {
                println!("{:keys$}  {:texts$}  # {}", value.key, shown(&value.value), value.origin);
            }
        }
        Command::Reference => print!("{REFERENCE}"),
    }
    Ok(())
}
