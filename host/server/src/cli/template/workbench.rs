//! A sandbox with everything that a run needs, in a folder that goes away afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandglass_database::Database;
use sandglass_database::embedded::{Embedded, Options};
use tempfile::TempDir;

use super::super::CliError;
use crate::capabilities::{Bounds, EmailClient, Folders, Gates, GrantTable, HttpClient, Parts};
use crate::config::{self, Config};
use crate::model::{Clock, Incarnation, SystemClock};
use crate::repository::audit::Audit;
use crate::repository::{Keyring, Secrets};
use crate::sandbox::Sandbox;

/// Folders that a server has without being told.
const USUAL_FOLDERS: [&str; 2] = ["exports", "backups"];

/// The place where a component is tried.
pub(super) struct Workbench {
    pub(super) sandbox: Sandbox,
    pub(super) grants: Arc<GrantTable>,
    pub(super) database: Arc<dyn Database>,
    pub(super) audit: Audit,
    pub(super) clock: Arc<dyn Clock>,
    folders: Vec<String>,
    place: Place,
}

enum Place {
    Passing(TempDir),
    Kept(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Workbench {
    /// Limits, networks and e-mail identities are those of the configuration; database and folders are new, and stay in
    /// `keep` if that is given. `labels` are folders that are wanted beside the configured ones.
    ///
    /// # Errors
    /// When the machine refuses a folder, or the configuration does not fit.
    pub(super) async fn set_up(config: &Config, keep: Option<&Path>, labels: &[String]) -> Result<Self, CliError> {
        crate::app::install_tls();
        let failed = |what: &'static str| move |error: &dyn std::fmt::Display| CliError::while_doing(what, error);
        let place = match keep {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| failed("make the scratch folder")(&error))?;
                // Addresses of folders must be whole.
                Place::Kept(std::fs::canonicalize(folder).map_err(|error| failed("find the scratch folder")(&error))?)
            }
            None => Place::Passing(
                tempfile::Builder::new()
                    .prefix("sandglass-")
                    .tempdir()
                    .map_err(|error| failed("make a scratch folder")(&error))?,
            ),
        };
        let embedded = Embedded::open(&place.path().join("database"), Options::default());
        let database: Arc<dyn Database> =
            Arc::new(embedded.map_err(|error| failed("open a scratch database")(&error))?);
        let audit = Audit::start(database.clone(), Incarnation::generate());
        audit.prepare().await.map_err(|error| failed("prepare a scratch audit")(&error))?;

        let mut folders: Vec<String> = USUAL_FOLDERS.map(str::to_owned).to_vec();
        folders.extend(config.folders.keys().cloned());
        folders.extend(labels.iter().cloned());
        folders.sort_unstable();
        folders.dedup();
        let empty = config::Folder::default;
        let configured: BTreeMap<_, _> = folders.iter().map(|label| (label.clone(), empty())).collect();
        let opened = Folders::open(&configured, &config.files, place.path(), None);
        let keyring = Keyring::read(&config::Secrets { key: String::new(), previous_key: String::new() }, place.path());
        let keyring = keyring.map_err(|error| failed("make a scratch key")(&error))?;
        let secrets = Secrets::open(database.clone(), keyring).await;

        let grants = Arc::new(GrantTable::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let gates = Gates::new(Parts {
            database: database.clone(),
            connections: BTreeMap::new(),
            audit: audit.clone(),
            grants: grants.clone(),
            http: HttpClient::new(&config.http).map_err(|error| failed("make the HTTP client")(&error))?,
            folders: opened.map_err(|error| failed("set up scratch folders")(&error))?,
            email: EmailClient::new(&config.email).map_err(|error| failed("set up e-mail")(&error))?,
            secrets: secrets.map_err(|error| failed("open scratch secrets")(&error))?,
            bounds: Bounds { batch_bytes: config.sandbox.batch_bytes, batch_documents: config.sandbox.batch_documents },
            clock: clock.clone(),
        });
        let cache = place.path().join("components");
        let sandbox = Sandbox::new(&config.sandbox, cache, gates, clock.clone())
            .map_err(|error| failed("make the sandbox")(&error))?;
        Ok(Self { sandbox, grants, database, audit, clock, folders, place })
    }

    /// The files in the folders: label, name and size.
    pub(super) fn files(&self) -> Vec<(String, String, u64)> {
        let mut found = Vec::new();
        for label in &self.folders {
            let root = self.place.path().join(label);
            walk(&root, &root, &mut |name, size| found.push((label.clone(), name, size)));
        }
        found
    }

    /// Where files and database stay; none if they go away.
    pub(super) fn kept(&self) -> Option<&Path> {
        match &self.place {
            Place::Passing(_) => None,
            Place::Kept(folder) => Some(folder),
        }
    }
}

/// Visits the files below a folder by name. One that cannot be read has no files to show.
fn walk(root: &Path, folder: &Path, visit: &mut impl FnMut(String, u64)) {
    let mut paths: Vec<PathBuf> = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(root, &path, visit);
        } else if let (Ok(name), Ok(facts)) = (path.strip_prefix(root), path.metadata()) {
            visit(name.display().to_string(), facts.len());
        }
    }
}
