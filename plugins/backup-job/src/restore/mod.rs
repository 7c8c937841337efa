//! From files into the database.
//!
//! Everything is read and compared before the first write. Then each collection is filled under a name of its own, and
//! only when all are complete do they take the names they are meant for.

mod filling;

use sandglass_sdk::documents::manage;
use sandglass_sdk::files::Folder;
use sandglass_sdk::{Error, ErrorKind, Failure, FailureKind, Outcome, execution, log};
use serde_json::json;

use crate::backup::{during, present};
use crate::manifest::{CollectionEntry, Manifest, State};
use crate::parameters::{Parameters, RestoreFrom};
use crate::verify;

/// Longest name of a collection that leaves room for the ending of a stage; the database allows 120 bytes.
const LONGEST_STEM: usize = 95;

/// One collection that is to be restored.
#[derive(Debug)]
struct Task {
    entry: CollectionEntry,
    /// The name it shall have.
    target: String,
    /// The name it has until it is complete.
    stage: String,
}

pub fn run(parameters: &Parameters) -> Result<Outcome, Failure> {
    let Some(restore) = &parameters.restore else {
        return Err(Failure::permanent("the mode restore needs the parameter restore, which names a backup"));
    };
    let folder = Folder::open(&parameters.folder).map_err(during("opening the folder"))?;
    let manifest = manifest(&folder, parameters, restore)?;
    let tasks = tasks(parameters, restore, &manifest)?;
    refuse_existing(parameters, restore, &tasks)?;
    for task in &tasks {
        execution::progress(0, Some(manifest.documents), &format!("verifying {}", task.entry.name));
        verify::collection(&folder, &task.entry)
            .map_err(|failure| failure.during("the backup is damaged and nothing was restored"))?;
    }
    log::info(
        format!("restoring from {}/{}", parameters.folder, restore.backup),
        &[("collections", &tasks.len()), ("documents", &manifest.documents)],
    );
    let mut filled = Filled::default();
    match fill_and_swap(parameters, restore, &folder, &tasks, &mut filled) {
        Ok(()) => Ok(outcome(restore, &manifest, &tasks, filled)),
        Err(failure) => {
            clear(parameters, &tasks);
            Err(explained(failure, &filled))
        }
    }
}

fn manifest(folder: &Folder, parameters: &Parameters, restore: &RestoreFrom) -> Result<Manifest, Failure> {
    let (label, backup) = (&parameters.folder, &restore.backup);
    let mut manifest = Manifest::read(folder, backup).map_err(|failure| match failure.kind {
        FailureKind::Interrupted | FailureKind::Retryable => failure,
        FailureKind::Permanent => failure.during(&format!(
            "{label}/{backup} is no finished backup, because its manifest cannot be read (sandglass restore reads \
             folders without one)"
        )),
    })?;
    if manifest.state != State::Complete {
        return Err(Failure::permanent(format!("{label}/{backup} is being deleted: choose another backup")));
    }
    for entry in &mut manifest.collections {
        for file in [&mut entry.data, &mut entry.metadata] {
            file.name = format!("{backup}/{}", file.name);
        }
    }
    Ok(manifest)
}

fn tasks(parameters: &Parameters, restore: &RestoreFrom, manifest: &Manifest) -> Result<Vec<Task>, Failure> {
    if let Some(listed) = parameters.listed() {
        let is_missing = |name: &&String| !manifest.collections.iter().any(|entry| entry.name == **name);
        let missing = listed.iter().filter(is_missing).map(String::as_str).collect::<Vec<_>>();
        if !missing.is_empty() {
            let there = manifest.collections.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Failure::permanent(format!(
                "nothing was restored: the backup holds no {}; it holds {there}",
                missing.join(", ")
            ))
            .details(json!({ "missing": missing })));
        }
    }
    let id = execution::id();
    let short = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
    let chosen = manifest
        .collections
        .iter()
        .filter(|entry| parameters.listed().is_none_or(|listed| listed.contains(&entry.name)));
    let task = |entry: &CollectionEntry| {
        let target = restore.to.clone().unwrap_or_else(|| entry.name.clone());
        let stem = target.char_indices().take_while(|(at, letter)| at + letter.len_utf8() <= LONGEST_STEM);
        let stem = stem.map(|(_, letter)| letter).collect::<String>();
        Task { entry: entry.clone(), stage: format!("{stem}.restoring-{short}"), target }
    };
    Ok(chosen.map(task).collect())
}

fn refuse_existing(parameters: &Parameters, restore: &RestoreFrom, tasks: &[Task]) -> Result<(), Failure> {
    if restore.replace {
        return Ok(());
    }
    let present = present(parameters)?;
    let there = tasks.iter().filter(|task| present.iter().any(|found| found.name == task.target));
    let there = there.map(|task| task.target.as_str()).collect::<Vec<_>>();
    if there.is_empty() {
        return Ok(());
    }
    Err(Failure::permanent(format!(
        "nothing was restored, for these are already there: {}. Set restore.replace to replace them, or restore.to \
         to choose another name",
        there.join(", ")
    ))
    .details(json!({ "existing": there })))
}

/// What has been done.
#[derive(Debug, Default)]
struct Filled {
    documents: u64,
    indexes: u64,
    warnings: Vec<String>,
    /// Collections that have their names.
    swapped: Vec<String>,
}

fn fill_and_swap(
    parameters: &Parameters,
    restore: &RestoreFrom,
    folder: &Folder,
    tasks: &[Task],
    filled: &mut Filled,
) -> Result<(), Failure> {
    let total = tasks.iter().map(|task| task.entry.documents).sum();
    for task in tasks {
        let stage = parameters.full_name(&task.stage);
        unless_missing(manage::drop(&stage)).map_err(during("making room"))?;
        manage::create(&stage, &json!({})).map_err(during("making a collection"))?;
        // Before the documents: an index that is built over many of them at once would hold up every other write.
        if parameters.include_indexes {
            filling::indexes(folder, task, &stage, filled)?;
        }
        filling::documents(folder, task, &stage, total, filled)?;
        log::debug("filled a collection", &[("collection", &task.target), ("documents", &task.entry.documents)]);
    }
    for task in tasks {
        let (stage, target) = (parameters.full_name(&task.stage), parameters.full_name(&task.target));
        manage::rename(&stage, &target, restore.replace)
            .map_err(during(&format!("giving the restored collection its name {}", task.target)))?;
        filled.swapped.push(task.target.clone());
    }
    Ok(())
}

fn unless_missing(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Removes what was filled and has no name yet. There may be none, and then there is nothing to say.
fn clear(parameters: &Parameters, tasks: &[Task]) {
    for task in tasks {
        if let Err(error) = unless_missing(manage::drop(&parameters.full_name(&task.stage))) {
            log::debug("a stage was not removed", &[("collection", &task.stage), ("reason", &error.message)]);
        }
    }
}

/// Says what stands, and how to be allowed what was denied.
fn explained(mut failure: Failure, filled: &Filled) -> Failure {
    let is_denied =
        failure.details.as_ref().and_then(|details| details.pointer("/error/kind")) == Some(&json!("denied"));
    if is_denied {
        failure.message = format!(
            "{}. Restoring needs the accesses write and manage to documents, which are in no default grant: an \
             operator can add {}",
            failure.message,
            json!({"capability": "documents", "target": "*", "access": ["write", "manage"]})
        );
    }
    failure.message = match filled.swapped.as_slice() {
        [] => format!("{} (no collection was changed)", failure.message),
        done => format!("{} (restored before that: {})", failure.message, done.join(", ")),
    };
    failure
}

fn outcome(restore: &RestoreFrom, manifest: &Manifest, tasks: &[Task], filled: Filled) -> Outcome {
    let (documents, number) = (filled.documents, tasks.len());
    let message = format!(
        "restored {documents} document{} into {number} collection{} from {}",
        if documents == 1 { "" } else { "s" },
        if number == 1 { "" } else { "s" },
        restore.backup
    );
    let collections = tasks
        .iter()
        .map(|task| json!({ "name": task.entry.name, "restored_as": task.target, "documents": task.entry.documents }));
    let mut outcome = Outcome::new(message)
        .details(json!({
            "backup": restore.backup, "made_at": manifest.finished_at, "documents": documents,
            "indexes": filled.indexes, "collections": collections.collect::<Vec<_>>(),
        }))
        .processed(documents)
        .affected(documents);
    for warning in filled.warnings {
        outcome = outcome.warning(warning);
    }
    log::info(&outcome.message, &[("indexes", &filled.indexes)]);
    outcome
}
