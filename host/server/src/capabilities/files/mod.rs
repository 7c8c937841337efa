//! Files in folders that an operator has set up: the contract's `sandglass:files`.
//!
//! Templates know labels. Names are checked by a pure policy (`name.rs`). Where the bytes lie is behind one trait
//! (`store.rs`): a folder of this machine (`local.rs`), in which names are resolved part by part without following a link,
//! or an object store (`object`). A file gets its name in one step when it is finished; whatever ends a run before leaves
//! nothing. Nothing here blocks a thread that runs guests.

mod checksum;
mod created;
mod draft;
mod fault;
mod folder;
mod folders;
mod info;
mod journal;
mod list;
mod local;
mod local_store;
mod mark;
mod name;
mod object;
mod place;
mod space;
mod store;
mod target;
#[cfg(test)]
mod tests;
mod work;
mod writer;

pub use created::Books;
pub(super) use created::asks_for_removal;
pub use folder::{Folder, delete, open};
pub use folders::{FolderSetupError, Folders};
pub use info::FileInfo;
pub(super) use journal::{Attempt, Journal};
pub use name::FileName;
pub use writer::{Writer, WriterOptions, create};
