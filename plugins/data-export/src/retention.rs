//! Which of its older files a job deletes.
//!
//! A name proves nothing: another job may use the same pattern, and a person may put a file beside. So a job that keeps
//! only its last files writes down what it has written, in a small file of its own in the same folder, and deletes only
//! what stands there, was named by the present pattern, and still has the size and digest it had. If that list is lost,
//! older files stay.

use std::collections::BTreeMap;

use sandglass_sdk::files::{Folder, Info, WriterOptions};
use sandglass_sdk::{Error, ErrorKind, FileName, OWN_FOLDER, execution, log};
use serde::{Deserialize, Serialize};

use crate::output::digest_of;

/// Largest list that is read.
const MOST_LIST_BYTES: u32 = 1024 * 1024;
/// More files than this are forgotten, the oldest first, and stay.
const MOST_ENTRIES: usize = 2_000;
/// Files that are listed at a time.
const PAGE: u32 = 1_000;

/// A file that this job has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    name: String,
    /// The pattern that the name was made from.
    pattern: String,
    size_bytes: u64,
    sha256: String,
}

/// What this job has written, the oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    job: String,
    files: Vec<Entry>,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that were deleted.
    pub deleted: Vec<String>,
    /// What someone should look at.
    pub warnings: Vec<String>,
}

/// The file that was just finished.
#[derive(Debug)]
pub struct Finished<'a> {
    pub name: &'a str,
    pub size_bytes: u64,
    pub sha256: &'a str,
}

/// Notes the new file and deletes older ones beyond `keep`. The export is complete by now, so nothing here fails it.
pub fn keep_last(folder: &Folder, pattern: &FileName, finished: &Finished<'_>, keep: usize) -> Report {
    let mut report = Report::default();
    if let Err(error) = tidy(folder, pattern, finished, keep, &mut report) {
        report.warnings.push(format!("older files could not be cleaned up: {}", error.message));
    }
    report
}

fn tidy(
    folder: &Folder,
    pattern: &FileName,
    finished: &Finished<'_>,
    keep: usize,
    report: &mut Report,
) -> Result<(), Error> {
    let job = execution::job().id;
    let list_name = format!("{OWN_FOLDER}/data_export/{job}.json");
    let mut list = read(folder, &list_name, &job, report)?;
    list.files.retain(|entry| entry.name != finished.name);
    list.files.push(Entry {
        name: finished.name.to_owned(),
        pattern: pattern.pattern().to_owned(),
        size_bytes: finished.size_bytes,
        sha256: finished.sha256.to_owned(),
    });
    let surplus = list.files.len().saturating_sub(MOST_ENTRIES);
    list.files.drain(..surplus);
    // Before anything goes, so that a run that is cut short here forgets nothing.
    write(folder, &list_name, &list)?;

    let present = present(folder, &list)?;
    let is_unchanged = |entry: &Entry| present.get(&entry.name).is_some_and(|info| is_same(entry, info));
    let noted = list.files.len();
    list.files.retain(|entry| entry.name == finished.name || is_unchanged(entry));
    let own = list.files.iter().filter(|entry| entry.pattern == pattern.pattern()).cloned().collect::<Vec<_>>();
    for entry in own.iter().take(own.len().saturating_sub(keep)).filter(|entry| entry.name != finished.name) {
        if execution::should_stop() {
            break;
        }
        // Where the store does not know a digest, the size alone proves nothing.
        let is_known = present.get(&entry.name).is_some_and(|info| info.sha256.is_some());
        if !is_known && digest_of(folder, &entry.name)? != entry.sha256 {
            list.files.retain(|other| other.name != entry.name);
            continue;
        }
        match folder.delete(&entry.name) {
            Ok(()) => {
                log::info(format!("deleted the older file {}", entry.name), &[]);
                report.deleted.push(entry.name.clone());
            }
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => {
                report.warnings.push(format!("the older file {} could not be deleted: {}", entry.name, error.message));
                continue;
            }
        }
        list.files.retain(|other| other.name != entry.name);
    }
    if list.files.len() < noted { write(folder, &list_name, &list) } else { Ok(()) }
}

/// Whether the file is still what this job wrote. A person who put another in its place keeps it.
fn is_same(entry: &Entry, info: &Info) -> bool {
    info.size == entry.size_bytes && info.sha256.as_ref().is_none_or(|digest| *digest == entry.sha256)
}

/// What is known of the listed files, as far as they are there.
fn present(folder: &Folder, list: &List) -> Result<BTreeMap<String, Info>, Error> {
    let mut names = list.files.iter().map(|entry| entry.name.as_str());
    let first = names.next().unwrap_or_default();
    let prefix = names.fold(first, |prefix, name| {
        let same = prefix.char_indices().zip(name.chars()).take_while(|((_, one), other)| one == other);
        let end = same.map(|((start, letter), _)| start + letter.len_utf8()).last().unwrap_or_default();
        prefix.get(..end).unwrap_or_default()
    });
    let mut present = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = folder.entries(prefix, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(present) };
        after = Some(last.name.clone());
        present.extend(page.into_iter().map(|info| (info.name.clone(), info)));
    }
}

fn read(folder: &Folder, name: &str, job: &str, report: &mut Report) -> Result<List, Error> {
    let empty = || List { job: job.to_owned(), files: Vec::new() };
    let size = match folder.info(name) {
        Ok(info) => info.size,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(empty()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size.min(MOST_LIST_BYTES.into()) {
        let piece = folder.read(name, bytes.len() as u64, MOST_LIST_BYTES)?;
        if piece.is_empty() {
            break;
        }
        bytes.extend(piece);
    }
    match serde_json::from_slice::<List>(&bytes) {
        Ok(list) if list.job == job => Ok(list),
        _ => {
            report
                .warnings
                .push(format!("the list of older files {name} cannot be read: they stay, a new list begins"));
            Ok(empty())
        }
    }
}

fn write(folder: &Folder, name: &str, list: &List) -> Result<(), Error> {
    let options = WriterOptions { overwrite: true, content_type: Some("application/json".to_owned()) };
    let writer = folder.create(name, &options)?;
    let text = serde_json::json!(list).to_string();
    for piece in text.as_bytes().chunks(64 * 1024) {
        writer.write(piece)?;
    }
    writer.finish().map(|_| ())
}
