//! Random bytes.

use crate::host;

/// `length` bytes, good enough for keys; at most 65,536.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::random;
///
/// assert_eq!(random::bytes(16).len(), 16);
/// ```
#[must_use]
pub fn bytes(length: u32) -> Vec<u8> {
    host::random::bytes(length)
}

/// `length` random bytes as small hexadecimal digits, two for each byte.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::random;
///
/// let name = format!("export-{}.csv", random::hex(4));
/// assert_eq!(name.len(), "export-01234567.csv".len());
/// ```
#[must_use]
pub fn hex(length: u32) -> String {
    bytes(length).iter().map(|byte| format!("{byte:02x}")).collect()
}
