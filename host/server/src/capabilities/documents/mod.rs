//! Documents in a database: the contract's `sandglass:documents`, against the trait `Database`.
//!
//! Texts are MongoDB Extended JSON v2. Every function passes the gate before it looks at anything else.

mod collection;
mod cursor;
mod fields;
mod json;
mod manage;
mod name;
mod narrowed;
mod pipeline;
mod write;

pub(super) use collection::refused;
pub use collection::{Collection, FindOptions, collections, open};
pub use cursor::{Cursor, RawCursor};
pub use fields::Fields;
pub use json::{document, documents, text};
pub use manage::{create, create_index, drop, drop_index, rename};
pub use name::CollectionName;
pub use write::{InsertReport, UpdateOptions, UpdateReport, delete, insert, insert_raw, update};

/// How much may cross at once.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of one batch of documents, in either direction, unless one document alone is larger.
    pub batch_bytes: usize,
    pub batch_documents: usize,
}
