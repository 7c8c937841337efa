//! `data import`: documents of a file into a collection, in batches, with every refusal named.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sandglass_database::bson::Document;
use sandglass_database::{Database, Error};
use serde_json::json;

use super::CliError;
use super::source::{self, Reading};
use crate::cli::changes;
use crate::model::grant::is_own_collection;

/// Documents of one insert; the engine commits them together.
const BATCH: usize = 1_000;
/// Refusals that are printed one by one; the rest is counted.
const SHOWN_REFUSALS: u64 = 10;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The file; `-` reads standard input (then --format is needed).
    file: PathBuf,
    #[arg(long, short)]
    collection: String,
    /// By the file's ending, if not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Fields whose text or number (seconds) is a date; may be given several times.
    #[arg(long = "date", value_name = "FIELD")]
    dates: Vec<String>,
    /// CSV: keep every value as text instead of recognising numbers, true and false.
    #[arg(long)]
    text: bool,
    /// Empty the collection first.
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One JSON document a line.
    Jsonl,
    /// One JSON array of documents.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// Concatenated BSON documents, as mongodump writes them.
    Bson,
}

impl Arguments {
    /// On a MongoDB server a running server of Sandglass may keep in memory what stands in its own collections; nothing
    /// here can tell.
    ///
    /// # Errors
    /// When the import would go into one of them.
    pub(super) fn spare_own_collections(&self) -> Result<(), CliError> {
        if !is_own_collection(&self.collection) {
            return Ok(());
        }
        Err(CliError::Usage(format!(
            "--collection {}: this is Sandglass's own, and a server may be working on it. Jobs are made with POST /jobs; with \
             every server stopped, MongoDB's own tools put back what they saved",
            self.collection
        )))
    }

    /// As if given on the command line.
    pub(super) fn of(file: &std::path::Path, collection: &str, dates: &[String]) -> Self {
        Self {
            file: file.to_owned(),
            collection: collection.to_owned(),
            format: None,
            dates: dates.to_vec(),
            text: false,
            replace: false,
        }
    }
}

/// Imports into the customer's data: on record first.
pub(super) async fn run_on_record(database: Arc<dyn Database>, arguments: Arguments) -> Result<(), CliError> {
    let audit = changes::audit(Arc::clone(&database)).await?;
    let details = json!({ "file": arguments.file.display().to_string(), "replaces": arguments.replace });
    changes::record(&audit, "data.import", &arguments.collection, details).await?;
    run(&*database, arguments).await
}

pub(super) async fn run(database: &dyn Database, arguments: Arguments) -> Result<(), CliError> {
    let format = match arguments.format {
        Some(format) => format,
        None => by_ending(&arguments.file)?,
    };
    let reading = Reading { dates: arguments.dates, text: arguments.text };
    let (size, input) = source::open(&arguments.file)?;
    let bar = ProgressBar::new(size).with_style(
        ProgressStyle::with_template("{spinner} {bytes}/{total_bytes} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    if arguments.replace {
        match database.drop_collection(&arguments.collection).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(CliError::while_doing("empty the collection", error)),
        }
    }
    let mut report = Report::default();
    let mut batch: Vec<(u64, Document)> = Vec::with_capacity(BATCH);
    for item in source::documents(format, input, reading) {
        let item = item?;
        bar.set_position(item.bytes_read);
        batch.push((item.line, item.document));
        if batch.len() == BATCH {
            insert(database, &arguments.collection, &mut batch, &mut report).await?;
            bar.set_message(format!("{} documents", report.inserted));
        }
    }
    insert(database, &arguments.collection, &mut batch, &mut report).await?;
    bar.finish_and_clear();
    eprintln!("{} documents inserted into {}", report.inserted, arguments.collection);
    if report.refused > 0 {
        return Err(CliError::Conflict(format!("{} documents were refused; the others are in", report.refused)));
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Report {
    inserted: u64,
    refused: u64,
}

async fn insert(
    database: &dyn Database,
    collection: &str,
    batch: &mut Vec<(u64, Document)>,
    report: &mut Report,
) -> Result<(), CliError> {
    if batch.is_empty() {
        return Ok(());
    }
    let (lines, documents): (Vec<u64>, Vec<Document>) = batch.drain(..).unzip();
    let done = database
        .insert(collection, documents)
        .await
        .map_err(|error| CliError::Failure(format!("{error}; {} documents before it are in", report.inserted)))?;
    report.inserted += done.inserted;
    for (position, error) in done.failed {
        report.refused += 1;
        if report.refused <= SHOWN_REFUSALS {
            let line = lines.get(position).copied().unwrap_or_default();
            eprintln!("document {line}: {error}");
        }
    }
    Ok(())
}

impl Format {
    /// What a file's ending says.
    pub(super) fn of(file: &std::path::Path) -> Option<Self> {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "bson" => Some(Self::Bson),
            _ => None,
        }
    }
}

fn by_ending(file: &std::path::Path) -> Result<Format, CliError> {
    Format::of(file).ok_or_else(|| {
        CliError::Usage(format!(
            "the format of {} cannot be told from its name: give --format jsonl, json, csv or bson",
            file.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn beside_a_server_that_cannot_be_seen_its_own_collections_are_spared() {
        for own in ["dynamic_jobs", "job_executions", "sandglass_owner"] {
            let refused = Arguments::of(Path::new("rows.jsonl"), own, &[]).spare_own_collections();
            assert!(matches!(&refused, Err(CliError::Usage(text)) if text.contains(own)), "{refused:?}");
        }
        assert!(Arguments::of(Path::new("rows.jsonl"), "rows", &[]).spare_own_collections().is_ok());
    }
}
