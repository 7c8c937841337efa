//! Where the bytes go: a file that appears only when it is finished, or the result of the run.
//!
//! Everything before it (formats, compression) writes as into any [`Write`]; an error of the host travels inside the
//! `io::Error` and is taken out again by [`host_error`].

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandglass_sdk::files::{Folder, Writer, WriterOptions};
use sandglass_sdk::{Error, ErrorKind, Failure};
use sha2::{Digest as _, Sha256};

/// Bytes that cross the sandbox at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// What the result of a run may hold.
pub const MOST_MEMORY_BYTES: usize = 1024 * 1024;

/// Takes bytes. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    target: Target,
    waiting: Vec<u8>,
    bytes: u64,
}

#[derive(Debug)]
enum Target {
    File { folder: Folder, writer: Writer },
    Memory,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    pub bytes: u64,
    pub sha256: String,
    /// The content itself where it was not a file.
    pub content: Option<Content>,
}

/// Content inside the result.
#[derive(Debug)]
pub struct Content {
    pub text: String,
    /// `text` or `base64`.
    pub encoding: &'static str,
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// `conflict` when it exists and may not be replaced; those of the folder.
    pub fn file(folder: Folder, name: &str, options: &WriterOptions) -> Result<Self, Error> {
        let writer = folder.create(name, options)?;
        Ok(Self { target: Target::File { folder, writer }, waiting: Vec::new(), bytes: 0 })
    }

    /// Begins a content for the result.
    pub fn memory() -> Self {
        Self { target: Target::Memory, waiting: Vec::new(), bytes: 0 }
    }

    /// Hands over what still waits and stores it all.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn finish(self) -> Result<Written, Error> {
        match self.target {
            Target::Memory => {
                let sha256 = hex(Sha256::digest(&self.waiting).as_slice());
                let content = match String::from_utf8(self.waiting) {
                    Ok(text) => Content { text, encoding: "text" },
                    Err(bytes) => Content { text: STANDARD.encode(bytes.as_bytes()), encoding: "base64" },
                };
                Ok(Written { bytes: self.bytes, sha256, content: Some(content) })
            }
            Target::File { folder, writer } => {
                for piece in self.waiting.chunks(PIECE_BYTES) {
                    writer.write(piece)?;
                }
                let info = writer.finish()?;
                let sha256 = info.sha256.map_or_else(|| digest_of(&folder, &info.name), Ok)?;
                Ok(Written { bytes: self.bytes, sha256, content: None })
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        match &self.target {
            Target::Memory if self.waiting.len() > MOST_MEMORY_BYTES => Err(io::Error::other(too_large())),
            Target::Memory => Ok(bytes.len()),
            Target::File { writer, .. } => {
                if self.waiting.len() >= PIECE_BYTES {
                    for piece in self.waiting.chunks(PIECE_BYTES) {
                        writer.write(piece).map_err(io::Error::other)?;
                    }
                    self.waiting.clear();
                }
                Ok(bytes.len())
            }
        }
    }

    /// Small pieces wait: each crosses the sandbox.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The refusal of what does not fit into a result.
pub fn too_large() -> Error {
    Error {
        kind: ErrorKind::Limit,
        reason: "result-size".to_owned(),
        message: "the export is larger than what the result of a run may hold (1 MiB): choose the destination file, \
                  or export less with filter, projection or limit"
            .to_owned(),
        retry_after_ms: None,
        details: None,
    }
}

/// The failure behind an error of writing.
pub fn failure(error: io::Error) -> Failure {
    Failure::from(host_error(error)).during("writing the export; nothing was stored")
}

fn host_error(error: io::Error) -> Error {
    let message = error.to_string();
    let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
    inner.map_or_else(
        || Error {
            kind: ErrorKind::Internal,
            reason: "write".to_owned(),
            message,
            retry_after_ms: None,
            details: None,
        },
        |error| *error,
    )
}

/// The digest of a finished file, read back where its store does not know it.
pub fn digest_of(folder: &Folder, name: &str) -> Result<String, Error> {
    let mut digest = Sha256::new();
    let mut offset = 0;
    loop {
        let piece = folder.read(name, offset, PIECE_BYTES as u32)?;
        if piece.is_empty() {
            return Ok(hex(digest.finalize().as_slice()));
        }
        offset += piece.len() as u64;
        digest.update(&piece);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
