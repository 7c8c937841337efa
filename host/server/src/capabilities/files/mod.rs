//! Files in folders that an operator has set up: the contract's `sandglass:files`.
//!
//! Templates know labels. Names are checked by a pure policy (`name.rs`) and resolved part by part without following a
//! link (`local.rs`). A file is written under a name of ours and gets its own in one step when it is finished; whatever
//! ends a run before leaves nothing. Nothing here blocks a thread that runs guests.

mod checksum;
mod created;
mod draft;
mod fault;
mod folder;
mod folders;
mod journal;
mod list;
mod local;
mod name;
mod space;
mod target;
#[cfg(test)]
mod tests;
mod work;
mod writer;

pub use created::Books;
pub(super) use created::asks_for_removal;
pub use folder::{Folder, delete, open};
pub use folders::{FolderSetupError, Folders};
pub(super) use journal::{Attempt, Journal};
pub use local::FileInfo;
pub use name::FileName;
pub use writer::{Writer, WriterOptions, create};
