//! `sandglass data`: look into the database and fill it; into the embedded one while no server runs on it.

mod aggregate;
mod collections;
mod fill;
mod import;
mod read;
mod source;

use clap::{Args, Subcommand};
use sandglass_database::extended_json;
use serde_json::Value;

pub(super) use fill::fill;

use super::CliError;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Insert the documents of a file: JSON lines, a JSON array, CSV or BSON.
    Import(import::Arguments),
    /// Print the collections, with the number and the size of their documents.
    Collections(collections::Arguments),
    /// Print the documents that match a filter, one line each.
    Find(read::Find),
    /// Print how many documents match a filter.
    Count(read::Count),
    /// Run an aggregation pipeline and print what it gives, one line each.
    Aggregate(aggregate::Arguments),
}

/// Which documents of which collection.
#[derive(Debug, Args)]
struct Selection {
    collection: String,
    /// A MongoDB filter as Extended JSON.
    #[arg(long, default_value = "{}", value_name = "JSON")]
    filter: String,
}

pub(super) fn run(config: &Config, command: Command) -> Result<(), CliError> {
    super::block_on(async move {
        let database = super::store::open(config, matches!(command, Command::Import(_))).await?;
        match command {
            Command::Import(arguments) => {
                if !config.database.uri.is_empty() {
                    arguments.spare_own_collections()?;
                }
                import::run_on_record(database, arguments).await
            }
            Command::Collections(arguments) => collections::run(&*database, arguments).await,
            Command::Find(arguments) => read::find(&*database, arguments).await,
            Command::Count(arguments) => read::count(&*database, arguments).await,
            Command::Aggregate(arguments) => aggregate::run(&*database, arguments).await,
        }
    })
}

/// A document given on the command line; `option` names it in errors.
fn document(option: &str, text: &str) -> Result<sandglass_database::bson::Document, CliError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| CliError::Usage(format!("--{option} is not JSON: {error}")))?;
    extended_json::to_document(value).map_err(|error| CliError::Usage(format!("--{option}: {error}")))
}
