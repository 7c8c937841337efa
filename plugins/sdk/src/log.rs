//! The log of the execution, which people read in the web interface.
//!
//! Tell the story at INFO and the details at DEBUG. Never write a secret.

use std::fmt::Display;

use crate::host;

pub use crate::bindings::sandglass::base::log::Level;

/// Names and values for programs, beside the text for people.
pub type Fields<'a> = [(&'a str, &'a dyn Display)];

/// Writes one line.
pub fn write(level: Level, message: impl AsRef<str>, fields: &Fields<'_>) {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect::<Vec<_>>();
    host::log::write(level, message.as_ref(), &fields);
}

/// What helps to find out why.
pub fn debug(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Debug, message, fields);
}

/// The story of the run.
pub fn info(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Info, message, fields);
}

/// Something was not as it should be, and the run goes on.
pub fn warn(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Warn, message, fields);
}

/// Something failed.
pub fn error(message: impl AsRef<str>, fields: &Fields<'_>) {
    write(Level::Error, message, fields);
}
