//! The bytes of components that did not come with the binary, kept by this host under their digest: a job goes on with
//! the component it was approved for, whatever becomes of the file it once was.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::model::Digest;

/// Bytes that cannot be kept, or are not there any more as they were kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShelfError {
    #[error("{file} is gone: install the component again")]
    Gone { file: PathBuf },
    #[error("{file} does not hold what its name says: somebody changed it. Install the component again")]
    Damaged { file: PathBuf },
    #[error("{file}: {reason}")]
    Folder { file: PathBuf, reason: String },
}

/// How files are called before they are whole.
const UNFINISHED: &str = ".new-";

/// Whose file this is: `DIGEST.wasm`, or `DIGEST-ENGINE.cwasm`, as the sandbox calls machine code.
fn digest_of(name: &str) -> Option<Digest> {
    let digest = match name.strip_suffix(".cwasm") {
        Some(compiled) => compiled.split_once('-')?.0,
        None => name.strip_suffix(".wasm")?,
    };
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| Digest(digest.to_owned()))
}

/// A folder with `DIGEST.wasm` files that only this user may read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// Opens the folder, makes it if needed, for this user only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self, ShelfError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| ShelfError::Folder { file: folder.clone(), reason: error.to_string() })?;
        Ok(Self { folder })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    /// Keeps bytes; whole or not at all. Those that are kept already are left alone.
    ///
    /// # Errors
    /// When the folder does not take them.
    pub fn keep(&self, digest: &Digest, bytes: &[u8]) -> Result<(), ShelfError> {
        if self.bytes(digest).is_ok() {
            return Ok(());
        }
        let file = self.path(digest);
        let write = || -> std::io::Result<()> {
            // Made for its owner only, as temporary files are.
            let mut temporary = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
            temporary.write_all(bytes)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&file)?;
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| ShelfError::Folder { file: file.clone(), reason: error.to_string() })
    }

    /// Removes the files of every digest that is `gone`: its bytes, what they were compiled to, and what a crash left
    /// half written. Files whose names are no such are left alone. Gives the names of those that went.
    ///
    /// # Errors
    /// At the first that cannot be removed.
    pub fn sweep(&self, gone: &BTreeSet<Digest>) -> Result<Vec<String>, ShelfError> {
        let fault = |file: PathBuf| move |error: std::io::Error| ShelfError::Folder { file, reason: error.to_string() };
        let mut removed = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(fault(self.folder.clone()))? {
            let entry = entry.map_err(fault(self.folder.clone()))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_half = name.starts_with(UNFINISHED);
            if is_half || digest_of(&name).is_some_and(|digest| gone.contains(&digest)) {
                std::fs::remove_file(entry.path()).map_err(fault(entry.path()))?;
                removed.push(name);
            }
        }
        Ok(removed)
    }

    /// The bytes of a digest, checked against it.
    ///
    /// # Errors
    /// As [`ShelfError`] says.
    pub fn bytes(&self, digest: &Digest) -> Result<Vec<u8>, ShelfError> {
        let file = self.path(digest);
        match std::fs::read(&file) {
            Ok(bytes) if Digest::of(&bytes) == *digest => Ok(bytes),
            Ok(_) => Err(ShelfError::Damaged { file }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(ShelfError::Gone { file }),
            Err(error) => Err(ShelfError::Folder { file, reason: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_sweep_takes_what_is_gone_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().to_owned()).unwrap();
        let (needed, other) = (Digest::of(b"needed"), Digest::of(b"other"));
        shelf.keep(&needed, b"needed").unwrap();
        shelf.keep(&other, b"other").unwrap();
        let stays = [format!("{needed}.wasm"), format!("{needed}-0f.cwasm"), "notes.wasm".into(), "x-1.cwasm".into()];
        let goes = [format!("{other}.wasm"), format!("{other}-0f.cwasm"), format!("{other}-1e.cwasm"), ".new-x".into()];
        for name in stays.iter().chain(&goes) {
            std::fs::write(folder.path().join(name), b"needed").unwrap();
        }
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let removed: BTreeSet<String> = shelf.sweep(&[other.clone()].into()).unwrap().into_iter().collect();
        assert_eq!(removed, goes.into());
        assert!(stays.iter().all(|name| folder.path().join(name).exists()));
        assert_eq!(shelf.sweep(&[other.clone()].into()).unwrap(), [""; 0]);
        assert_eq!(shelf.bytes(&needed).unwrap(), b"needed");
    }

    #[test]
    fn what_is_kept_comes_back_for_its_owner_only_and_a_change_of_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path().join("components")).unwrap();
        let digest = Digest::of(b"bytes");
        assert!(matches!(shelf.bytes(&digest), Err(ShelfError::Gone { .. })));
        shelf.keep(&digest, b"bytes").unwrap();
        shelf.keep(&digest, b"bytes").unwrap();
        assert_eq!(shelf.bytes(&digest).unwrap(), b"bytes");
        let file = folder.path().join(format!("components/{digest}.wasm"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, b"other").unwrap();
        assert_eq!(shelf.bytes(&digest), Err(ShelfError::Damaged { file }));
        shelf.keep(&digest, b"bytes").unwrap();
        assert_eq!(shelf.bytes(&digest).unwrap(), b"bytes", "mended by the next installation");
    }
}
