//! Writing a file as a template does it.

use std::sync::Arc;

use tokio::time::Instant;

use super::journal::Announcement;
use super::store::Unfinished;
use super::{FileInfo, FileName, Folder};
use crate::capabilities::guard::{Gate, Target as _};
use crate::capabilities::operation::{FILES_CREATE, FILES_FINISH, FILES_WRITE};
use crate::capabilities::{ErrorKind, GateError, within};
use crate::model::audit::Usage;

/// How to store a file. The media type is kept where the store of the folder keeps one.
#[derive(Debug, Clone, Default)]
pub struct WriterOptions {
    pub overwrite: bool,
    pub content_type: Option<String>,
}

/// A file being written. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct Writer {
    folder: Folder,
    name: FileName,
    overwrite: bool,
    /// None once something went wrong: what is half written is gone.
    draft: Option<Box<dyn Unfinished>>,
}

/// Begins a file.
///
/// # Errors
/// Those of the gate; `invalid` for a name that is none, `conflict` when there is such a file and it may not be
/// overwritten, `limit` beyond the number of files, `unavailable`.
pub async fn create(
    gate: &mut Gate,
    folder: &Folder,
    name: &str,
    options: &WriterOptions,
) -> Result<Writer, GateError> {
    let permit = gate.pass(&FILES_CREATE, &folder.label).await?;
    let name = folder.name(gate, &FILES_CREATE, name).await?;
    let folders = gate.folders(&permit);
    let most = gate.limits().files.map_or(folders.files_per_run, |granted| granted.min(folders.files_per_run));
    if gate.files_created >= most {
        let error = GateError::limit("file-count", format!("at most {most} files a run (files.files_per_run)"));
        gate.refuse(&FILES_CREATE, folder.label.name(), &error).await;
        return Err(error);
    }
    let ticket = gate.begin(&permit, &FILES_CREATE, &folder.target(&name)).await?;
    let store = &folder.store;
    let begun = within(gate.remaining(), async {
        if !options.overwrite {
            Folder::refuse_existing(&**store, &name).await?;
        }
        if store.space().wants_measuring() {
            let bytes = store.measure().await?;
            store.space().measured(bytes);
        }
        Arc::clone(store).begin(&name, options).await
    });
    let begun = begun.await;
    gate.complete(&ticket, Usage { items: u64::from(begun.is_ok()), ..Usage::default() }, begun.as_ref().err());
    let draft = folder.told(gate, &FILES_CREATE, begun).await?;
    gate.files_created += 1;
    Ok(Writer { folder: folder.clone(), name, overwrite: options.overwrite, draft: Some(draft) })
}

impl Writer {
    /// Adds bytes at the end. After an error the file is lost.
    ///
    /// # Errors
    /// Those of the gate; `limit` when the file, the quota or the disk is full, `unavailable`.
    pub async fn write(&mut self, gate: &mut Gate, bytes: Vec<u8>) -> Result<(), GateError> {
        let permit = gate.pass(&FILES_WRITE, &self.folder.label).await?;
        let since = Instant::now();
        let draft = self.draft.take().ok_or_else(lost)?;
        let folders = gate.folders(&permit);
        let most = gate.limits().file_bytes.map_or(folders.file_bytes, |granted| granted.min(folders.file_bytes));
        let count = bytes.len() as u64;
        if draft.size().saturating_add(count) > most {
            drop(draft);
            let what = format!("{} is larger than {most} bytes (files.file_bytes)", self.name.as_str());
            let error = GateError::limit("file-bytes", what);
            gate.refuse(&FILES_WRITE, self.folder.label.name(), &error).await;
            return Err(error);
        }
        let written = within(gate.remaining(), draft.write(bytes)).await;
        let usage = Usage { bytes_in: count, ..Usage::default() };
        gate.note(&FILES_WRITE, self.folder.label.name(), usage, since);
        self.draft = Some(written?);
        Ok(())
    }

    /// Stores the file durably under its name.
    ///
    /// # Errors
    /// Those of the gate; `conflict` when a file of that name appeared meanwhile, `limit`, `unavailable`.
    pub async fn finish(self, gate: &mut Gate) -> Result<FileInfo, GateError> {
        let permit = gate.pass(&FILES_FINISH, &self.folder.label).await?;
        let Self { folder, name, overwrite, draft } = self;
        let draft = draft.ok_or_else(lost)?;
        let size = draft.size();
        let ticket = gate.begin(&permit, &FILES_FINISH, &folder.target(&name)).await?;
        let announcement = Announcement {
            journal: gate.journal(&folder.label),
            folder: folder.store.label().to_owned(),
            name: name.as_str().to_owned(),
            shown: gate.mask().text(&folder.target(&name)).into_owned(),
        };
        let placed = within(gate.remaining(), async {
            let mut announcement = announcement;
            // One that it writes over is not created by this attempt, and stays.
            if overwrite {
                match Folder::refuse_existing(&*folder.store, &name).await {
                    Ok(()) => {}
                    Err(error) if error.kind == ErrorKind::Conflict => announcement.journal = None,
                    Err(error) => return Err(error),
                }
            }
            draft.place(&name, overwrite, announcement).await
        });
        let placed = placed.await;
        let usage = Usage { bytes_in: size, items: u64::from(placed.is_ok()), ..Usage::default() };
        gate.complete(&ticket, usage, placed.as_ref().err());
        let placed = folder.told(gate, &FILES_FINISH, placed).await?;
        placed.keep().ok_or_else(lost)
    }
}

pub(super) fn lost() -> GateError {
    GateError::invalid("writer-lost", "writing this file failed before: it is gone, begin it again")
}
