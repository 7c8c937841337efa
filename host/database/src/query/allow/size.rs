//! Bounds on what comes in: depth, size, number of values and of regular expressions.

use bson::{Bson, Document};

use crate::{Error, Result};

/// Deepest nesting of a document or command.
pub const MAX_DEPTH: usize = 100;
/// Largest document, in bytes: 16 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// Largest filter, update, sort or pipeline, in bytes: 1 MiB. A replacement counts as a document.
pub const MAX_COMMAND_BYTES: usize = 1024 * 1024;
/// Most values in one command.
pub const MAX_COMMAND_ELEMENTS: usize = 100_000;

/// Most regular expressions in one filter: each is compiled and takes memory.
pub const MAX_PATTERNS: usize = 100;

/// Most conditions in one filter: each may be asked of every document.
pub const MAX_CONDITIONS: usize = 2_000;

/// Bounds of a part of a command: depth, size and number of values.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Invalid`], naming `what`.
pub fn check_command(what: &str, document: &Document) -> Result<()> {
    check(what, document, MAX_COMMAND_BYTES, MAX_COMMAND_ELEMENTS).map(|_| ())
}

/// Bounds of a document that is to be stored: depth and size.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Invalid`].
pub fn check_document(document: &Document) -> Result<()> {
    check("a document", document, MAX_DOCUMENT_BYTES, usize::MAX).map(|_| ())
}

/// Bounds the regular expressions of a condition.
///
/// # Errors
/// [`Error::Invalid`] beyond [`MAX_PATTERNS`], naming `what`.
pub fn check_patterns(what: &str, document: &Document) -> Result<()> {
    let count = patterns(document.iter());
    if count > MAX_PATTERNS {
        return Err(Error::invalid(format!(
            "{what} holds {count} regular expressions, at most {MAX_PATTERNS} are allowed"
        )));
    }
    Ok(())
}

/// Bounds the conditions of a filter.
///
/// # Errors
/// [`Error::Invalid`] beyond [`MAX_CONDITIONS`].
pub(in crate::query) fn check_conditions(count: usize) -> Result<()> {
    if count > MAX_CONDITIONS {
        return Err(Error::invalid(format!(
            "a filter holds {count} conditions, at most {MAX_CONDITIONS} are allowed; $in takes a long list of values as one"
        )));
    }
    Ok(())
}

fn patterns<'d>(fields: impl Iterator<Item = (&'d String, &'d Bson)>) -> usize {
    fields.map(|(name, value)| usize::from(name == "$regex" && matches!(value, Bson::String(_))) + inside(value)).sum()
}

fn inside(value: &Bson) -> usize {
    match value {
        Bson::RegularExpression(_) => 1,
        Bson::Document(document) => patterns(document.iter()),
        Bson::Array(items) => items.iter().map(inside).sum(),
        _ => 0,
    }
}

/// Encoded size in bytes. Deeper than [`MAX_DEPTH`] it is not counted.
pub fn encoded_size(document: &Document) -> usize {
    check("a document", document, usize::MAX, usize::MAX).unwrap_or_default()
}

/// Encoded size in bytes, counted without encoding.
fn check(what: &str, document: &Document, max_bytes: usize, max_elements: usize) -> Result<usize> {
    let mut elements = 0;
    let size = size_of_document(what, document, 1, &mut elements)?;
    if size > max_bytes {
        return Err(Error::TooLarge {
            what: what.to_owned(),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            limit: u64::try_from(max_bytes).unwrap_or(u64::MAX),
        });
    }
    if elements > max_elements {
        return Err(Error::invalid(format!("{what} holds {elements} values, at most {max_elements} are allowed")));
    }
    Ok(size)
}

fn size_of_document(what: &str, document: &Document, depth: usize, elements: &mut usize) -> Result<usize> {
    if depth > MAX_DEPTH {
        return Err(Error::invalid(format!("{what} is nested deeper than {MAX_DEPTH} levels")));
    }
    let mut size = 5;
    for (name, value) in document {
        size += 2 + name.len() + size_of(what, value, depth, elements)?;
    }
    Ok(size)
}

fn size_of(what: &str, value: &Bson, depth: usize, elements: &mut usize) -> Result<usize> {
    *elements += 1;
    Ok(match value {
        Bson::Document(document) => size_of_document(what, document, depth + 1, elements)?,
        Bson::Array(items) => {
            if depth >= MAX_DEPTH {
                return Err(Error::invalid(format!("{what} is nested deeper than {MAX_DEPTH} levels")));
            }
            let mut size = 5;
            for (index, item) in items.iter().enumerate() {
                let digits = usize::try_from(index.checked_ilog10().unwrap_or(0)).unwrap_or_default() + 1;
                size += 2 + digits + size_of(what, item, depth + 1, elements)?;
            }
            size
        }
        Bson::JavaScriptCodeWithScope(both) => {
            9 + both.code.len() + size_of_document(what, &both.scope, depth + 1, elements)?
        }
        Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => 5 + text.len(),
        Bson::Binary(binary) => 5 + binary.bytes.len(),
        Bson::RegularExpression(regex) => 2 + regex.pattern.len() + regex.options.len(),
        Bson::Decimal128(_) => 16,
        Bson::ObjectId(_) => 12,
        Bson::Double(_) | Bson::Int64(_) | Bson::DateTime(_) | Bson::Timestamp(_) => 8,
        Bson::Int32(_) => 4,
        Bson::Boolean(_) => 1,
        Bson::Null | Bson::Undefined | Bson::MinKey | Bson::MaxKey => 0,
        Bson::DbPointer(_) => 32,
    })
}
