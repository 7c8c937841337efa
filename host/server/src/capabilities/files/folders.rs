//! The folders that the configuration sets up, by label.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::created::Register;
use super::draft::remove_leftovers;
use super::local::Local;
use super::local_store::LocalStore;
use super::object::{Common, Fault, ObjectFolder, Settings};
use super::place;
use super::store::Store;
use super::work::Workers;
use crate::config;
use crate::repository::Secrets;

/// A folder in the configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("folders.{label}.{key} is {found}: {why}")]
pub struct FolderSetupError {
    pub label: String,
    pub key: &'static str,
    /// What stands there, as it may be shown.
    pub found: String,
    pub why: String,
}

/// All folders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folders {
    folders: Arc<BTreeMap<String, Arc<dyn Store>>>,
    /// Those that are reached over a network.
    remote: Arc<Vec<Arc<ObjectFolder>>>,
    pub(super) workers: Workers,
    pub(in crate::capabilities) register: Register,
    pub(super) file_bytes: u64,
    pub(super) files_per_run: u64,
}

impl Folders {
    /// Sets up what is configured, and takes away what a killed server left unfinished in folders of this machine. Object
    /// stores are not reached yet. Blocks. `secrets` holds the keys that the configuration names by label.
    ///
    /// # Errors
    /// A key of the configuration that cannot be used: a label or an address that is none, a folder that would reach into
    /// the server's own data or into another one, an object store without a key.
    pub fn open(
        configured: &BTreeMap<String, config::Folder>,
        limits: &config::Files,
        data_dir: &Path,
        secrets: Option<&Secrets>,
    ) -> Result<Self, FolderSetupError> {
        let own = data_dir.join("files");
        let failed = |error: std::io::Error| FolderSetupError {
            label: "*".to_owned(),
            key: "url",
            found: own.display().to_string(),
            why: format!("it cannot be made: {error}"),
        };
        let register = Register::open(&own).map_err(failed)?;
        let workers = Workers::new();
        let mut folders: BTreeMap<String, Arc<dyn Store>> = BTreeMap::new();
        let mut paths: Vec<(&str, PathBuf)> = Vec::new();
        let mut buckets: Vec<(&str, Settings)> = Vec::new();
        for (label, folder) in configured {
            let failed = |Fault { key, found, why }| FolderSetupError { label: label.clone(), key, found, why };
            let of_url = |why: String| failed(Fault { key: "url", found: format!("{:?}", folder.url), why });
            place::check_label(label).map_err(of_url)?;
            if place::is_remote(folder) {
                let settings = Settings::read(folder).map_err(failed)?;
                if let Some((other, _)) = buckets.iter().find(|(_, other)| other.overlaps(&settings)) {
                    return Err(of_url(place::shared(other)));
                }
                buckets.push((label, settings));
                continue;
            }
            place::check_keys(folder).map_err(failed)?;
            let path = place::path(label, folder, data_dir).map_err(of_url)?;
            let real = place::real(&path, data_dir).map_err(of_url)?;
            let overlaps = |other: &Path| other.starts_with(&real) || real.starts_with(other);
            if let Some((other, _)) = paths.iter().find(|(_, other)| overlaps(other)) {
                return Err(of_url(place::shared(other)));
            }
            paths.push((label, real));
            let local = Local::new(label, path, folder.quota_bytes);
            let removed = remove_leftovers(&local);
            if removed > 0 {
                tracing::warn!(folder = label, removed, "removed files that a former process did not finish");
            }
            folders.insert(label.clone(), Arc::new(LocalStore::new(local, workers.clone())));
        }
        let mut remote = Vec::new();
        if !buckets.is_empty() {
            let common = Common::open(own.join("uploads"), workers.clone(), limits.file_bytes).map_err(failed)?;
            let common = Arc::new(common);
            for (label, settings) in buckets {
                let quota_bytes = configured.get(label).map_or(0, |folder| folder.quota_bytes);
                let found = settings.place();
                let folder = ObjectFolder::new(label, settings, quota_bytes, common.clone(), secrets.cloned());
                let folder = folder.map_err(|error| FolderSetupError {
                    label: label.to_owned(),
                    key: "url",
                    found,
                    why: error.to_string(),
                })?;
                let folder = Arc::new(folder);
                folders.insert(label.to_owned(), folder.clone());
                remote.push(folder);
            }
        }
        Ok(Self {
            register,
            folders: Arc::new(folders),
            remote: Arc::new(remote),
            workers,
            file_bytes: limits.file_bytes,
            files_per_run: limits.files_per_run,
        })
    }

    /// What would keep folders from being used at this moment, one sentence each; nothing is reached for it.
    pub async fn key_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for folder in self.remote.iter() {
            faults.extend(folder.key_fault().await);
        }
        faults
    }

    /// Takes away what was left half written in object stores.
    pub(super) async fn clear_remote(&self) {
        for folder in self.remote.iter() {
            folder.clear_leftovers().await;
        }
    }

    /// Every label, by name.
    pub(in crate::capabilities) fn labels(&self) -> Vec<String> {
        self.folders.keys().cloned().collect()
    }

    /// The folder of a label.
    pub(super) fn get(&self, label: &str) -> Option<Arc<dyn Store>> {
        self.folders.get(label).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use url::Url;

    use super::*;

    const LIMITS: config::Files = config::Files { file_bytes: 100, files_per_run: 10 };

    fn set_up(data_dir: &Path, folders: &[(&str, String)]) -> Result<Folders, FolderSetupError> {
        let folders = folders.iter().map(|(label, url)| {
            ((*label).to_owned(), config::Folder { url: url.clone(), ..config::Folder::default() })
        });
        Folders::open(&folders.collect(), &LIMITS, data_dir, None)
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
            ("exports", "s3://bucket/x".to_owned(), "asks who comes"),
            ("exports", "s3:bucket".to_owned(), "s3://bucket/prefix"),
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
    fn two_labels_never_reach_the_same_objects_and_what_object_stores_need_is_for_them_only() {
        let data = tempfile::tempdir().unwrap();
        let bucket = |url: &str| config::Folder {
            url: url.to_owned(),
            access_key_id: "id".into(),
            secret_access_key: "hidden".into(),
            ..config::Folder::default()
        };
        let open = |folders: [(&str, config::Folder); 2]| {
            let folders = folders.map(|(label, folder)| (label.to_owned(), folder));
            Folders::open(&folders.into(), &LIMITS, data.path(), None).map(|folders| folders.labels())
        };
        let error = open([("a", bucket("s3://bucket/x")), ("b", bucket("s3://bucket/x/y"))]).unwrap_err();
        assert!(error.to_string().starts_with("folders.b.url is") && error.to_string().contains("shares"), "{error}");
        let labels = open([("a", bucket("s3://bucket/x")), ("b", bucket("s3://bucket/z"))]).unwrap();
        assert_eq!(labels, ["a", "b"]);
        let error = open([("a", bucket("s3://bucket/x")), ("b", bucket(""))]).unwrap_err().to_string();
        assert!(error.contains("folders.b.access_key_id") && error.contains("object stores"), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }

    #[tokio::test]
    async fn a_folder_that_is_not_mounted_yet_does_not_keep_the_server_from_starting() {
        let data = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let missing = outside.path().join("later");
        let folders = set_up(data.path(), &[("a", url(&missing))]).unwrap();
        assert!(!missing.exists());
        let name = super::super::FileName::parse("x").unwrap();
        assert_eq!(folders.get("a").unwrap().info(&name).await.unwrap_err().reason, "no-folder");
    }
}
