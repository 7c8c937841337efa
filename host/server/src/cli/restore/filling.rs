//! Collections under names of their own, until they are complete.

use indicatif::{ProgressBar, ProgressStyle};
use sandglass_database::{Database, Error};

use super::documents::Batch;
use super::{CliError, Task};
use crate::model::grant::OWN_PREFIX;

/// A filled collection.
#[derive(Debug)]
pub(super) struct Filled {
    /// The name it has for now.
    pub stage: String,
    pub documents: u64,
    pub indexes: usize,
}

/// What the names of stages begin with: out of reach for templates, and never restored themselves.
fn prefix() -> String {
    format!("{OWN_PREFIX}restoring_")
}

/// How far reading has come, in bytes of files.
pub(super) fn bar(tasks: &[Task]) -> ProgressBar {
    ProgressBar::new(tasks.iter().map(|task| task.part.data.size()).sum()).with_style(
        ProgressStyle::with_template("{spinner} {bytes}/{total_bytes} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

/// Removes stages: of this restore, and of one that was cut off.
///
/// # Errors
/// Those of the database.
pub(super) async fn clear(database: &dyn Database) -> Result<(), CliError> {
    let failed = |error: Error| CliError::while_doing("remove what an unfinished restore left", error);
    for info in database.collections().await.map_err(failed)? {
        if info.name.starts_with(&prefix()) {
            database.drop_collection(&info.name).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Fills a stage for each task.
///
/// # Errors
/// Those of the files and of the database; stages are left as they are.
pub(super) async fn fill(database: &dyn Database, tasks: &[Task], with_indexes: bool) -> Result<Vec<Filled>, CliError> {
    let bar = bar(tasks);
    let mut filled = Vec::with_capacity(tasks.len());
    for (number, task) in tasks.iter().enumerate() {
        let mut one = Filled { stage: format!("{}{number}", prefix()), documents: 0, indexes: 0 };
        database
            .create_collection(&one.stage)
            .await
            .map_err(|error| CliError::while_doing("make a collection", error))?;
        if with_indexes {
            let indexes = task.part.indexes()?;
            bar.suspend(|| indexes.notes.iter().for_each(|note| eprintln!("{}: {note}", task.target)));
            for index in indexes.made {
                let name = index.name.clone();
                database.create_index(&one.stage, index).await.map_err(|error| {
                    CliError::Failure(format!("index {name} of {} cannot be made: {error}", task.target))
                })?;
                one.indexes += 1;
            }
        }
        let mut reader = task.part.reader(&bar)?;
        while let Some(batch) = reader.next_batch()? {
            one.documents += insert(database, task, &one.stage, batch).await?;
            bar.set_message(format!("{}: {} documents", task.target, one.documents));
        }
        task.part.check_count(one.documents)?;
        filled.push(one);
    }
    bar.finish_and_clear();
    Ok(filled)
}

async fn insert(database: &dyn Database, task: &Task, stage: &str, batch: Batch) -> Result<u64, CliError> {
    let report = match database.insert_raw(stage, batch.documents.clone()).await {
        Ok(report) => report,
        // The database refuses a batch as a whole and does not say for which document.
        Err(error) => {
            task.part.check(&batch)?;
            return Err(CliError::Failure(format!("{} cannot be filled: {error}", task.target)));
        }
    };
    match report.failed.into_iter().next() {
        None => Ok(report.inserted),
        Some((position, error)) => {
            let offset = batch.offsets.get(position).copied().unwrap_or_default();
            Err(task.part.fault(offset, error))
        }
    }
}
