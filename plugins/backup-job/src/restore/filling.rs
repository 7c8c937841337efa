//! Indexes and documents of one collection, out of its files.

use sandglass_sdk::documents::{Collection, manage};
use sandglass_sdk::files::Folder;
use sandglass_sdk::{Error, ErrorKind, Failure, execution, log};

use super::{Filled, Task};
use crate::backup::during;
use crate::documents::length;
use crate::{metadata, stored};

/// Documents that are inserted together; the host allows a thousand and a megabyte, unless it is configured otherwise.
const BATCH_DOCUMENTS: usize = 1_000;
const BATCH_BYTES: usize = 1_000_000;
/// What the host takes in one call.
const LARGEST: usize = (4 << 20) - (64 << 10);
/// A metadata file of sixty-four indexes has less.
const LARGEST_METADATA: usize = 4 << 20;

/// Makes the indexes that the metadata tells of.
pub fn indexes(folder: &Folder, task: &Task, stage: &str, filled: &mut Filled) -> Result<(), Failure> {
    let file = &task.entry.metadata.name;
    let text = stored::whole(folder, file, LARGEST_METADATA)?;
    let found = metadata::indexes(&text).map_err(|problem| Failure::permanent(format!("{file} {problem}")))?;
    for index in found {
        match index {
            Ok(index) => {
                manage::create_index(stage, &index.definition)
                    .map_err(during(&format!("making an index of {}", task.target)))?;
                filled.indexes += 1;
                index.lost.into_iter().for_each(|warning| warn(filled, format!("{}: {warning}", task.target)));
            }
            Err(warning) => warn(filled, format!("{}: {warning}: it is left out", task.target)),
        }
    }
    Ok(())
}

fn warn(filled: &mut Filled, warning: String) {
    log::warn(&warning, &[]);
    filled.warnings.push(warning);
}

/// Inserts the documents and compares their number.
pub fn documents(folder: &Folder, task: &Task, stage: &str, total: u64, filled: &mut Filled) -> Result<(), Failure> {
    let target = Collection::open(stage).map_err(during("opening the collection"))?;
    let before = filled.documents;
    let mut batch = Batch::default();
    stored::read(folder, &task.entry.data.name, |piece| {
        batch.pending.extend_from_slice(piece);
        while batch.take(&task.entry.data.name)? {
            insert(&target, task, &batch.bytes, &batch.starts)?;
            filled.documents += batch.starts.len() as u64;
            batch.clear();
            execution::progress(filled.documents, Some(total), &task.target);
            if execution::should_stop() {
                return Err(Failure::interrupted("stopped while restoring, as the host asked"));
            }
        }
        Ok(())
    })?;
    insert(&target, task, &batch.bytes, &batch.starts)?;
    filled.documents += batch.starts.len() as u64;
    let (found, expected) = (filled.documents - before, task.entry.documents);
    if found != expected || !batch.pending.is_empty() {
        let name = &task.entry.data.name;
        return Err(Failure::permanent(format!("{name} gave {found} documents instead of {expected}")));
    }
    execution::progress(filled.documents, Some(total), &task.target);
    Ok(())
}

/// Documents that wait to be inserted.
#[derive(Debug, Default)]
struct Batch {
    /// Read, and not cut into documents yet.
    pending: Vec<u8>,
    /// Whole documents, and where each begins.
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Batch {
    /// Moves whole documents over; true when the batch should be inserted before there is room for more.
    fn take(&mut self, file: &str) -> Result<bool, Failure> {
        let mut at = 0;
        let mut is_full = false;
        while let Some(rest) = self.pending.get(at..)
            && let Some(head) = rest.first_chunk::<4>()
        {
            let length =
                length(*head).map_err(|problem| Failure::permanent(format!("{file} is damaged: {problem}")))?;
            if length > LARGEST {
                return Err(Failure::permanent(format!(
                    "{file} holds a document of {length} bytes, and a template can insert at most {LARGEST}: sandglass \
                     restore has no such limit"
                )));
            }
            let Some(document) = rest.get(..length) else { break };
            let exceeds = self.bytes.len() + length > BATCH_BYTES || self.starts.len() == BATCH_DOCUMENTS;
            if exceeds && !self.starts.is_empty() {
                is_full = true;
                break;
            }
            self.starts.push(self.bytes.len());
            self.bytes.extend_from_slice(document);
            at += length;
        }
        self.pending.drain(..at);
        Ok(is_full)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
    }
}

/// Inserts documents that begin at `starts`; in halves where the host wants smaller batches.
fn insert(target: &Collection, task: &Task, bytes: &[u8], starts: &[usize]) -> Result<(), Failure> {
    if starts.is_empty() {
        return Ok(());
    }
    let refused = |error: Error| Failure::from(error).during(&format!("inserting into {}", task.target));
    let report = match target.insert_raw(bytes) {
        Ok(report) => report,
        Err(error) if error.kind == ErrorKind::Limit && starts.len() > 1 => {
            let (first, second) = starts.split_at(starts.len() / 2);
            let (middle, base) =
                (second.first().copied().unwrap_or_default(), starts.first().copied().unwrap_or_default());
            let (left, right) = bytes.split_at(middle - base);
            insert(target, task, left, first)?;
            return insert(target, task, right, second);
        }
        Err(error) => return Err(refused(error)),
    };
    match report.failed.into_iter().next() {
        None => Ok(()),
        Some((_, error)) => Err(refused(error)),
    }
}
