//! What is known of a file, wherever it lies.

use chrono::{DateTime, Utc};

/// One finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    pub name: String,
    pub size: u64,
    pub modified: DateTime<Utc>,
    /// In hexadecimal digits; kept with files that were written here, where the store can keep it.
    pub sha256: Option<String>,
}
