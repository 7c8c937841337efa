//! What is wrong with a schedule, told to the person who wrote it.
//!
//! Every problem names the JSON field, what was found and the way out. Nothing here knows HTTP: the server puts
//! these beside its own problems, under the pointer of the `schedule` object.

use std::fmt;

use serde::Serialize;

/// One reason why a [`Schedule`](crate::Schedule) is refused (T6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field of the `schedule` object, as a path without a leading slash: `expression`, `dst/gap`.
    pub field: &'static str,
    /// A stable slug for programs.
    pub code: &'static str,
    /// For people: what was found, and what to write instead.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { field, code, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for Problem {}
