//! Clean-up: finished backups of the same job that nothing keeps go, the oldest first.

use sandglass_sdk::chrono::{DateTime, TimeDelta, Utc};
use sandglass_sdk::files::Folder;
use sandglass_sdk::{ErrorKind, Failure, execution, log};

use crate::manifest::{FILE, Manifest, State};
use crate::parameters::Retention;

/// Names that are listed at a time.
const PAGE: u32 = 1_000;

/// What clean-up did.
#[derive(Debug, Default)]
pub struct Swept {
    /// Names of the backups that went.
    pub deleted: Vec<String>,
    /// Finished backups of this job that are left, the new one included.
    pub kept: u64,
    pub warnings: Vec<String>,
}

/// Deletes what may go. The backup that was just finished is `current` and always stays. What goes wrong is a warning:
/// the new backup stands, and the next run tries again.
pub fn sweep(folder: &Folder, job: &str, current: &str, retention: Retention, now: DateTime<Utc>) -> Swept {
    let mut swept = Swept { kept: 1, ..Swept::default() };
    let mut older = match of_job(folder, job, current) {
        Ok(older) => older,
        Err(failure) => {
            swept.warnings.push(format!("old backups were not looked for: {}", failure.message));
            return swept;
        }
    };
    older.sort_by(|one, other| (&one.started_at, &one.name).cmp(&(&other.started_at, &other.name)));
    let (complete, begun): (Vec<_>, Vec<_>) = older.into_iter().partition(|found| found.state == State::Complete);
    let number = complete.len();
    // The new backup is the first, the youngest of the older ones the second.
    let ranked = complete.into_iter().enumerate().map(|(position, found)| ((number - position + 1) as u64, found));
    let (kept, gone): (Vec<_>, Vec<_>) = ranked.partition(|(rank, found)| is_kept(found, *rank, retention, now));
    swept.kept += kept.len() as u64;
    for manifest in begun.into_iter().chain(gone.into_iter().map(|(_, found)| found)) {
        if execution::should_stop() {
            swept.warnings.push("the host asked to stop: the next run goes on deleting old backups".to_owned());
            break;
        }
        let name = manifest.name.clone();
        match delete(folder, manifest) {
            Ok(()) => {
                log::info("deleted an old backup", &[("backup", &name)]);
                swept.deleted.push(name);
            }
            Err(failure) => {
                swept.warnings.push(format!("the old backup {name} was not deleted: {}", failure.message));
            }
        }
    }
    swept
}

fn is_kept(manifest: &Manifest, rank: u64, retention: Retention, now: DateTime<Utc>) -> bool {
    let by_number = retention.keep_last.is_some_and(|last| rank <= last.into());
    let by_age = retention.keep_days.is_some_and(|days| match manifest.started_at.parse::<DateTime<Utc>>() {
        Ok(started_at) => now - started_at < TimeDelta::days(days.into()),
        // Deleting is no place for doubt.
        Err(_) => true,
    });
    by_number || by_age || (retention.keep_last.is_none() && retention.keep_days.is_none())
}

/// The manifests of a job's other backups. A folder without a manifest, or with one that cannot be read, is left alone.
fn of_job(folder: &Folder, job: &str, current: &str) -> Result<Vec<Manifest>, Failure> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = folder.entries("", after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.name.clone());
        for info in &page {
            let Some(backup) = info.name.strip_suffix(FILE).and_then(|name| name.strip_suffix('/')) else { continue };
            if backup == current {
                continue;
            }
            match Manifest::read(folder, backup) {
                Ok(manifest) if manifest.job.id == job && manifest.name == backup => found.push(manifest),
                Ok(_) => {}
                Err(failure) if failure.kind == sandglass_sdk::FailureKind::Interrupted => return Err(failure),
                Err(failure) => log::debug("left alone", &[("backup", &backup), ("reason", &failure.message)]),
            }
        }
    }
}

/// First its manifest says that it is no backup any more, so that one that is deleted by half is never taken for whole.
fn delete(folder: &Folder, mut manifest: Manifest) -> Result<(), Failure> {
    let backup = manifest.name.clone();
    if manifest.state == State::Complete {
        manifest.state = State::BeingDeleted;
        manifest.write(folder, &backup)?;
    }
    for file in manifest.files() {
        remove(folder, &format!("{backup}/{}", file.name))?;
    }
    remove(folder, &format!("{backup}/{FILE}"))
}

fn remove(folder: &Folder, name: &str) -> Result<(), Failure> {
    match folder.delete(name) {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
