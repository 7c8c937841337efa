//! A stored file, read from its beginning to its end: its checksum, and what is inside when it is unpacked.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;
use sandglass_sdk::files::Folder;
use sandglass_sdk::{Error, Failure, execution};
use sha2::{Digest as _, Sha256};

use crate::sink::hexadecimal;

/// Bytes that cross the sandbox at a time.
const PIECE: u32 = 256 << 10;
/// Packed bytes that are unpacked at a time: gzip makes a thousand of one at most, and all of them are in memory.
const MORSEL: usize = 8 << 10;

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub size: u64,
    pub sha256: String,
}

/// Reads a file and hands over what is in it. A name that ends in `.gz` is unpacked.
///
/// # Errors
/// Those of `take`, a permanent one when it cannot be unpacked, an interruption when the host asks to stop.
pub fn read(folder: &Folder, name: &str, mut take: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<Found, Failure> {
    let during = |error: Error| Failure::from(error).during(&format!("reading {name}"));
    let damaged = |error: std::io::Error| Failure::permanent(format!("{name} cannot be unpacked: {error}"));
    let mut decoder = name.ends_with(".gz").then(|| MultiGzDecoder::new(Vec::new()));
    let (mut digest, mut size) = (Sha256::new(), 0);
    loop {
        if execution::should_stop() {
            return Err(Failure::interrupted(format!("stopped while reading {name}, as the host asked")));
        }
        let piece = folder.read(name, size, PIECE).map_err(during)?;
        if piece.is_empty() {
            break;
        }
        digest.update(&piece);
        size += piece.len() as u64;
        let Some(decoder) = &mut decoder else {
            take(&piece)?;
            continue;
        };
        for morsel in piece.chunks(MORSEL) {
            decoder.write_all(morsel).map_err(damaged)?;
            take(decoder.get_ref())?;
            decoder.get_mut().clear();
        }
    }
    if let Some(mut decoder) = decoder {
        decoder.try_finish().map_err(damaged)?;
        take(decoder.get_ref())?;
    }
    Ok(Found { size, sha256: hexadecimal(digest) })
}

/// A small file as a whole.
///
/// # Errors
/// As [`read`], and a permanent one when it is larger than `most`.
pub fn whole(folder: &Folder, name: &str, most: usize) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    read(folder, name, |piece| {
        content.extend_from_slice(piece);
        if content.len() > most {
            return Err(Failure::permanent(format!("{name} is larger than {most} bytes, which it should never be")));
        }
        Ok(())
    })?;
    Ok(content)
}
