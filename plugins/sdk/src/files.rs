//! Files in folders that an operator has set up. Names may have folders inside the label; each part is a plain name.

use crate::{Error, host};

pub use crate::bindings::sandglass::files::read::Info;
pub use crate::bindings::sandglass::files::write::WriterOptions;

/// A folder, opened for this run.
#[derive(Debug)]
pub struct Folder {
    handle: host::files::Folder,
}

impl Folder {
    /// Opens the folder of that label, such as `exports`.
    ///
    /// # Errors
    /// `denied` when no grant covers it.
    pub fn open(label: &str) -> Result<Self, Error> {
        host::files::Folder::open(label).map(|handle| Self { handle })
    }

    /// What is known of one file.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    pub fn info(&self, name: &str) -> Result<Info, Error> {
        self.handle.info(name)
    }

    /// Files whose names begin with `prefix`, sorted by name, after the name `after`, at most `max` of them. Empty
    /// at the end.
    ///
    /// # Errors
    /// When the store does not answer.
    pub fn entries(&self, prefix: &str, after: Option<&str>, max: u32) -> Result<Vec<Info>, Error> {
        self.handle.entries(prefix, after, max)
    }

    /// Bytes of a file from `offset` on, at most `max`. Empty at the end.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    pub fn read(&self, name: &str, offset: u64, max: u32) -> Result<Vec<u8>, Error> {
        self.handle.read(name, offset, max)
    }

    /// Begins a file.
    ///
    /// # Errors
    /// `conflict` when it exists and may not be overwritten, `denied` without a grant to write.
    pub fn create(&self, name: &str, options: &WriterOptions) -> Result<Writer, Error> {
        host::files::Writer::create(&self.handle, name, options).map(|handle| Writer { handle })
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// `not-found` when it does not exist, `denied` without a grant to write.
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        host::files::delete(&self.handle, name)
    }
}

/// A file being written. It appears only when it is finished; dropped before, it stores nothing.
#[derive(Debug)]
pub struct Writer {
    handle: host::files::Writer,
}

impl Writer {
    /// Adds bytes at the end. Hand over pieces of some ten kilobytes: each call crosses the sandbox.
    ///
    /// # Errors
    /// `limit` when the file or the folder is full.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.handle.write(bytes)
    }

    /// Stores the file durably under its name.
    ///
    /// # Errors
    /// `conflict` when a file of that name appeared meanwhile.
    pub fn finish(self) -> Result<Info, Error> {
        host::files::Writer::finish(self.handle)
    }
}
