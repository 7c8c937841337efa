//! `data find` and `data count`.

use std::io::Write;

use clap::Args;
use sandglass_database::{Database, Find as Query, extended_json};

use super::{CliError, Selection, document};

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
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    loop {
        let batch = cursor.next(1_000).await.map_err(failed)?;
        if batch.is_empty() {
            return output.flush().map_err(|error| CliError::while_doing("write", error));
        }
        for found in batch {
            let json = if arguments.canonical {
                extended_json::to_canonical(found.into())
            } else {
                extended_json::to_relaxed(found.into())
            };
            writeln!(output, "{json}").map_err(|error| CliError::while_doing("write", error))?;
        }
    }
}

pub(super) async fn count(database: &dyn Database, arguments: Count) -> Result<(), CliError> {
    let filter = document("filter", &arguments.selection.filter)?;
    let count = database
        .count(&arguments.selection.collection, filter)
        .await
        .map_err(|error| CliError::Failure(error.to_string()))?;
    println!("{count}");
    Ok(())
}
