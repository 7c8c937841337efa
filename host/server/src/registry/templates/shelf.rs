//! The bytes of components that did not come with the binary, kept by this host under their digest: a job goes on with
//! the component it was approved for, whatever becomes of the file it once was.

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
            let mut temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
            temporary.write_all(bytes)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&file)?;
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| ShelfError::Folder { file: file.clone(), reason: error.to_string() })
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
