//! Regular expressions of filters, on an engine that takes linear time whatever the pattern.
//!
//! Patterns are written for PCRE, as MongoDB's are; `translate` carries them over. What needs backtracking
//! (look-around, back-references) is refused with the reason.
//! Options: manual, "$regex" (<https://www.mongodb.com/docs/manual/reference/operator/query/regex/>).

use regex::{Regex, RegexBuilder};

use super::view::{Shape, View};
use crate::{Error, Result};

mod translate;

/// Memory that one compiled pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 2 * 1024 * 1024;
/// Memory that one pattern may take while it is searched with, for each thread, in bytes.
const MAX_SEARCH_BYTES: usize = 1024 * 1024;

/// A pattern with its options.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pattern: String,
    options: String,
    regex: Regex,
}

impl Pattern {
    pub(crate) fn compile(pattern: &str, options: &str) -> Result<Self> {
        Ok(Self { pattern: pattern.to_owned(), options: options.to_owned(), regex: compile(pattern, options)? })
    }

    /// Whether a text holds the pattern; a stored regular expression matches if it is the very same.
    pub(crate) fn matches<'a, V: View<'a>>(&self, value: V) -> bool {
        match value.shape() {
            Shape::String(text) => self.regex.is_match(text),
            Shape::Regex { pattern, options } => pattern == self.pattern && options == self.options,
            _ => false,
        }
    }
}

/// Compiles a pattern with the options `i` (letter case), `m` (lines), `s` (dot matches newline), `x` (free layout),
/// `u` (no effect: text is always UTF-8).
///
/// # Errors
/// [`Error::Unsupported`] for look-around, back-references and other backtracking, [`Error::Invalid`] for a pattern
/// or an option that is wrong.
pub fn compile(pattern: &str, options: &str) -> Result<Regex> {
    if let Some(unknown) = options.chars().find(|option| !"imsxu".contains(*option)) {
        return Err(Error::invalid(format!("a regular expression has no option {unknown}: use i, m, s, x")));
    }
    if pattern.contains('\0') {
        return Err(Error::invalid("a regular expression cannot hold a zero byte"));
    }
    let has = |option| options.contains(option);
    let translated = translate::translate(pattern, has('x'), has('m'))?;
    RegexBuilder::new(&translated)
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .ignore_whitespace(has('x'))
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_SEARCH_BYTES)
        .build()
        .map_err(|error| Error::invalid(format!("the regular expression {pattern:?} is wrong: {error}")))
}
