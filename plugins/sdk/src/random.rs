//! Random bytes.

use crate::host;

/// `length` bytes, good enough for keys; at most 65,536.
#[must_use]
pub fn bytes(length: u32) -> Vec<u8> {
    host::random::bytes(length)
}

/// `length` random bytes as small hexadecimal digits, two for each byte.
#[must_use]
pub fn hex(length: u32) -> String {
    bytes(length).iter().map(|byte| format!("{byte:02x}")).collect()
}
