//! `manifest.json` of a backup, as the template `backup_job` writes it.

use std::path::Path;

use serde::Deserialize;

use super::{CliError, file};

pub(super) const FILE: &str = "manifest.json";
/// The highest version that is read.
const VERSION: u32 = 1;

/// What a restore needs of it.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    format: String,
    version: u32,
    state: String,
    pub collections: Vec<CollectionEntry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CollectionEntry {
    pub name: String,
    pub documents: u64,
    pub data: FileEntry,
    pub metadata: FileEntry,
}

/// A file, by its name within the backup.
#[derive(Debug, Deserialize)]
pub(super) struct FileEntry {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// # Errors
/// When it is no manifest, one of a later version, one of a backup that is being deleted, or leads out of its folder.
pub(super) fn read(path: &Path) -> Result<Manifest, CliError> {
    let fault = |what: String| CliError::Failure(format!("{}: {what}", path.display()));
    let text = file::open(path, None)?.whole()?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| fault(format!("it is no manifest of a backup: {error}")))?;
    if manifest.format != "sandglass-backup" {
        return Err(fault(format!("its format is {:?} instead of \"sandglass-backup\"", manifest.format)));
    }
    if manifest.version > VERSION {
        return Err(fault(format!(
            "it has version {}, and this program reads {VERSION}: use a newer one",
            manifest.version
        )));
    }
    if manifest.state != "complete" {
        return Err(fault(format!("the backup is not complete: its state is {:?}", manifest.state)));
    }
    for file in manifest.collections.iter().flat_map(|entry| [&entry.data, &entry.metadata]) {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if !file.name.split('/').all(is_plain) {
            return Err(fault(format!("it names the file {:?}, which leads out of the backup", file.name)));
        }
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_back(manifest: &Value) -> Result<Manifest, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, manifest.to_string()).unwrap();
        read(&path)
    }

    #[test]
    fn only_a_complete_backup_that_stays_in_its_folder_is_read() {
        let file = |name: &str| json!({"name": name, "size": 1, "sha256": "00"});
        let manifest = json!({"format": "sandglass-backup", "version": 1, "state": "complete", "more": [], "collections": [
            {"name": "a", "documents": 1, "data": file("db/a.bson"), "metadata": file("db/a.metadata.json"), "new": 1}]});
        assert_eq!(read_back(&manifest).unwrap().collections.len(), 1);
        for (pointer, value, words) in [
            ("/format", json!("other"), "format"),
            ("/version", json!(2), "newer"),
            ("/state", json!("being_deleted"), "not complete"),
            ("/collections/0/data/name", json!("../a.bson"), "leads out"),
            ("/collections/0/metadata/name", json!("/etc/passwd"), "leads out"),
            ("/collections", json!(5), "no manifest"),
        ] {
            let mut changed = manifest.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            let error = read_back(&changed).unwrap_err().to_string();
            assert!(error.contains(words), "{pointer}: {error}");
        }
    }
}
