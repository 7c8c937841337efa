//! The template `backup_job`: copies collections into files, in the layout of mongodump, and puts them back.
//!
//! A backup is a folder of files, complete once its `manifest.json` stands, which is written last. Documents pass
//! through as the bytes they are stored in and are never all in memory. A restore fills collections under another name
//! and renames them at the end, so that one that fails leaves what was there.

mod backup;
mod documents;
mod manifest;
mod metadata;
mod name;
mod parameters;
mod restore;
mod retention;
mod sink;
mod stored;
mod verify;

use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template};

use parameters::Mode;
pub use parameters::Parameters;

/// The template.
#[derive(Debug)]
pub struct BackupJob;

impl Template for BackupJob {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("backup_job", env!("CARGO_PKG_VERSION"), "Backup")
            .description(
                "Copies collections into files that mongorestore and sandglass restore understand, checks them, and \
                 deletes its own old backups. Restores them as well, where that is granted.",
            )
            .icon("💾")
            .category("Database")
            .tags(&["backup", "restore", "dump", "mongodump", "mongodb"])
            .need(Need::new("documents", "*", "read", "To read what is backed up.").connection("param:/connection"))
            // A backup is whole or it is nothing: without success the host removes what an attempt has stored.
            .need(
                Need::new("files", "param:/folder", "write", "To store backups, and to delete old ones.")
                    .removed_on_failure(),
            )
            .need(Need::new("files", "param:/folder", "read", "To check what was stored, and to find old backups."))
            .need(
                Need::new("documents", "*", "write", "To put documents back. Only the mode restore does.")
                    .connection("param:/connection")
                    .optional(),
            )
            .need(
                Need::new(
                    "documents",
                    "*",
                    "manage",
                    "To make collections and indexes, and to swap restored collections in. Only the mode restore does.",
                )
                .connection("param:/connection")
                .optional(),
            )
            .on_lost(OnLost::Retry)
    }

    fn validate(parameters: &Parameters) -> Problems {
        parameters.problems()
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        match parameters.mode {
            Mode::Backup => backup::run(&parameters),
            Mode::Restore => restore::run(&parameters),
        }
    }
}

sandglass_sdk::export!(BackupJob);

#[cfg(test)]
mod tests;
