//! The template `database_cleanup`: deletes documents that are old, match a filter, or both.
//!
//! A dry run (the default) only looks. A real run walks the matching documents in the order of their `_id`, deletes
//! them batch by batch, and asks between batches whether it should stop; what it deleted stays deleted, and the next
//! run goes on from there. What is archived is written and finished before the first document goes.

mod archive;
mod batches;
mod condition;
mod dates;
mod doubts;
mod parameters;
mod preview;
mod removal;

use sandglass_sdk::documents::Collection;
use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template, execution};

use condition::Condition;
pub use parameters::Parameters;

/// The template.
#[derive(Debug)]
pub struct DatabaseCleanup;

impl Template for DatabaseCleanup {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("database_cleanup", env!("CARGO_PKG_VERSION"), "Database cleanup")
            .description(
                "Deletes documents that are older than a number of days, match a filter, or both; in batches, and \
                 archived first where that is wanted. A dry run shows what would go.",
            )
            .icon("🧹")
            .category("Database")
            .tags(&["cleanup", "delete", "retention", "archive", "mongodb"])
            .need(
                Need::new("documents", "param:/collection", "read", "To find the documents that should go.")
                    .connection("param:/connection"),
            )
            .need(
                Need::new("documents", "param:/collection", "write", "To delete them. A dry run does without.")
                    .connection("param:/connection"),
            )
            .need(
                Need::new("documents", "param:/archive_to/collection", "read", "To see what is archived already.")
                    .connection("param:/archive_to/connection")
                    .optional(),
            )
            .need(
                Need::new("documents", "param:/archive_to/collection", "write", "To archive before deleting.")
                    .connection("param:/archive_to/connection")
                    .optional(),
            )
            .need(
                Need::new("files", "param:/archive_to/folder", "read", "To delete only what the archive holds.")
                    .optional(),
            )
            .need(Need::new("files", "param:/archive_to/folder", "write", "To archive before deleting.").optional())
            .on_lost(OnLost::Retry)
            .dry_run("/dry_run")
    }

    fn validate(parameters: &Parameters) -> Problems {
        parameters.problems()
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let condition = Condition::new(&parameters, execution::scheduled_at());
        let name = parameters.full_name();
        let collection =
            Collection::open(&name).map_err(|error| Failure::from(error).during("opening the collection"))?;
        if parameters.dry_run {
            preview::run(&parameters, &condition, &name, &collection)
        } else {
            removal::run(&parameters, &condition, &name, &collection)
        }
    }
}

sandglass_sdk::export!(DatabaseCleanup);

#[cfg(test)]
mod tests;
