//! The durable list of files that one attempt has created and may keep only if it ends in success.
//!
//! A line is stored before the file gets its name, so that after a crash every such file is known. It holds what the file
//! can be known by again: one that somebody has put in its place since is none of ours.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::mark::Mark;
use crate::capabilities::{ErrorKind, GateError};
use crate::model::{Digest, ExecutionId, JobId};

/// Journals that somebody holds.
pub(super) type Busy = Arc<Mutex<HashSet<PathBuf>>>;

/// Whose files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::capabilities) struct Attempt {
    pub(in crate::capabilities) execution: ExecutionId,
    pub(in crate::capabilities) job: JobId,
    pub(in crate::capabilities) attempt: u32,
    pub(in crate::capabilities) digest: Digest,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Label of its folder.
    pub(super) folder: String,
    pub(super) name: String,
    /// Folder and name as records show them, without the secrets that a name may hold.
    pub(super) shown: String,
    pub(super) mark: Mark,
}

/// Where a file is noted before it gets its name, if it may not stay whatever comes.
#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) journal: Option<Arc<Journal>>,
    /// Label of its folder.
    pub(super) folder: String,
    pub(super) name: String,
    pub(super) shown: String,
}

impl Announcement {
    /// Blocks until the note is durable.
    ///
    /// # Errors
    /// Those of [`Journal::note`].
    pub(super) fn make(&self, mark: &Mark) -> Result<(), GateError> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let (folder, name, shown) = (self.folder.clone(), self.name.clone(), self.shown.clone());
        journal.note(&Entry { folder, name, shown, mark: mark.clone() })
    }
}

/// What a journal says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) attempt: Attempt,
    pub(super) entries: Vec<Entry>,
}

/// The journal of an attempt that runs. Made on disk with its first line.
#[derive(Debug)]
pub(in crate::capabilities) struct Journal {
    path: PathBuf,
    attempt: Attempt,
    state: Mutex<State>,
    busy: Busy,
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.busy.lock().remove(&self.path);
    }
}

#[derive(Debug)]
enum State {
    Empty,
    Open(File),
    /// The attempt is over: nothing more gets a name.
    Closed,
}

impl Journal {
    pub(super) fn new(folder: &Path, attempt: Attempt, busy: Busy) -> Self {
        let path = folder.join(format!("{}-{}", attempt.execution, attempt.attempt));
        busy.lock().insert(path.clone());
        Self { path, attempt, state: Mutex::new(State::Empty), busy }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes a file that is about to get its name. Blocks until that is durable.
    ///
    /// # Errors
    /// `cancelled` when the attempt is over, `unavailable` when it cannot be stored.
    pub(super) fn note(&self, entry: &Entry) -> Result<(), GateError> {
        let failed = |error: std::io::Error| {
            tracing::error!(path = %self.path.display(), %error, "a file that is about to be created cannot be noted");
            GateError::new(
                ErrorKind::Unavailable,
                "journal-unavailable",
                "the file could not be noted: try again later",
            )
        };
        let mut state = self.state.lock();
        if let State::Empty = *state {
            *state = State::Open(self.make().map_err(failed)?);
        }
        match &mut *state {
            State::Open(file) => {
                line(entry).and_then(|line| file.write_all(&line)).and_then(|()| file.sync_data()).map_err(failed)
            }
            _ => Err(GateError::new(ErrorKind::Cancelled, "interrupted", "the attempt is over")),
        }
    }

    /// Nothing more can be noted. Whether anything was.
    pub(super) fn close(&self) -> bool {
        matches!(std::mem::replace(&mut *self.state.lock(), State::Closed), State::Open(_))
    }

    fn make(&self) -> std::io::Result<File> {
        let mut file = std::fs::OpenOptions::new().append(true).create_new(true).mode(0o600).open(&self.path)?;
        file.write_all(&line(&self.attempt)?)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(file)
    }
}

/// What the journal at `path` says; None when it was never finished so far that a file could have got a name.
pub(super) fn read(path: &Path) -> std::io::Result<Option<Written>> {
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let mut lines = text.lines();
    let Some(attempt) = lines.next().and_then(|line| serde_json::from_str(line).ok()) else { return Ok(None) };
    // A last line that is cut off was never acknowledged, so its file has no name.
    let entries = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(Some(Written { attempt, entries }))
}

fn line(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value).map_err(std::io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::super::mark::Stamp;
    use super::*;

    fn attempt() -> Attempt {
        Attempt {
            execution: ExecutionId::generate(),
            job: JobId::generate(),
            attempt: 2,
            digest: Digest::of(b"component"),
        }
    }

    fn entry(name: &str) -> Entry {
        let mark = Mark::Stamp(Stamp { inode: 1, size: 2, modified_seconds: 3, modified_nanoseconds: 4 });
        Entry { folder: "backups".into(), name: name.into(), shown: format!("backups/{name}"), mark }
    }

    #[test]
    fn what_was_noted_is_read_back_and_a_cut_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path(), attempt(), Busy::default());
        assert!(!journal.path().exists());
        journal.note(&entry("a")).unwrap();
        journal.note(&entry("b/c")).unwrap();
        let whole = std::fs::read(journal.path()).unwrap();
        let written = read(journal.path()).unwrap().unwrap();
        assert_eq!(written, Written { attempt: journal.attempt.clone(), entries: vec![entry("a"), entry("b/c")] });
        for length in 0..whole.len() {
            std::fs::write(journal.path(), &whole[..length]).unwrap();
            let entries = read(journal.path()).unwrap().map_or(0, |written| written.entries.len());
            let whole_lines = whole[..length].windows(2).filter(|pair| pair == b"}}").count();
            assert_eq!(entries, whole_lines, "cut after {length} bytes");
        }
    }

    #[test]
    fn a_file_on_a_disk_and_an_object_are_told_apart_in_a_journal() {
        let object = Mark::Object { object: "65f0".into() };
        let text = serde_json::to_string(&object).unwrap();
        assert_eq!(text, r#"{"object":"65f0"}"#);
        assert_eq!(serde_json::from_str::<Mark>(&text).unwrap(), object);
        let stamp = serde_json::to_string(&entry("a").mark).unwrap();
        assert_eq!(serde_json::from_str::<Mark>(&stamp).unwrap(), entry("a").mark);
    }

    #[test]
    fn nothing_is_noted_once_the_attempt_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path(), attempt(), Busy::default());
        assert!(!journal.close());
        assert_eq!(journal.note(&entry("a")).unwrap_err().kind, ErrorKind::Cancelled);
        assert!(!journal.path().exists());

        let journal = Journal::new(folder.path(), attempt(), Busy::default());
        journal.note(&entry("a")).unwrap();
        assert!(journal.close());
    }
}
