//! `data find` and `data count`.

use std::io::Write;

use clap::Args;
use sandglass_database::{Cursor, Database, Find as Query, extended_json};

use super::{CliError, Selection, collections, document};

#[derive(Debug, Args)]
pub(in crate::cli) struct Find {
    #[command(flatten)]
    selection: Selection,
    #[arg(long, value_name = "JSON")]
    sort: Option<String>,
    #[arg(long, value_name = "JSON")]
    projection: Option<String>,
    #[arg(long, default_value_t = 0)]
    skip: u64,
    /// 0: no limit.
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// Write every type out, so that nothing is lost: {"$numberInt": "1"}.
    #[arg(long)]
    canonical: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Count {
    #[command(flatten)]
    selection: Selection,
}

pub(super) async fn find(database: &dyn Database, arguments: Find) -> Result<(), CliError> {
    collections::warn_of_missing(database, &arguments.selection.collection).await?;
    let optional = |option: &str, text: &Option<String>| text.as_deref().map(|text| document(option, text)).transpose();
    let query = Query {
        filter: document("filter", &arguments.selection.filter)?,
        sort: optional("sort", &arguments.sort)?,
        projection: optional("projection", &arguments.projection)?,
        skip: arguments.skip,
        limit: (arguments.limit > 0).then_some(arguments.limit),
    };
    let failed = |error: sandglass_database::Error| CliError::Failure(error.to_string());
    let mut cursor = database.find(&arguments.selection.collection, query).await.map_err(failed)?;
    print(cursor.as_mut(), arguments.canonical, u64::MAX).await?;
    Ok(())
}

/// Prints documents, one line each, at most so many. Tells whether there are more.
pub(super) async fn print(cursor: &mut dyn Cursor, canonical: bool, most: u64) -> Result<bool, CliError> {
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut left = most;
    loop {
        let batch = cursor.next(1_000).await.map_err(|error| CliError::Failure(error.to_string()))?;
        let is_more = batch.len() as u64 > left;
        if batch.is_empty() {
            return output.flush().map(|()| false).map_err(|error| CliError::while_doing("write", error));
        }
        for found in batch.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            left -= 1;
            let json = if canonical {
                extended_json::to_canonical(found.into())
            } else {
                extended_json::to_relaxed(found.into())
            };
            writeln!(output, "{json}").map_err(|error| CliError::while_doing("write", error))?;
        }
        if is_more {
            return output.flush().map(|()| true).map_err(|error| CliError::while_doing("write", error));
        }
    }
}

pub(super) async fn count(database: &dyn Database, arguments: Count) -> Result<(), CliError> {
    collections::warn_of_missing(database, &arguments.selection.collection).await?;
    let filter = document("filter", &arguments.selection.filter)?;
    let count = database
        .count(&arguments.selection.collection, filter)
        .await
        .map_err(|error| CliError::Failure(error.to_string()))?;
    println!("{count}");
    Ok(())
}
