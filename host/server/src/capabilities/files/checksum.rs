//! A file's SHA-256, kept with the file where its file system keeps attributes.
//!
//! It stands beside the size and the time of change that it holds for: a file that somebody has changed since has none.

use std::fmt::Write as _;
use std::fs::File;

use rustix::fs::{Stat, XattrFlags};
use sha2::{Digest as _, Sha256};

const ATTRIBUTE: &str = "user.sandglass.sha256";
/// Longest value that can be one of ours.
const LONGEST: usize = 128;

/// Hexadecimal digits of what was hashed.
pub(super) fn digits(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Keeps it, if the file system can. Call it after the last byte was written.
pub(super) fn keep(file: &File, stat: &Stat, digits: &str) {
    let value = format!("{digits} {}", state(stat));
    if let Err(error) = rustix::fs::fsetxattr(file, ATTRIBUTE, value.as_bytes(), XattrFlags::empty()) {
        tracing::debug!(%error, "a checksum is not kept: the file system has no attributes");
    }
}

/// What is kept, if it still holds.
pub(super) fn kept(file: &File, stat: &Stat) -> Option<String> {
    let mut value = [0; LONGEST];
    let length = rustix::fs::fgetxattr(file, ATTRIBUTE, &mut value).ok()?;
    let value = std::str::from_utf8(value.get(..length)?).ok()?;
    let (digits, of) = value.split_once(' ')?;
    let is_hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && of == state(stat)).then(|| digits.to_owned())
}

fn state(stat: &Stat) -> String {
    format!("{} {}.{:09}", stat.st_size, stat.st_mtime, stat.st_mtime_nsec)
}
