//! The log of the execution, which people read in the web interface.
//!
//! Tell the story at INFO and the details at DEBUG. Never write a secret.

use std::fmt::Display;

use crate::host;

pub use crate::bindings::sandglass::base::log::Level;

/// Names and values for programs, beside the text for people.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log::{self, Fields};
///
/// let (count, name) = (3, "orders");
/// let fields: &Fields<'_> = &[("count", &count), ("collection", &name)];
/// log::info("counted", fields);
/// assert_eq!(world.lines()[0].fields[0], ("count".to_owned(), "3".to_owned()));
/// ```
pub type Fields<'a> = [(&'a str, &'a dyn Display)];

/// Writes one line.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log::{self, Level};
///
/// log::write(Level::Trace, "one document", &[("id", &7)]);
/// assert_eq!(world.lines()[0].message, "one document");
/// ```
pub fn write(level: Level, message: impl AsRef<str>, fields: &Fields<'_>) {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect::<Vec<_>>();
    host::log::write(level, message.as_ref(), &fields);
}

/// What helps to find out why.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log;
///
/// log::debug("a batch was read", &[("collection", &"orders")]);
/// assert_eq!(world.lines()[0].message, "a batch was read");
/// ```
pub fn debug(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Debug, message, fields);
}

/// The story of the run.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log;
///
/// log::info("all orders were read", &[("collection", &"orders")]);
/// assert_eq!(world.lines()[0].message, "all orders were read");
/// ```
pub fn info(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Info, message, fields);
}

/// Something was not as it should be, and the run goes on.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log;
///
/// log::warn("an order has no status", &[("collection", &"orders")]);
/// assert_eq!(world.lines()[0].message, "an order has no status");
/// ```
pub fn warn(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Warn, message, fields);
}

/// Something failed.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log;
///
/// log::error("the orders cannot be read", &[("collection", &"orders")]);
/// assert_eq!(world.lines()[0].message, "the orders cannot be read");
/// ```
pub fn error(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Error, message, fields);
}
