//! `sandglass restore`: a backup, or what mongodump wrote, into the embedded database while no server runs on it.
//!
//! Everything is filled under names of its own, and takes the names it is meant for only when all of it is complete:
//! what fails half-way leaves the old collections as they were.

mod documents;
mod dump;
mod file;
mod filling;
mod manifest;
mod metadata;
mod name;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sandglass_database::embedded::{Embedded, Options};
use sandglass_database::{Database, Error};
use serde_json::json;

use super::{CliError, changes};
use crate::config::Config;
use crate::repository::audit::Audit;
use dump::{Dump, Part};
use filling::Filled;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A backup's folder, or what mongodump wrote: with or without folders for databases, gzip or not.
    folder: PathBuf,
    /// Only this collection; may be given several times. Without it all.
    #[arg(long = "collection", short, value_name = "NAME")]
    collections: Vec<String>,
    /// Restore the one collection under another name.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Replace collections that exist. The old ones stay until the restored ones are complete.
    #[arg(long)]
    drop: bool,
    /// Read and check everything, and change nothing. A server may run meanwhile.
    #[arg(long)]
    dry_run: bool,
    /// Leave the indexes out.
    #[arg(long)]
    no_indexes: bool,
}

/// One collection that is to be restored.
struct Task {
    part: Part,
    /// The name it shall have.
    target: String,
}

pub(super) fn run(config: &Config, arguments: Arguments) -> Result<(), CliError> {
    let mut dump = dump::find(&arguments.folder)?;
    let tasks = tasks(&mut dump, &arguments)?;
    for note in &dump.notes {
        eprintln!("{note}");
    }
    // Before the database is opened: a backup that is damaged should not even make a file.
    for task in &tasks {
        task.part.compare()?;
    }
    if !dump.has_manifest {
        eprintln!("there is no manifest.json, so no checksum can be compared");
    }
    super::store::only_embedded(config, "mongorestore reads what backup_job writes")?;
    let folder = config.data_dir.join("database");
    super::block_on(async move {
        if arguments.dry_run {
            return dry_run(&folder, &tasks, arguments.drop).await;
        }
        let database = Embedded::open(&folder, Options::default())
            .map_err(|error| CliError::while_doing(&format!("open {}", folder.display()), error))?;
        let database = Arc::new(database);
        let audit = changes::audit(database.clone()).await?;
        let outcome = restore(&*database, &audit, &tasks, &arguments).await;
        drop(audit);
        if let Some(database) = Arc::into_inner(database) {
            database.close().await;
        }
        outcome
    })
}

/// What was asked for, of what there is.
fn tasks(dump: &mut Dump, arguments: &Arguments) -> Result<Vec<Task>, CliError> {
    let mut parts = std::mem::take(&mut dump.parts);
    if !arguments.collections.is_empty() {
        for wanted in &arguments.collections {
            if !parts.iter().any(|part| part.collection == *wanted) {
                let there = parts.iter().map(|part| part.collection.as_str()).collect::<Vec<_>>().join(", ");
                return Err(CliError::NotFound(format!("the dump holds no collection {wanted}; it holds {there}")));
            }
        }
        parts.retain(|part| arguments.collections.contains(&part.collection));
    }
    if parts.is_empty() {
        return Err(CliError::NotFound(format!("{} holds no collection to restore", arguments.folder.display())));
    }
    if arguments.to.is_some() && parts.len() > 1 {
        return Err(CliError::Usage("--to is one name: choose one collection with --collection".to_owned()));
    }
    let task = |part: Part| Task { target: arguments.to.clone().unwrap_or_else(|| part.collection.clone()), part };
    let tasks = parts.into_iter().map(task).collect::<Vec<_>>();
    if let Some(task) = tasks.iter().find(|task| name::is_reserved(&task.target)) {
        let target = &task.target;
        return Err(CliError::Usage(format!("{target} belongs to Sandglass itself: choose another name with --to")));
    }
    Ok(tasks)
}

/// Refuses what exists, and names that the database does not take.
async fn check_targets(database: &dyn Database, tasks: &[Task], replaces: bool) -> Result<(), CliError> {
    let present = database.collections().await.map_err(|error| CliError::while_doing("list the collections", error))?;
    for task in tasks {
        // Any read says what is wrong with a name.
        database
            .count(&task.target, Default::default())
            .await
            .map_err(|error| CliError::Usage(format!("{error}; choose another name with --to")))?;
    }
    let there = tasks.iter().filter(|task| present.iter().any(|info| info.name == task.target));
    let there = there.map(|task| task.target.as_str()).collect::<Vec<_>>();
    if replaces || there.is_empty() {
        return Ok(());
    }
    Err(CliError::Conflict(format!(
        "nothing was restored, for these are already there: {}. --drop replaces them, --to chooses another name",
        there.join(", ")
    )))
}

/// Reads everything, and looks into the database if there is one and no server has it open.
async fn dry_run(folder: &Path, tasks: &[Task], replaces: bool) -> Result<(), CliError> {
    if folder.exists() {
        match Embedded::open(folder, Options::default()) {
            Ok(database) => {
                let outcome = check_targets(&database, tasks, replaces).await;
                database.close().await;
                outcome?;
            }
            Err(Error::Unavailable { .. }) => eprintln!(
                "a server runs on {}, so only the backup itself is checked, and not whether its collections are there \
                 already. Stop the server for that, and to restore",
                folder.display()
            ),
            Err(error) => return Err(CliError::while_doing(&format!("open {}", folder.display()), error)),
        }
    }
    let bar = filling::bar(tasks);
    for task in tasks {
        let mut documents = 0u64;
        task.part.each_batch(&bar, &mut |batch| {
            documents += batch.documents.len() as u64;
            task.part.check(&batch)
        })?;
        task.part.check_count(documents)?;
        let indexes = task.part.indexes()?;
        indexes.notes.iter().for_each(|note| eprintln!("{}: {note}", task.target));
        bar.suspend(|| println!("{}", line(&task.target, documents, indexes.made.len())));
    }
    bar.finish_and_clear();
    eprintln!("everything could be read; nothing was changed");
    Ok(())
}

async fn restore(
    database: &dyn Database,
    audit: &Audit,
    tasks: &[Task],
    arguments: &Arguments,
) -> Result<(), CliError> {
    filling::clear(database).await?;
    check_targets(database, tasks, arguments.drop).await?;
    match filling::fill(database, tasks, !arguments.no_indexes).await {
        Ok(filled) => {
            for (task, filled) in tasks.iter().zip(&filled) {
                let details = json!({
                    "from": arguments.folder.display().to_string(), "collection": task.part.collection,
                    "documents": filled.documents, "replaces": arguments.drop,
                });
                changes::record(audit, "restore", &task.target, details).await?;
            }
            swap(database, tasks, arguments.drop, &filled).await
        }
        Err(error) => {
            // What was filled is worth nothing; if even this fails, the next restore tries again.
            if let Err(error) = filling::clear(database).await {
                eprintln!("what was filled so far could not be removed: {error}");
            }
            Err(error.with("; no collection was changed"))
        }
    }
}

/// What is printed for a collection.
fn line(collection: &str, documents: u64, indexes: usize) -> String {
    format!("{collection}: {}, {}", counted(documents, "document", "s"), counted(indexes as u64, "index", "es"))
}

fn counted(number: u64, what: &str, ending: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { ending })
}

/// Gives the filled collections their names, each in one step.
async fn swap(database: &dyn Database, tasks: &[Task], replaces: bool, filled: &[Filled]) -> Result<(), CliError> {
    let mut swapped = Vec::new();
    for (task, filled) in tasks.iter().zip(filled) {
        database.rename_collection(&filled.stage, &task.target, replaces).await.map_err(|error| {
            let done = if swapped.is_empty() { "none".to_owned() } else { swapped.join(", ") };
            CliError::Failure(format!("{} cannot take its name: {error}; restored before that: {done}", task.target))
        })?;
        swapped.push(task.target.clone());
        println!("{}", line(&task.target, filled.documents, filled.indexes));
    }
    let documents: u64 = filled.iter().map(|filled| filled.documents).sum();
    eprintln!(
        "restored {} into {}",
        counted(documents, "document", "s"),
        counted(tasks.len() as u64, "collection", "s")
    );
    Ok(())
}
