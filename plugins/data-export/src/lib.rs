//! The template `data_export`: writes the documents of a collection to a file, or into the result of the run.
//!
//! Documents come batch by batch and go out one by one, so that memory does not grow with their number. A file appears
//! only when all of it is written: a run that fails or is stopped leaves nothing behind.

mod cell;
mod columns;
mod extended;
mod formats;
mod output;
mod parameters;
mod problems;
mod retention;
mod run;
mod source;

use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template};

pub use parameters::Parameters;

/// Rows of a spreadsheet. Excel takes ten times as many, but people and mail servers do not.
pub(crate) const MOST_SHEET_ROWS: u64 = 100_000;

/// The template.
#[derive(Debug)]
pub struct DataExport;

impl Template for DataExport {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("data_export", env!("CARGO_PKG_VERSION"), "Data export")
            .description(
                "Exports documents of a collection to a file as JSON, JSON lines, CSV or an Excel workbook, or puts a \
                 small export into the result of the run.",
            )
            .icon("📊")
            .category("Data")
            .tags(&["export", "csv", "excel", "xlsx", "json", "jsonl", "mongodb"])
            .need(
                Need::new("documents", "param:/collection", "read", "To read what is exported.")
                    .connection("param:/connection"),
            )
            .need(
                Need::new("files", "param:/folder", "write", "To write the file, and to delete older ones.").optional(),
            )
            .need(
                Need::new("files", "param:/folder", "read", "To know its older files, and to check what it wrote.")
                    .optional(),
            )
            .on_lost(OnLost::Retry)
    }

    fn validate(parameters: &Parameters) -> Problems {
        problems::of(parameters)
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        run::run(&parameters)
    }
}

sandglass_sdk::export!(DataExport);

#[cfg(test)]
mod tests;
