//! Files of a dump: found without following links, compared with their checksums, unpacked within bounds.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use super::CliError;

/// Largest metadata or manifest.
const LARGEST_TEXT: u64 = 64 << 20;
/// Most that one file may hold when it is unpacked: 1 TiB.
const MOST_BYTES: u64 = 1 << 40;
/// Most that gzip may have gained, beyond a beginning that proves nothing. The format itself ends near 1,030, where
/// only something made to fill disks arrives.
const MOST_RATIO: u64 = 500;
const PROVES_NOTHING: u64 = 64 << 20;

/// A file that is there and is one.
#[derive(Debug)]
pub(super) struct File {
    pub path: PathBuf,
    size: u64,
    /// What a manifest says: size and SHA-256.
    expected: Option<(u64, String)>,
}

/// Finds a file; follows no link.
///
/// # Errors
/// When it is not there or no plain file.
pub(super) fn open(path: &Path, expected: Option<(u64, String)>) -> Result<File, CliError> {
    let found = fs::symlink_metadata(path)
        .map_err(|error| CliError::NotFound(format!("{} cannot be read: {error}", path.display())))?;
    if !found.is_file() {
        return Err(CliError::Failure(format!("{} is no plain file", path.display())));
    }
    Ok(File { path: path.to_owned(), size: found.len(), expected })
}

impl File {
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn fault(&self, what: impl std::fmt::Display) -> CliError {
        CliError::Failure(format!("{}: {what}", self.path.display()))
    }

    fn raw(&self) -> Result<fs::File, CliError> {
        // Not even when it became a link, or something that blocks, after it was found.
        let opened =
            fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&self.path);
        opened.map_err(|error| self.fault(format!("it cannot be opened: {error}")))
    }

    /// What is in it, unpacked and within bounds.
    pub fn unpacked(&self, bar: &ProgressBar) -> Result<Box<dyn Read>, CliError> {
        let file = Counted { inner: bar.wrap_read(self.raw()?), bytes: 0 };
        let is_packed = self.path.extension().is_some_and(|ending| ending == "gz");
        Ok(if is_packed { Box::new(Bounded { inner: MultiGzDecoder::new(file), given: 0 }) } else { Box::new(file) })
    }

    /// A small file as a whole.
    pub fn whole(&self) -> Result<Vec<u8>, CliError> {
        let mut content = Vec::new();
        let reader = self.unpacked(&ProgressBar::hidden())?;
        reader.take(LARGEST_TEXT + 1).read_to_end(&mut content).map_err(|error| self.fault(error))?;
        if content.len() as u64 > LARGEST_TEXT {
            return Err(self.fault("it is larger than 64 MiB, which it should never be"));
        }
        Ok(content)
    }

    /// Compares with what a manifest says, if one does.
    pub fn compare(&self) -> Result<(), CliError> {
        let Some((size, sha256)) = &self.expected else { return Ok(()) };
        if self.size != *size {
            return Err(self.fault(format!("it has {} bytes, and the manifest says {size}: it is damaged", self.size)));
        }
        let (mut file, mut digest, mut piece) = (self.raw()?, Sha256::new(), vec![0; 1 << 18]);
        loop {
            let read = file.read(&mut piece).map_err(|error| self.fault(error))?;
            let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else { break };
            digest.update(part);
        }
        let found = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if found != *sha256 {
            return Err(self.fault(format!("its SHA-256 is {found}, and the manifest says {sha256}: it is damaged")));
        }
        Ok(())
    }
}

/// Counts what was read.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Ends with an error where gzip makes more of a file than a dump would.
struct Bounded<R> {
    inner: MultiGzDecoder<Counted<R>>,
    given: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self
            .inner
            .read(buffer)
            .map_err(|error| std::io::Error::new(error.kind(), format!("it cannot be unpacked: {error}")))?;
        self.given += read as u64;
        let taken = self.inner.get_ref().bytes;
        if self.given > MOST_BYTES || (self.given > PROVES_NOTHING && self.given / taken.max(1) > MOST_RATIO) {
            let given = self.given;
            return Err(std::io::Error::other(format!(
                "{taken} packed bytes make {given}: more than a dump would; unpack it yourself if it is one"
            )));
        }
        Ok(read)
    }
}
