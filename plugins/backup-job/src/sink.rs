//! A file being written: packed, and its checksum taken, piece by piece.

use std::io::Write as _;

use flate2::write::GzEncoder;
use sandglass_sdk::files::{Folder, Writer, WriterOptions};
use sandglass_sdk::{Error, ErrorKind};
use sha2::{Digest as _, Sha256};

use crate::manifest::FileEntry;
use crate::parameters::Compression;

/// Bytes that cross the sandbox at a time.
const PIECE: usize = 256 << 10;

/// A file that takes bytes as they are and stores them as the job says.
pub struct Sink {
    writer: Writer,
    packing: Packing,
    digest: Sha256,
    size: u64,
}

enum Packing {
    Gzip(GzEncoder<Vec<u8>>),
    None,
}

impl Sink {
    /// Begins a file. It stores nothing unless it is finished.
    pub fn create(folder: &Folder, name: &str, compression: Compression, content: &str) -> Result<Self, Error> {
        let (packing, content) = match compression {
            Compression::Gzip => (Packing::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default())), "gzip"),
            Compression::None => (Packing::None, content),
        };
        let options = WriterOptions { overwrite: false, content_type: Some(format!("application/{content}")) };
        let writer = folder.create(name, &options)?;
        Ok(Self { writer, packing, digest: Sha256::new(), size: 0 })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut packing = std::mem::replace(&mut self.packing, Packing::None);
        let stored = match &mut packing {
            Packing::None => bytes.chunks(PIECE).try_for_each(|piece| self.store(piece)),
            Packing::Gzip(encoder) => bytes.chunks(PIECE).try_for_each(|piece| {
                encoder.write_all(piece).map_err(unpackable)?;
                if encoder.get_ref().len() >= PIECE {
                    self.store(encoder.get_ref())?;
                    encoder.get_mut().clear();
                }
                Ok(())
            }),
        };
        self.packing = packing;
        stored
    }

    fn store(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(PIECE) {
            self.writer.write(piece)?;
            self.digest.update(piece);
            self.size += piece.len() as u64;
        }
        Ok(())
    }

    /// Stores it for good.
    pub fn finish(mut self) -> Result<FileEntry, Error> {
        if let Packing::Gzip(encoder) = std::mem::replace(&mut self.packing, Packing::None) {
            let rest = encoder.finish().map_err(unpackable)?;
            self.store(&rest)?;
        }
        let info = self.writer.finish()?;
        Ok(FileEntry { name: info.name, size: self.size, sha256: hexadecimal(self.digest) })
    }
}

/// Packing into memory does not fail; if it did, nothing should be stored.
fn unpackable(error: std::io::Error) -> Error {
    Error {
        kind: ErrorKind::Internal,
        reason: "compression".to_owned(),
        message: format!("the data cannot be compressed: {error}"),
        retry_after_ms: None,
        details: None,
    }
}

/// A checksum in digits.
pub fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
