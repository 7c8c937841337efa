//! `manifest.json`: what a backup holds. It is written last, and a folder without it is no backup.

use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::{Error, ErrorKind, Failure};
use serde::{Deserialize, Serialize};

use crate::parameters::Compression;
use crate::{name, stored};

/// Last part of its name.
pub const FILE: &str = "manifest.json";
/// What its field `format` says.
const FORMAT: &str = "sandglass-backup";
/// The version of the format that is written, and the highest that is read.
const VERSION: u32 = 1;
/// Ten thousand collections have less.
const LARGEST: usize = 16 << 20;
const PIECE: usize = 256 << 10;

/// Whether the files that a manifest names are all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Complete,
    /// Clean-up has begun to delete them.
    BeingDeleted,
}

/// A stored file; its name is the one within the folder, and in a manifest the one within the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// One collection of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionEntry {
    pub name: String,
    pub documents: u64,
    /// Of its BSON, not compressed.
    pub bytes: u64,
    /// Beside the one on `_id`.
    pub indexes: u64,
    pub data: FileEntry,
    pub metadata: FileEntry,
}

/// Whose backup it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEntry {
    pub id: String,
    pub name: String,
}

/// What wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub backup_job: String,
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub version: u32,
    pub state: State,
    pub name: String,
    pub job: JobEntry,
    pub execution: String,
    pub attempt: u32,
    pub connection: String,
    pub scheduled_at: String,
    pub started_at: String,
    pub finished_at: String,
    pub versions: Versions,
    pub compression: Compression,
    pub include_indexes: bool,
    pub verified: bool,
    pub documents: u64,
    pub bytes: u64,
    pub stored_bytes: u64,
    pub collections: Vec<CollectionEntry>,
    pub warnings: Vec<String>,
}

impl Manifest {
    /// The fields that every manifest of this version has.
    pub fn format() -> (String, u32) {
        (FORMAT.to_owned(), VERSION)
    }

    /// Reads the manifest of a backup, and checks that it leads nowhere else.
    ///
    /// # Errors
    /// Those of the folder; a permanent one for what is no manifest.
    pub fn read(folder: &Folder, backup: &str) -> Result<Self, Failure> {
        let file = format!("{backup}/{FILE}");
        let text = stored::whole(folder, &file, LARGEST)?;
        let fault = |what: String| Failure::permanent(format!("{file} {what}"));
        let manifest = serde_json::from_slice::<Self>(&text)
            .map_err(|error| fault(format!("is no manifest of a backup: {error}")))?;
        if manifest.format != FORMAT {
            return Err(fault(format!("has the format {:?} instead of {FORMAT:?}", manifest.format)));
        }
        if manifest.version > VERSION {
            let found = manifest.version;
            return Err(fault(format!("has version {found}, and this template reads {VERSION}: use a newer one")));
        }
        for entry in manifest.files() {
            name::check(&entry.name)
                .map_err(|problem| fault(format!("names the file {:?}, which {problem}", entry.name)))?;
        }
        Ok(manifest)
    }

    /// Stores it. Over an older one only to say that the backup is being deleted.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn write(&self, folder: &Folder, backup: &str) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error {
            kind: ErrorKind::Internal,
            reason: "manifest".to_owned(),
            message: format!("the manifest cannot be written as JSON: {error}"),
            retry_after_ms: None,
            details: None,
        })?;
        let overwrite = self.state == State::BeingDeleted;
        let options = WriterOptions { overwrite, content_type: Some("application/json".to_owned()) };
        let writer = folder.create(&format!("{backup}/{FILE}"), &options)?;
        text.chunks(PIECE).try_for_each(|piece| writer.write(piece))?;
        writer.finish().map(|_| ())
    }

    /// All files it names.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.collections.iter().flat_map(|entry| [&entry.data, &entry.metadata])
    }
}
