//! Writing a file as a template does it.

use std::sync::Arc;

use tokio::time::Instant;

use super::draft::Draft;
use super::journal::Entry;
use super::work::drop_aside;
use super::{FileInfo, FileName, Folder};
use crate::capabilities::GateError;
use crate::capabilities::guard::{Gate, Target as _};
use crate::capabilities::operation::{FILES_CREATE, FILES_FINISH, FILES_WRITE};
use crate::model::audit::Usage;

/// How to store a file. Folders of this machine keep no media type.
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
    draft: Option<Draft>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(draft) = self.draft.take() {
            drop_aside(draft);
        }
    }
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
    let (local, wanted, overwrite) = (Arc::clone(&folder.local), name.clone(), options.overwrite);
    let begun = folders.workers.run(gate.remaining(), move |stop| {
        if !overwrite {
            Folder::refuse_existing(&local, &wanted)?;
        }
        if local.space.wants_measuring() {
            let bytes = local.measure(stop)?;
            local.space.measured(bytes);
        }
        Draft::begin(local)
    });
    let begun = begun.await;
    gate.complete(&ticket, Usage { items: u64::from(begun.is_ok()), ..Usage::default() }, begun.as_ref().err());
    let draft = folder.told(gate, &FILES_CREATE, begun).await?;
    gate.files_created += 1;
    Ok(Writer { folder: folder.clone(), name, overwrite, draft: Some(draft) })
}

impl Writer {
    /// Adds bytes at the end. After an error the file is lost.
    ///
    /// # Errors
    /// Those of the gate; `limit` when the file, the quota or the disk is full, `unavailable`.
    pub async fn write(&mut self, gate: &mut Gate, bytes: Vec<u8>) -> Result<(), GateError> {
        let permit = gate.pass(&FILES_WRITE, &self.folder.label).await?;
        let since = Instant::now();
        let mut draft = self.draft.take().ok_or_else(lost)?;
        let folders = gate.folders(&permit);
        let most = gate.limits().file_bytes.map_or(folders.file_bytes, |granted| granted.min(folders.file_bytes));
        let count = bytes.len() as u64;
        if draft.size().saturating_add(count) > most {
            drop_aside(draft);
            let what = format!("{} is larger than {most} bytes (files.file_bytes)", self.name.as_str());
            let error = GateError::limit("file-bytes", what);
            gate.refuse(&FILES_WRITE, self.folder.label.name(), &error).await;
            return Err(error);
        }
        let written = folders.workers.run(gate.remaining(), move |_| draft.write(&bytes).map(|()| draft)).await;
        let usage = Usage { bytes_in: count, ..Usage::default() };
        gate.note(&FILES_WRITE, self.folder.label.name(), usage, since);
        self.draft = Some(written?);
        Ok(())
    }

    /// Stores the file durably under its name.
    ///
    /// # Errors
    /// Those of the gate; `conflict` when a file of that name appeared meanwhile, `limit`, `unavailable`.
    pub async fn finish(mut self, gate: &mut Gate) -> Result<FileInfo, GateError> {
        let permit = gate.pass(&FILES_FINISH, &self.folder.label).await?;
        let draft = self.draft.take().ok_or_else(lost)?;
        let size = draft.size();
        let ticket = gate.begin(&permit, &FILES_FINISH, &self.folder.target(&self.name)).await?;
        let (name, overwrite) = (self.name.clone(), self.overwrite);
        let journal = gate.journal(&self.folder.label);
        let shown = gate.mask().text(&self.folder.target(&self.name)).into_owned();
        let local = Arc::clone(&self.folder.local);
        let folders = gate.folders(&permit);
        let placed = folders.workers.run(gate.remaining(), move |_| {
            // One that it writes over is not created by this attempt, and stays.
            let journal = journal.filter(|_| !overwrite || Folder::refuse_existing(&local, &name).is_ok());
            draft.place(&name, overwrite, |mark| match &journal {
                None => Ok(()),
                Some(journal) => {
                    let (folder, name) = (local.label.clone(), name.as_str().to_owned());
                    journal.note(&Entry { folder, name, shown, mark: *mark })
                }
            })
        });
        let placed = placed.await;
        let usage = Usage { bytes_in: size, items: u64::from(placed.is_ok()), ..Usage::default() };
        gate.complete(&ticket, usage, placed.as_ref().err());
        let mut placed = self.folder.told(gate, &FILES_FINISH, placed).await?;
        let info = placed.keep();
        drop_aside(placed);
        info.ok_or_else(lost)
    }
}

fn lost() -> GateError {
    GateError::invalid("writer-lost", "writing this file failed before: it is gone, begin it again")
}
