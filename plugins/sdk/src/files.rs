//! Files in folders that an operator has set up. Names may have folders inside the label; each part is a plain name.

use crate::{Error, host};

pub use crate::bindings::sandglass::files::read::Info;
pub use crate::bindings::sandglass::files::write::WriterOptions;

/// A folder, opened for this run.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.file("exports", "2027/orders.csv", b"a,b");
/// use sandglass_sdk::files::{Folder, WriterOptions};
///
/// let exports = Folder::open("exports")?;
/// assert_eq!(exports.read("2027/orders.csv", 0, 1_024)?, b"a,b");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    handle: host::files::Folder,
}

impl Folder {
    /// Opens the folder of that label, such as `exports`.
    ///
    /// # Errors
    /// `denied` when no grant covers it.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// assert!(exports.entries("", None, 10)?.is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn open(label: &str) -> Result<Self, Error> {
        host::files::Folder::open(label).map(|handle| Self { handle })
    }

    /// What is known of one file.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.file("exports", "2027/orders.csv", b"a,b");
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// assert_eq!(exports.info("2027/orders.csv")?.size, 3);
    /// assert_eq!(exports.info("2026/orders.csv").unwrap_err().reason, "unknown-file");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn info(&self, name: &str) -> Result<Info, Error> {
        self.handle.info(name)
    }

    /// Files whose names begin with `prefix`, sorted by name, after the name `after`, at most `max` of them. Empty
    /// at the end.
    ///
    /// # Errors
    /// When the store does not answer.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.file("exports", "2027/orders.csv", b"a,b");
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// let found = exports.entries("2027/", None, 1_000)?;
    /// assert_eq!(found[0].name, "2027/orders.csv");
    /// assert!(exports.entries("2027/", Some(&found[0].name), 1_000)?.is_empty(), "the next page");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn entries(&self, prefix: &str, after: Option<&str>, max: u32) -> Result<Vec<Info>, Error> {
        self.handle.entries(prefix, after, max)
    }

    /// Bytes of a file from `offset` on, at most `max`. Empty at the end.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.file("exports", "2027/orders.csv", b"a,b");
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// assert_eq!(exports.read("2027/orders.csv", 2, 1_024)?, b"b");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn read(&self, name: &str, offset: u64, max: u32) -> Result<Vec<u8>, Error> {
        self.handle.read(name, offset, max)
    }

    /// Begins a file.
    ///
    /// # Errors
    /// `conflict` when it exists and may not be overwritten, `denied` without a grant to write.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// let options = WriterOptions { overwrite: false, content_type: Some("text/csv".into()) };
    /// let writer = exports.create("orders.csv", &options)?;
    /// writer.write(b"a,b\n")?;
    /// writer.finish()?;
    /// assert_eq!(world.files("exports"), [("orders.csv".to_owned(), b"a,b\n".to_vec())]);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn create(&self, name: &str, options: &WriterOptions) -> Result<Writer, Error> {
        host::files::Writer::create(&self.handle, name, options).map(|handle| Writer { handle })
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// `not-found` when it does not exist, `denied` without a grant to write.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.file("exports", "2027/orders.csv", b"a,b");
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// exports.delete("2027/orders.csv")?;
    /// assert!(world.files("exports").is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        host::files::delete(&self.handle, name)
    }
}

/// A file being written. It appears only when it is finished; dropped before, it stores nothing.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::files::{Folder, WriterOptions};
///
/// let exports = Folder::open("exports")?;
/// let options = WriterOptions { overwrite: false, content_type: None };
/// let writer = exports.create("orders.csv", &options)?;
/// writer.write(b"a,b\n")?;
/// drop(writer);
/// assert!(world.files("exports").is_empty(), "it was not finished");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    handle: host::files::Writer,
}

impl Writer {
    /// Adds bytes at the end. Hand over pieces of some ten kilobytes: each call crosses the sandbox.
    ///
    /// # Errors
    /// `limit` when the file or the folder is full.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// let writer = exports.create("orders.csv", &WriterOptions { overwrite: true, content_type: None })?;
    /// writer.write(b"first ")?;
    /// writer.write(b"second")?;
    /// assert_eq!(writer.finish()?.size, 12);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.handle.write(bytes)
    }

    /// Stores the file durably under its name.
    ///
    /// # Errors
    /// `conflict` when a file of that name appeared meanwhile.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::files::{Folder, WriterOptions};
    ///
    /// let exports = Folder::open("exports")?;
    /// let writer = exports.create("empty.txt", &WriterOptions { overwrite: true, content_type: None })?;
    /// let info = writer.finish()?;
    /// assert_eq!((info.name.as_str(), info.size), ("empty.txt", 0));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn finish(self) -> Result<Info, Error> {
        host::files::Writer::finish(self.handle)
    }
}
