//! Who may keep the files that an attempt has created.
//!
//! A template asks for it with `{"on_failure": "remove"}` in the `extra` of its need to write files: what an attempt
//! creates there is then removed by the host unless the attempt ends in success. Files that it wrote over are not
//! touched. The record of the execution decides, so a crash at any moment changes nothing: what it left undecided is
//! settled at the next start, before anything runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::journal::{self, Attempt, Busy, Entry, Journal, Written};
use super::{FileName, Folders};
use crate::capabilities::{ErrorKind, GateError, within};
use crate::model::audit::{EffectRecord, Usage, Verdict};
use crate::model::{Clock, Status};
use crate::repository::Executions;
use crate::repository::audit::Audit;

/// How often ended attempts are looked up.
const EVERY: Duration = Duration::from_secs(10);
/// The start waits so long for stores that are reached over a network.
const AT_START: Duration = Duration::from_secs(5);
/// Time for the removal of one file.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a need asks for the files of an attempt without success to be removed.
pub(in crate::capabilities) fn asks_for_removal(extra: Option<&Value>) -> bool {
    extra.and_then(|extra| extra.get("on_failure")).and_then(Value::as_str) == Some("remove")
}

/// All journals of this host. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::capabilities) struct Register {
    folder: Arc<PathBuf>,
    /// Journals whose attempt runs, or whose files are being removed.
    busy: Busy,
}

/// What stored records say of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Success,
    /// It ended otherwise, or its process is dead.
    NoSuccess,
    /// It may still get its end.
    Open,
    /// Nobody knows it any more.
    Unknown,
}

impl Register {
    /// Uses a folder for the journals, which is made if need be. Blocks.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: Arc::new(folder.to_owned()), busy: Arc::default() })
    }

    /// The journal of an attempt that begins to create files.
    pub(in crate::capabilities) fn begin(&self, attempt: Attempt) -> Arc<Journal> {
        Arc::new(Journal::new(&self.folder, attempt, Arc::clone(&self.busy)))
    }

    fn left(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut left = Vec::new();
        for entry in std::fs::read_dir(&*self.folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_file() && !self.busy.lock().contains(&path) {
                left.push(path);
            }
        }
        Ok(left)
    }
}

/// What is needed to remove files on record.
#[derive(Clone)]
pub struct Books {
    pub audit: Audit,
    pub clock: Arc<dyn Clock>,
}

impl Folders {
    /// The attempt of a journal is over. Without success its files go at once; with it, the journal waits until the
    /// record says so too.
    pub(in crate::capabilities) async fn ended(&self, journal: Arc<Journal>, is_success: bool, books: Books) {
        let path = journal.path().to_owned();
        let has_lines = journal.close();
        // Nothing is under way any more: a call that was given up holds the journal until it has undone its work.
        let is_quiet = Arc::strong_count(&journal) == 1;
        if has_lines && !is_success && is_quiet {
            self.remove_listed(&path, &books).await;
        }
    }

    /// Settles what a former process of this host left: whatever it ran is over. Call it before anything runs.
    ///
    /// # Errors
    /// Those of the database; nothing may run then.
    pub async fn settle_former(&self, executions: &Executions, books: &Books) -> sandglass_database::Result<()> {
        // A store that cannot be reached keeps nobody from starting; its turn comes again.
        let _until_later = tokio::time::timeout(AT_START, self.clear_remote()).await;
        self.settle(executions, books, true).await
    }

    /// Looks after ended attempts until it is told to stop.
    pub async fn look_after(self, executions: Executions, books: Books, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            // One bucket that does not answer holds nothing else up; its turn comes again.
            let _until_later = tokio::time::timeout(AT_START, self.clear_remote()).await;
            if let Err(error) = self.settle(&executions, &books, false).await {
                tracing::warn!(%error, "whether ended attempts may keep their files is not known yet");
            }
        }
    }

    async fn settle(&self, executions: &Executions, books: &Books, is_start: bool) -> sandglass_database::Result<()> {
        let register = self.register.clone();
        let left = self.patiently(move || {
            register.left().map_err(|error| GateError::new(ErrorKind::Unavailable, "journals", error.to_string()))
        });
        let left = left.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the journals of created files cannot be read");
            Vec::new()
        });
        for path in left {
            let Some(written) = self.written(&path).await else { continue };
            let Attempt { execution, attempt, .. } = written.attempt;
            let record = match executions.get(execution).await {
                Err(error @ sandglass_database::Error::Corrupted { .. }) => {
                    tracing::error!(%execution, %error, "a record cannot be read; the files of its attempt stay");
                    continue;
                }
                record => record?,
            };
            let fate = match record {
                None => Fate::Unknown,
                Some(found) => match found.attempts.iter().find(|known| known.number == attempt) {
                    Some(known) if known.ended_at.is_some() && known.status == Status::Success => Fate::Success,
                    Some(known) if known.ended_at.is_some() => Fate::NoSuccess,
                    _ if is_start || found.completed_at.is_some() => Fate::NoSuccess,
                    _ => Fate::Open,
                },
            };
            match fate {
                Fate::Open => {}
                Fate::NoSuccess => self.remove_listed(&path, books).await,
                Fate::Success => self.forget(path).await,
                Fate::Unknown => {
                    let files = written.entries.len();
                    tracing::warn!(%execution, attempt, files, "the record of an attempt is gone; its files stay");
                    self.forget(path).await;
                }
            }
        }
        Ok(())
    }

    async fn written(&self, path: &Path) -> Option<Written> {
        let from = path.to_owned();
        let read = self.patiently(move || {
            journal::read(&from).map_err(|error| GateError::new(ErrorKind::Unavailable, "journal", error.to_string()))
        });
        match read.await {
            Ok(Some(written)) => Some(written),
            Ok(None) => {
                self.forget(path.to_owned()).await;
                None
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a journal of created files cannot be read");
                None
            }
        }
    }

    /// Removes the files of a journal, each on record, and then the journal. What cannot be removed now is tried again.
    async fn remove_listed(&self, path: &Path, books: &Books) {
        let Some(Written { attempt, entries }) = self.written(path).await else { return };
        let (mut removed, mut failed) = (0, 0);
        for entry in entries {
            match self.remove_one(&attempt, entry, books).await {
                Ok(was_there) => removed += usize::from(was_there),
                Err(error) => {
                    failed += 1;
                    tracing::warn!(execution = %attempt.execution, %error, "a file of an attempt without success stays for now");
                }
            }
        }
        let Attempt { execution, attempt, .. } = attempt;
        tracing::info!(%execution, attempt, removed, failed, "removed the files of an attempt without success");
        if failed == 0 {
            self.forget(path.to_owned()).await;
        }
    }

    async fn remove_one(&self, attempt: &Attempt, entry: Entry, books: &Books) -> Result<bool, GateError> {
        let Some(store) = self.get(&entry.folder) else { return Ok(false) };
        let name = FileName::parse(&entry.name)?;
        if !within(PATIENCE, store.is_marked(&name, &entry.mark)).await? {
            return Ok(false);
        }
        let record = EffectRecord {
            execution: attempt.execution,
            job: attempt.job,
            attempt: attempt.attempt,
            digest: attempt.digest.clone(),
            at: books.clock.now(),
            capability: "files".to_owned(),
            operation: "remove".to_owned(),
            target: entry.shown,
            verdict: Verdict::Started,
            usage: Usage::default(),
            calls: 1,
        };
        let unrecorded = |error: crate::repository::audit::AuditError| {
            GateError::new(ErrorKind::Unavailable, "audit-unavailable", error.to_string())
        };
        let id = books.audit.begin(record).await.map_err(unrecorded)?;
        let removed = within(PATIENCE, store.remove_marked(&name, &entry.mark)).await;
        let verdict = match &removed {
            Ok(_) => Verdict::Allowed,
            Err(error) => Verdict::Failed { error: error.reason.to_owned() },
        };
        let items = removed.as_ref().map_or(0, |removed| u64::from(*removed));
        books.audit.complete(id, verdict, Usage { items, ..Usage::default() });
        removed
    }

    /// Work on our own journals.
    async fn patiently<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, GateError> + Send + 'static,
    ) -> Result<T, GateError> {
        within(PATIENCE, self.workers.run(move |_| work())).await
    }

    async fn forget(&self, path: PathBuf) {
        let forgotten = self.patiently(move || {
            std::fs::remove_file(path)
                .map_err(|error| GateError::new(ErrorKind::Unavailable, "journal", error.to_string()))
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "a journal of created files stays and is looked at again");
        }
    }
}
