//! The folders that the configuration sets up, by label.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::created::Register;
use super::draft::remove_leftovers;
use super::local::Local;
use super::work::Workers;
use crate::config;

/// Folders in the data directory that are not for templates.
const RESERVED: [&str; 3] = ["database", "components", "files"];
/// Longest label.
const LONGEST_LABEL: usize = 64;

/// A folder in the configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("folders.{label}.url is {url:?}: {why}")]
pub struct FolderSetupError {
    pub label: String,
    pub url: String,
    pub why: String,
}

/// All folders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folders {
    folders: Arc<BTreeMap<String, Arc<Local>>>,
    pub(super) workers: Workers,
    pub(in crate::capabilities) register: Register,
    pub(super) file_bytes: u64,
    pub(super) files_per_run: u64,
}

impl Folders {
    /// Sets up what is configured, and takes away what a killed server left unfinished. Blocks.
    ///
    /// # Errors
    /// A label or an address that is none, a folder that would reach into the server's own data or into another one.
    pub fn open(
        configured: &BTreeMap<String, config::Folder>,
        limits: &config::Files,
        data_dir: &Path,
    ) -> Result<Self, FolderSetupError> {
        let mut folders: BTreeMap<String, Arc<Local>> = BTreeMap::new();
        let mut places: Vec<(String, PathBuf)> = Vec::new();
        for (label, folder) in configured {
            let failed = |why: String| FolderSetupError { label: label.clone(), url: folder.url.clone(), why };
            check_label(label).map_err(failed)?;
            let path = if folder.url.is_empty() {
                let path = data_dir.join(label);
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&path)
                    .map_err(|error| failed(format!("{} cannot be made: {error}", path.display())))?;
                path
            } else {
                let path = path_of(&folder.url).map_err(failed)?;
                match std::fs::metadata(&path) {
                    Ok(there) if there.is_dir() => {}
                    Ok(_) => return Err(failed("that is a file and no folder".to_owned())),
                    Err(error) => {
                        // Perhaps it is mounted later; making it here would fill the disk below its mount point.
                        tracing::warn!(label, path = %path.display(), %error, "a folder is not there; its use is refused until it is");
                    }
                }
                path
            };
            let place = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            check_place(&place, data_dir).map_err(failed)?;
            let overlaps = |other: &Path| other.starts_with(&place) || place.starts_with(other);
            if let Some((other, _)) = places.iter().find(|(_, other)| overlaps(other)) {
                return Err(failed(format!(
                    "it shares files with the folder {other}, and a grant for one would reach the other"
                )));
            }
            places.push((label.clone(), place));
            let local = Local::new(label, path, folder.quota_bytes);
            let removed = remove_leftovers(&local);
            if removed > 0 {
                tracing::warn!(folder = label, removed, "removed files that a former process did not finish");
            }
            folders.insert(label.clone(), Arc::new(local));
        }
        let own = data_dir.join("files");
        let register = Register::open(&own).map_err(|error| FolderSetupError {
            label: "*".to_owned(),
            url: own.display().to_string(),
            why: format!("it cannot be made: {error}"),
        })?;
        Ok(Self {
            register,
            folders: Arc::new(folders),
            workers: Workers::new(),
            file_bytes: limits.file_bytes,
            files_per_run: limits.files_per_run,
        })
    }

    /// Every label, by name.
    pub(in crate::capabilities) fn labels(&self) -> Vec<String> {
        self.folders.keys().cloned().collect()
    }

    /// The folder of a label.
    pub(super) fn get(&self, label: &str) -> Option<Arc<Local>> {
        self.folders.get(label).cloned()
    }
}

fn check_label(label: &str) -> Result<(), String> {
    let is_plain = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '_' | '-')
    };
    if label.is_empty() || label.len() > LONGEST_LABEL || !label.chars().all(is_plain) {
        return Err(format!("{label:?} is no label: small letters, digits, `_` and `-` are, at most {LONGEST_LABEL}"));
    }
    if RESERVED.contains(&label) {
        return Err(format!("{label} is a folder of the server's own: choose another label"));
    }
    Ok(())
}

/// The path that an address names.
fn path_of(url: &str) -> Result<PathBuf, String> {
    let address = Url::parse(url).map_err(|error| format!("{error}; write it as file:///srv/exports"))?;
    match address.scheme() {
        "file" => address
            .to_file_path()
            .map_err(|()| "a file address has three slashes and an absolute path, as file:///srv/exports".to_owned()),
        "s3" => {
            Err("this version keeps files in folders of its machine only; mount the bucket, or use file:///…"
                .to_owned())
        }
        other => Err(format!("{other}: is not known; write it as file:///srv/exports")),
    }
}

/// A folder must not hold the server's own data, nor lie in it.
fn check_place(place: &Path, data_dir: &Path) -> Result<(), String> {
    let data_dir = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    if data_dir.starts_with(place) {
        return Err("it holds the data directory of the server itself".to_owned());
    }
    if RESERVED.iter().any(|own| place.starts_with(data_dir.join(own))) {
        return Err("it lies among the server's own files".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const LIMITS: config::Files = config::Files { file_bytes: 100, files_per_run: 10 };

    fn set_up(data_dir: &Path, folders: &[(&str, String)]) -> Result<Folders, FolderSetupError> {
        let folders = folders
            .iter()
            .map(|(label, url)| ((*label).to_owned(), config::Folder { url: url.clone(), quota_bytes: 0 }));
        Folders::open(&folders.collect(), &LIMITS, data_dir)
    }

    fn url(path: &Path) -> String {
        Url::from_file_path(path).unwrap().to_string()
    }

    #[test]
    fn an_empty_address_is_a_folder_in_the_data_directory_for_the_owner_only() {
        let data = tempfile::tempdir().unwrap();
        let folders = set_up(data.path(), &[("exports", String::new()), ("backups", String::new())]).unwrap();
        assert!(folders.get("exports").is_some() && folders.get("other").is_none());
        let mode = std::fs::metadata(data.path().join("backups")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_cannot_be_a_folder_is_refused_with_the_key_and_the_reason() {
        let data = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let file = outside.path().join("file");
        std::fs::write(&file, "").unwrap();
        let reserved = data.path().join("database/x");
        std::fs::create_dir_all(&reserved).unwrap();
        let cases = [
            ("exports", "s3://bucket/x".to_owned(), "folders of its machine only"),
            ("exports", "ftp://host/x".to_owned(), "not known"),
            ("exports", "/srv/exports".to_owned(), "file:///"),
            ("exports", "file://host/x".to_owned(), "three slashes"),
            ("exports", url(&file), "no folder"),
            ("exports", url(data.path()), "data directory"),
            ("exports", url(Path::new("/")), "data directory"),
            ("exports", url(&reserved), "own files"),
            ("../x", String::new(), "no label"),
            ("database", String::new(), "own"),
            ("Exports", String::new(), "no label"),
        ];
        for (label, url, reason) in cases {
            let error = set_up(data.path(), &[(label, url.clone())]).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(label), "{label} {url}: {error}");
        }
    }

    #[test]
    fn two_labels_never_reach_the_same_files() {
        let data = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir(outside.path().join("inner")).unwrap();
        std::os::unix::fs::symlink(outside.path(), data.path().join("link")).unwrap();
        for other in [outside.path().to_owned(), outside.path().join("inner"), data.path().join("link")] {
            let error = set_up(data.path(), &[("a", url(outside.path())), ("b", url(&other))]).unwrap_err();
            assert!(error.to_string().contains("shares files"), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_mounted_yet_does_not_keep_the_server_from_starting() {
        let data = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let missing = outside.path().join("later");
        let folders = set_up(data.path(), &[("a", url(&missing))]).unwrap();
        assert!(!missing.exists());
        assert_eq!(folders.get("a").unwrap().root().unwrap_err().reason, "no-folder");
    }
}
