//! Machine code on disk, by digest of the component and hash of the engine. Written by this host only; recompiled when
//! anything about a file is off.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::model::Digest;

const HASH_BYTES: usize = 32;

/// The folder with the compiled components.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the folder, makes it if needed, for this user only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(folder: PathBuf) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder.join(format!("{digest}-{:016x}.cwasm", hasher.finish()))
    }

    /// The machine code of a component, if it is there and whole.
    pub(super) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.path(engine, digest);
        let mut bytes = std::fs::read(&path).ok()?;
        let length = bytes.len().checked_sub(HASH_BYTES)?;
        let hash = bytes.split_off(length);
        if Sha256::digest(&bytes).as_slice() == hash {
            return Some(bytes);
        }
        tracing::warn!(path = %path.display(), "a compiled component is damaged and will be compiled anew");
        None
    }

    /// Keeps machine code. A failure costs a compilation at the next start and nothing else.
    pub(super) fn store(&self, engine: &Engine, digest: &Digest, code: &[u8]) {
        let path = self.path(engine, digest);
        if let Err(error) = self.write(&path, code) {
            tracing::warn!(path = %path.display(), %error, "a compiled component could not be kept");
        }
    }

    /// Forgets a file that did not load.
    pub(super) fn forget(&self, engine: &Engine, digest: &Digest) {
        let path = self.path(engine, digest);
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "a compiled component could not be removed");
        }
    }

    fn write(&self, path: &Path, code: &[u8]) -> std::io::Result<()> {
        let mut temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        temporary.write_all(code)?;
        temporary.write_all(&Sha256::digest(code))?;
        temporary.as_file().sync_data()?;
        temporary.persist(path)?;
        Ok(())
    }
}
