//! A folder as a template holds it: a label and what it stands for. Each use passes the gate anew.

use std::sync::Arc;

use tokio::time::Instant;

use super::fault::exists;
use super::list::Page;
use super::store::Store;
use super::target::Label;
use super::{FileInfo, FileName};
use crate::capabilities::documents::refused;
use crate::capabilities::guard::{Gate, Target as _};
use crate::capabilities::operation::{FILES_DELETE, FILES_ENTRIES, FILES_INFO, FILES_OPEN, FILES_READ, Operation};
use crate::capabilities::{ErrorKind, GateError, within};
use crate::model::audit::Usage;

/// Most that one read hands over.
const MOST_AT_ONCE: usize = 1_048_576;
/// Files in one page of a list.
const MOST_ENTRIES: usize = 1_000;

/// A folder that was opened.
#[derive(Debug, Clone)]
pub struct Folder {
    pub(super) label: Label,
    pub(super) store: Arc<dyn Store>,
}

/// Opens a folder by its label.
///
/// # Errors
/// `denied` when no right of any kind covers it, `not-found` when it is not configured.
pub async fn open(gate: &mut Gate, label: &str) -> Result<Folder, GateError> {
    let label = Label::new(label);
    let permit = match gate.pass(&FILES_OPEN, &label).await {
        Ok(permit) => permit,
        // No grant would help here: the label is nobody's.
        Err(error) if error.reason == "not-granted" && !gate.folder_labels().iter().any(|one| one == label.name()) => {
            return Err(unknown(gate, &label));
        }
        Err(error) => return Err(error),
    };
    let Some(store) = gate.folders(&permit).get(label.name()) else { return Err(unknown(gate, &label)) };
    Ok(Folder { label, store })
}

/// The refusal of a label that is not configured. Names the folders that the grant in force covers, and no others.
fn unknown(gate: &mut Gate, label: &Label) -> GateError {
    let there = gate.folder_labels().into_iter().filter(|label| gate.is_granted(&FILES_OPEN, &Label::new(label)));
    let there: Vec<String> = there.collect();
    let label = label.name();
    let mut message = format!("there is no folder {label:?}");
    if !there.is_empty() {
        let verb = if there.len() == 1 { "is" } else { "are" };
        message.push_str(&format!("; there {verb} {}", there.join(", ")));
    }
    message.push_str(&format!(". An operator can add [folders.{label}]"));
    GateError::new(ErrorKind::NotFound, "unknown-folder", message)
}

impl Folder {
    /// What is known of one file.
    ///
    /// # Errors
    /// Those of the gate; `invalid` for a name that is none, `not-found`, `unavailable`.
    pub async fn info(&self, gate: &mut Gate, name: &str) -> Result<FileInfo, GateError> {
        gate.pass(&FILES_INFO, &self.label).await?;
        let since = Instant::now();
        let name = self.name(gate, &FILES_INFO, name).await?;
        let found = within(gate.remaining(), self.store.info(&name)).await;
        gate.note(&FILES_INFO, self.label.name(), Usage { items: 1, ..Usage::default() }, since);
        self.told(gate, &FILES_INFO, found).await
    }

    /// Files whose names begin with `prefix`, sorted by name, after the name `after`, at most `max` of them and at most
    /// 1,000. Empty at the end.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub async fn entries(
        &self,
        gate: &mut Gate,
        prefix: &str,
        after: Option<&str>,
        max: u32,
    ) -> Result<Vec<FileInfo>, GateError> {
        gate.pass(&FILES_ENTRIES, &self.label).await?;
        let since = Instant::now();
        let texts =
            FileName::beginning(prefix).and_then(|prefix| Ok((prefix, after.map(FileName::beginning).transpose()?)));
        let (prefix, after) = match texts {
            Ok(texts) => texts,
            Err(error) => return Err(refused(gate, &FILES_ENTRIES, self.label.name(), error).await),
        };
        let max = usize::try_from(max).unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES);
        let page = Page { prefix, after, max };
        let list = within(gate.remaining(), self.store.entries(page)).await?;
        let usage = Usage { items: list.len() as u64, ..Usage::default() };
        gate.note(&FILES_ENTRIES, self.label.name(), usage, since);
        Ok(list)
    }

    /// Bytes of a file from `offset` on, at most `max` and at most 1 MiB. Empty at the end.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub async fn read(&self, gate: &mut Gate, name: &str, offset: u64, max: u32) -> Result<Vec<u8>, GateError> {
        gate.pass(&FILES_READ, &self.label).await?;
        let since = Instant::now();
        let name = self.name(gate, &FILES_READ, name).await?;
        let max = usize::try_from(max).unwrap_or(MOST_AT_ONCE).min(MOST_AT_ONCE);
        let read = within(gate.remaining(), self.store.read(&name, offset, max)).await;
        let usage = Usage { bytes_out: read.as_ref().map_or(0, Vec::len) as u64, ..Usage::default() };
        gate.note(&FILES_READ, self.label.name(), usage, since);
        self.told(gate, &FILES_READ, read).await
    }

    /// A plain name, or its refusal on record.
    pub(super) async fn name(
        &self,
        gate: &mut Gate,
        operation: &'static Operation,
        name: &str,
    ) -> Result<FileName, GateError> {
        match FileName::parse(name) {
            Ok(name) => Ok(name),
            Err(error) => Err(refused(gate, operation, self.label.name(), error).await),
        }
    }

    /// Puts a denial on record that only the folder itself could tell.
    pub(super) async fn told<T>(
        &self,
        gate: &mut Gate,
        operation: &'static Operation,
        outcome: Result<T, GateError>,
    ) -> Result<T, GateError> {
        if let Err(error) = &outcome
            && error.kind == ErrorKind::Denied
        {
            gate.refuse(operation, self.label.name(), error).await;
        }
        outcome
    }

    /// As it stands in the audit record of a write.
    pub(super) fn target(&self, name: &FileName) -> String {
        format!("{}/{}", self.label.name(), name.as_str())
    }

    /// A refusal to write over a file.
    pub(super) async fn refuse_existing(store: &dyn Store, name: &FileName) -> Result<(), GateError> {
        match store.info(name).await {
            Ok(_) => Err(exists(store.label(), name.as_str())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Deletes a file.
///
/// # Errors
/// Those of the gate; `invalid` for a name that is none, `not-found`, `unavailable`.
pub async fn delete(gate: &mut Gate, folder: &Folder, name: &str) -> Result<(), GateError> {
    let permit = gate.pass(&FILES_DELETE, &folder.label).await?;
    let name = folder.name(gate, &FILES_DELETE, name).await?;
    let ticket = gate.begin(&permit, &FILES_DELETE, &folder.target(&name)).await?;
    let deleted = within(gate.remaining(), folder.store.delete(&name)).await;
    let usage = Usage { items: u64::from(deleted.is_ok()), ..Usage::default() };
    gate.complete(&ticket, usage, deleted.as_ref().err());
    folder.told(gate, &FILES_DELETE, deleted).await
}
