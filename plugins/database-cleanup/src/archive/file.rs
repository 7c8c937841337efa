//! An archive in a file: one document a line, in Extended JSON.

use std::collections::VecDeque;

use sandglass_sdk::files::{Folder, Info, WriterOptions};
use sandglass_sdk::{Error, ErrorKind, Failure, log};
use serde_json::Value;

use super::Copies;
use super::target::FileTarget;
use crate::batches::Candidate;
use crate::condition::Condition;

/// Bytes that cross the sandbox at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// The folder, and the name for this attempt.
#[derive(Debug)]
pub struct FileStore {
    label: String,
    folder: Folder,
    file_name: String,
}

impl FileStore {
    pub fn open(target: &FileTarget, collection: &str) -> Result<Self, Error> {
        let file_name = target
            .file_name()
            .map_err(|faults| invalid("file-name", format!("the file name {}", faults.join(", and "))))?
            .of_this_run_with(&[collection]);
        Ok(Self { label: target.folder.clone(), folder: Folder::open(&target.folder)?, file_name })
    }

    pub fn folder_label(&self) -> &str {
        &self.label
    }

    /// Writes and finishes the file. Returns what is known of it, and how many documents it holds.
    pub(super) fn fill(&self, mut source: Copies) -> Result<(Info, u64), Failure> {
        let during = |error: Error| Failure::from(error).during("writing the archive; nothing is deleted yet");
        // Never over an older file: it may be the only copy of what an earlier attempt deleted.
        let options = WriterOptions { overwrite: false, content_type: Some("application/x-ndjson".to_owned()) };
        let writer = self.folder.create(&self.file_name, &options).map_err(during)?;
        let mut piece = Vec::new();
        loop {
            let batch = source.next_batch()?;
            for document in &batch {
                piece.extend_from_slice(document.to_string().as_bytes());
                piece.push(b'\n');
            }
            if piece.len() >= PIECE_BYTES || batch.is_empty() {
                for part in piece.chunks(PIECE_BYTES) {
                    writer.write(part).map_err(during)?;
                }
                piece.clear();
            }
            if batch.is_empty() {
                break;
            }
        }
        let info = writer.finish().map_err(during)?;
        log::info(format!("archived to {}/{}", self.label, info.name), &[("documents", &source.count)]);
        Ok((info, source.count))
    }

    /// Reads the file back.
    pub fn reader<'a>(&'a self, info: &Info, condition: &'a Condition) -> FileReader<'a> {
        FileReader {
            folder: &self.folder,
            name: info.name.clone(),
            condition,
            offset: 0,
            partial: Vec::new(),
            ready: VecDeque::new(),
            is_over: false,
        }
    }
}

/// The documents that a finished archive holds. Reading them back, rather than remembering them, keeps memory small
/// and proves that the archive can be read.
#[derive(Debug)]
pub struct FileReader<'a> {
    folder: &'a Folder,
    name: String,
    condition: &'a Condition,
    offset: u64,
    /// The beginning of a line whose end has not been read yet.
    partial: Vec<u8>,
    ready: VecDeque<Candidate>,
    is_over: bool,
}

impl FileReader<'_> {
    /// The next documents, at most `wanted`; empty at the end.
    pub fn next_batch(&mut self, wanted: u64) -> Result<Vec<Candidate>, Error> {
        while (self.ready.len() as u64) < wanted && !self.is_over {
            let piece = self.folder.read(&self.name, self.offset, PIECE_BYTES as u32)?;
            self.offset += piece.len() as u64;
            self.is_over = piece.is_empty();
            self.partial.extend(piece);
            self.take_lines()?;
        }
        if self.is_over && !self.partial.is_empty() {
            return Err(invalid("archive-cut", format!("the archive {} ends in the middle of a line", self.name)));
        }
        let count = self.ready.len().min(usize::try_from(wanted).unwrap_or(usize::MAX));
        Ok(self.ready.drain(..count).collect())
    }

    fn take_lines(&mut self) -> Result<(), Error> {
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
        let rest = self.partial.split_off(end + 1);
        for line in self.partial.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let document = serde_json::from_slice::<Value>(line).map_err(|error| {
                invalid("archive-unreadable", format!("the archive {} cannot be read back: {error}", self.name))
            })?;
            self.ready.push_back(Candidate::of(&document, self.condition));
        }
        self.partial = rest;
        Ok(())
    }
}

fn invalid(reason: &str, message: String) -> Error {
    Error { kind: ErrorKind::Invalid, reason: reason.to_owned(), message, retry_after_ms: None, details: None }
}
