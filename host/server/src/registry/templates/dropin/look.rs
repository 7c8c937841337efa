//! One look at the folder of templates: what is new, what changed, what is gone.
//!
//! A look is whole and idempotent: whatever event was missed, the next one finds it. A file is read only when it has
//! been still since the look before, so that one that is being copied is not taken for a broken one.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use tracing::{error, info, warn};

use super::{DropIn, DropInError, FOLDER, FileProblem};
use crate::model::Digest;
use crate::model::template::Source;
use crate::registry::templates::AdmitError;

/// Files that are looked at; more is no folder of templates.
const MOST_FILES: usize = 1_000;
/// The name under which the folder itself is shown.
const ITSELF: &str = ".";

/// What can be seen of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Traits {
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
}

/// What is remembered from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Files as they were when they were last seen.
    seen: BTreeMap<String, Traits>,
    /// Files as they were when they were last read.
    read: BTreeMap<String, Traits>,
    /// Components that files last were, as the store knows it.
    taken: Option<BTreeMap<String, Digest>>,
}

/// What a look has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Everything is as it will stay.
    Still,
    /// Files come, go or grow: another look is due soon.
    Moving,
    /// No folder.
    Nothing,
}

impl DropIn {
    /// Looks once.
    ///
    /// # Errors
    /// When the host itself fails; the next look tries again.
    pub(super) async fn look(&self, folder: &Path, memory: &mut Memory) -> Result<Seen, DropInError> {
        let listed = {
            let folder = folder.to_owned();
            tokio::task::spawn_blocking(move || list(&folder)).await
        };
        let there = match listed.map_err(|error| error.to_string()).and_then(|listed| listed) {
            Ok(there) => there,
            Err(reason) => {
                // Nothing is retired: a folder that cannot be read is not an empty one.
                self.report(ITSELF, format!("{} cannot be read: {reason}", folder.display()));
                return Ok(Seen::Nothing);
            }
        };
        self.settled(ITSELF);
        let _one = self.0.changing.lock().await;
        let mut taken = match memory.taken.take() {
            Some(taken) => taken,
            None => self.0.parts.files.known().await?,
        };
        let mut moves = false;
        for (file, traits) in &there {
            if memory.read.get(file) == Some(traits) {
                continue;
            }
            if memory.seen.get(file) != Some(traits) {
                moves = true;
                continue;
            }
            memory.read.insert(file.clone(), *traits);
            match self.take(folder, file, &taken).await {
                Ok(Some(digest)) => {
                    self.settled(file);
                    self.0.parts.files.note(file, &digest).await?;
                    taken.insert(file.clone(), digest);
                }
                Ok(None) => self.settled(file),
                Err(error) => {
                    if !error.is_components_fault() {
                        memory.read.remove(file);
                    }
                    self.report(file, error.to_string());
                }
            }
        }
        // A file that is replaced may be away for a moment: only one that stays away is gone.
        let away: Vec<String> = taken.keys().filter(|file| !there.contains_key(*file)).cloned().collect();
        let was_there = away.iter().any(|file| memory.seen.contains_key(file));
        if was_there {
            moves = true;
        }
        if !moves {
            for file in away {
                self.lose(&file, &taken).await?;
                taken.remove(&file);
            }
        }
        self.0.problems.write().retain(|file, _| there.contains_key(file));
        memory.read.retain(|file, _| there.contains_key(file));
        memory.seen = there;
        memory.taken = Some(taken);
        Ok(if moves { Seen::Moving } else { Seen::Still })
    }

    /// Takes one file in. None: it is what it was.
    async fn take(
        &self,
        folder: &Path,
        file: &str,
        taken: &BTreeMap<String, Digest>,
    ) -> Result<Option<Digest>, DropInError> {
        let (path, limit) = (folder.join(file), self.0.parts.component_bytes);
        let bytes = tokio::task::spawn_blocking(move || read(&path, limit)).await;
        let bytes = bytes.map_err(|error| AdmitError::Failed(error.to_string()))?.map_err(AdmitError::Refused)?;
        let digest = Digest::of(&bytes);
        if taken.get(file) == Some(&digest) {
            return Ok(None);
        }
        info!(file, %digest, "a file of the folder of templates is examined");
        self.install_alone(bytes, Source::Folder { file: file.to_owned() }, FOLDER).await?;
        Ok(Some(digest))
    }

    /// What came from a file that is gone goes as well, unless another file holds the same bytes.
    async fn lose(&self, file: &str, taken: &BTreeMap<String, Digest>) -> Result<(), DropInError> {
        info!(file, "a file went from the folder of templates");
        let digest = taken.get(file);
        let twin = taken.iter().find(|(other, held)| *other != file && Some(*held) == digest);
        match twin {
            Some((twin, digest)) => {
                let source = Source::Folder { file: twin.clone() };
                self.0.parts.templates.resource(digest, source).await?;
            }
            None => self.retire_file(file).await?,
        }
        Ok(self.0.parts.files.forget(file).await?)
    }

    fn report(&self, file: &str, reason: String) {
        let since = self.0.parts.clock.now();
        let mut problems = self.0.problems.write();
        if problems.get(file).is_some_and(|known| known.reason == reason) {
            return;
        }
        error!(file, reason, "a file of the folder of templates was not taken; what was in force stays");
        problems.insert(file.to_owned(), FileProblem { file: file.to_owned(), reason, since });
    }

    fn settled(&self, file: &str) {
        if self.0.problems.write().remove(file).is_some() {
            info!(file, "a file of the folder of templates is right by now");
        }
    }
}

/// The component files of a folder: `*.wasm`, not hidden, directly in it.
fn list(folder: &Path) -> Result<BTreeMap<String, Traits>, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        if file.starts_with('.') || !file.ends_with(".wasm") {
            continue;
        }
        // Gone since it was listed: the next look knows.
        let Ok(facts) = std::fs::metadata(entry.path()) else { continue };
        if facts.is_dir() {
            continue;
        }
        if found.len() >= MOST_FILES {
            warn!(folder = %folder.display(), MOST_FILES, "further files of this folder are not looked at");
            break;
        }
        let modified = (facts.mtime(), facts.mtime_nsec());
        found.insert(file, Traits { inode: facts.ino(), size_bytes: facts.len(), modified });
    }
    Ok(found)
}

/// Reads a plain file of at most `limit` bytes. Whatever else stands under its name must not hold the look up.
fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let nonblocking = libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = file.map_err(|error| format!("it cannot be read: {error}"))?;
    let facts = file.metadata().map_err(|error| format!("it cannot be read: {error}"))?;
    if !facts.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let too_large = |size: u64| format!("it has {size} bytes, at most {limit} are taken (sandbox.component_bytes)");
    let bound = limit as u64;
    if facts.len() > bound {
        return Err(too_large(facts.len()));
    }
    let mut bytes = Vec::new();
    file.take(bound.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > bound {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}
