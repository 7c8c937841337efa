//! The keys at hand: from the configuration, or in files of the data directory that only this user may read.
//!
//! `keys/secrets.key` holds the present key. `keys/secrets.next.key` exists only while a rotation is under way: new texts
//! are sealed under it, and the former key stays until nothing is sealed under it any more.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{InvalidKey, Key};
use crate::config;

const PRESENT: &str = "secrets.key";
const NEXT: &str = "secrets.next.key";

/// A key that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{name} does not hold a key: {source}")]
    Configured { name: &'static str, source: InvalidKey },
    #[error("the key file {file} does not hold a key: {source}")]
    Damaged { file: PathBuf, source: InvalidKey },
    #[error("the key file {file}: {reason}")]
    File { file: PathBuf, reason: String },
    #[error("the machine gives no random bytes for a key")]
    NoRandomness,
}

/// The present key and former ones.
pub struct Keyring {
    folder: PathBuf,
    is_configured: bool,
    present: Option<Key>,
    others: Vec<Key>,
}

impl Keyring {
    /// Reads every key there is. Makes none: a missing key may be the lost key of secrets that exist.
    ///
    /// # Errors
    /// A key or file that cannot be read, named.
    pub fn read(settings: &config::Secrets, data_dir: &Path) -> Result<Self, KeyFileError> {
        let folder = data_dir.join("keys");
        let configured = |name, text: &str| {
            let key = (!text.is_empty()).then(|| Key::parse(text));
            key.transpose().map_err(|source| KeyFileError::Configured { name, source })
        };
        let given = configured("secrets.key (SANDGLASS_SECRETS__KEY)", &settings.key)?;
        let previous = configured("secrets.previous_key (SANDGLASS_SECRETS__PREVIOUS_KEY)", &settings.previous_key)?;
        let (in_file, next) = (read(&folder.join(PRESENT))?, read(&folder.join(NEXT))?);
        let is_configured = given.is_some();
        let mut keys = [given, next, in_file].into_iter().flatten();
        let present = keys.next();
        let others = keys.chain(previous).collect();
        Ok(Self { folder, is_configured, present, others })
    }

    /// Whether there is a key to seal with.
    pub(super) fn has_present(&self) -> bool {
        self.present.is_some()
    }

    /// Where a generated key lies.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join(PRESENT)
    }

    /// Makes the first key and keeps it in its file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn make_first(&mut self) -> Result<(), KeyFileError> {
        let key = Key::generate().ok_or(KeyFileError::NoRandomness)?;
        write(&self.folder, PRESENT, &key)?;
        self.present = Some(key);
        Ok(())
    }

    pub(super) fn present(&self) -> Option<&Key> {
        self.present.as_ref()
    }

    /// The key of that name.
    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.present.iter().chain(&self.others).find(|key| key.id() == id)
    }

    /// Makes a next key and puts it before the present one, unless a rotation is under way or the configuration already
    /// names the key to move to.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn begin_rotation(&mut self) -> Result<(), KeyFileError> {
        if self.is_configured || self.folder.join(NEXT).exists() {
            return Ok(());
        }
        let key = Key::generate().ok_or(KeyFileError::NoRandomness)?;
        write(&self.folder, NEXT, &key)?;
        self.others.extend(self.present.replace(key));
        Ok(())
    }

    /// The next key becomes the present one; the former is gone with its file. Only once nothing is sealed under it.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub(super) fn end_rotation(&self) -> Result<(), KeyFileError> {
        let next = self.folder.join(NEXT);
        if self.is_configured || !next.exists() {
            return Ok(());
        }
        let present = self.file();
        std::fs::rename(&next, &present).and_then(|()| sync(&self.folder)).map_err(|error| failed(&present, &error))
    }
}

fn read(file: &Path) -> Result<Option<Key>, KeyFileError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(file, &error)),
    };
    let mode = std::fs::metadata(file).map_err(|error| failed(file, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        let (file, mode) = (file.display(), format!("{:o}", mode & 0o777));
        tracing::warn!(%file, mode, "other users of this machine may read the key of the secrets: chmod 600 shuts them out");
    }
    Key::parse(&text).map(Some).map_err(|source| KeyFileError::Damaged { file: file.to_owned(), source })
}

/// Writes a key into a new file: whole or not at all, and on the disk before anything is sealed under it.
fn write(folder: &Path, name: &str, key: &Key) -> Result<(), KeyFileError> {
    let file = folder.join(name);
    let temporary = folder.join(format!("{name}.new"));
    let written = || {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        opened.write_all(key.encoded().as_bytes())?;
        opened.write_all(b"\n")?;
        opened.sync_all()?;
        std::fs::rename(&temporary, &file)?;
        sync(folder)
    };
    written().map_err(|error| failed(&file, &error))
}

fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(file: &Path, error: &std::io::Error) -> KeyFileError {
    KeyFileError::File { file: file.to_owned(), reason: error.to_string() }
}
