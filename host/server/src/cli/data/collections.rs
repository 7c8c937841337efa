//! `data collections`, and the word on one that is not there.

use clap::Args;
use sandglass_database::Database;
use serde_json::json;

use super::CliError;
use crate::registry::fields::nearest;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(database: &dyn Database, arguments: Arguments) -> Result<(), CliError> {
    let mut all = database.collections().await.map_err(|error| CliError::while_doing("list the collections", error))?;
    all.sort_by(|one, other| one.name.cmp(&other.name));
    let width = all.iter().map(|info| info.name.chars().count()).max().unwrap_or(0);
    for info in all {
        if arguments.json {
            println!("{}", json!({ "name": info.name, "count": info.count, "size_bytes": info.size_bytes }));
        } else {
            println!("{:width$}  {:>10} documents  {:>12} bytes", info.name, info.count, info.size_bytes);
        }
    }
    Ok(())
}

/// Says on stderr that a collection does not exist: to read it gives nothing, which looks like an answer.
///
/// # Errors
/// Those of the database.
pub(super) async fn warn_of_missing(database: &dyn Database, name: &str) -> Result<(), CliError> {
    let all = database.collections().await.map_err(|error| CliError::while_doing("list the collections", error))?;
    if all.iter().any(|info| info.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = all.iter().map(|info| info.name.as_str()).collect();
    let hint = nearest(name, &names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    eprintln!("warning: there is no collection {name}{hint} (`sandglass data collections` lists them)");
    Ok(())
}
