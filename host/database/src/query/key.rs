//! Keys: bytes whose order is the order of the values, so that a tree of bytes serves as an index and a sort.
//!
//! A value is its type's rank and then its content; every encoding ends by itself, so parts can be put one after
//! the other and a part can be inverted for a descending field. Numbers that are equal encode equally.

use std::ops::Bound;

use bson::{Bson, Document, RawDocument};

use super::{
    number::Number,
    order::rank,
    path::{Entering, KeyValue, Path, encode_found},
    view::{Raw, Shape, Tree, View},
};
use crate::{Error, Result};

/// Appends the key of `value`. Byte order of ascending keys is the order of [`compare`](super::order::compare).
pub fn encode(value: &Bson, descending: bool, out: &mut Vec<u8>) {
    encode_view(Tree::Value(value), descending, out);
}

/// The ascending key of one value.
pub fn of(value: &Bson) -> Vec<u8> {
    let mut out = Vec::with_capacity(16);
    encode(value, false, &mut out);
    out
}

/// The key of what a descending field holds, from its ascending key.
pub fn invert(key: &mut [u8]) {
    for byte in key {
        *byte = !*byte;
    }
}

/// All entries that `document` has in an index over `keys`: one for each element of an array on the way, sorted,
/// each once. A missing field is null, an empty array comes before null.
///
/// Rule: manual, "Multikey Indexes" (<https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/>).
///
/// # Errors
/// [`Error::Invalid`] if two fields of one index hold arrays, or a direction is not 1 or -1.
pub fn entries(keys: &Document, document: &Document) -> Result<Vec<Vec<u8>>> {
    Layout::compile(keys)?.entries(document)
}

/// An index definition made ready for many documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    fields: Vec<(Path, bool)>,
}

impl Layout {
    /// # Errors
    /// [`Error::Invalid`] for no field, an empty name or a direction that is not a positive or negative number.
    pub fn compile(keys: &Document) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::invalid("an index needs at least one field"));
        }
        let fields = keys
            .iter()
            .map(|(name, direction)| {
                let number = Number::from_bson(direction).and_then(Number::as_exact_i64).filter(|number| *number != 0);
                let number = number.ok_or_else(|| {
                    Error::invalid(format!("the direction of index field {name} must be 1 or -1, not {direction}"))
                })?;
                Ok((Path::parse(name)?, number < 0))
            })
            .collect::<Result<_>>()?;
        Ok(Self { fields })
    }

    /// The fields in order, and whether each is descending.
    pub fn fields(&self) -> impl Iterator<Item = (&str, bool)> {
        self.fields.iter().map(|(path, descending)| (path.text(), *descending))
    }

    /// As [`entries`].
    ///
    /// # Errors
    /// [`Error::Invalid`] if two fields hold arrays.
    pub fn entries(&self, document: &Document) -> Result<Vec<Vec<u8>>> {
        self.entries_of(Tree::Document(document))
    }

    /// As [`entries`], from the stored bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] if two fields hold arrays, [`Error::Corrupted`] for bytes that are not a document.
    pub fn entries_raw(&self, document: &RawDocument) -> Result<Vec<Vec<u8>>> {
        let damaged = std::cell::Cell::new(false);
        let entries = self.entries_of(Raw::new(document, &damaged));
        if damaged.get() { Err(Error::Corrupted { message: "a document cannot be decoded".into() }) } else { entries }
    }

    /// Whether the document has any of the fields: only then does a sparse index hold it.
    pub fn has_any(&self, document: &Document) -> bool {
        self.fields.iter().any(|(path, _)| path.exists(Tree::Document(document)))
    }

    /// Whether some field of `document` goes through an array, so that the order of entries is not the sort order.
    pub fn is_multikey(&self, document: &Document) -> bool {
        self.fields.iter().any(|(path, _)| path.meets_array(Tree::Document(document)))
    }

    /// What the document holds in the fields, in index order, to name a duplicate; null where it holds nothing.
    pub fn values(&self, document: &Document) -> Bson {
        let value = |path: &Path| {
            let mut first = None;
            path.visit(Tree::Document(document), Entering::Named, &mut |found| {
                first = found.value.map(Tree::to_bson);
                true
            });
            first.unwrap_or(Bson::Null)
        };
        Bson::Array(self.fields.iter().map(|(path, _)| value(path)).collect())
    }

    fn entries_of<'a, V: View<'a>>(&self, document: V) -> Result<Vec<Vec<u8>>> {
        let mut all: Vec<Vec<u8>> = vec![Vec::with_capacity(16 * self.fields.len())];
        let mut array: Option<&Path> = None;
        for (path, descending) in &self.fields {
            // By far the most documents have no array in an indexed field.
            if let (Some(value), [entry]) = (path.only(document), all.as_mut_slice()) {
                encode_found(value.map_or(KeyValue::Missing, KeyValue::Value), *descending, entry);
                continue;
            }
            let parts = path.keys(document, *descending);
            if parts.len() > 1 || path.meets_array(document) {
                if let Some(other) = array
                    && self.fields.len() > 1
                    && !shares_array(other, path, document)
                {
                    return Err(Error::invalid(format!(
                        "an index cannot hold a document with arrays in both {} and {}",
                        other.text(),
                        path.text()
                    )));
                }
                array = Some(path);
            }
            all = match parts.as_slice() {
                [only] => {
                    for entry in &mut all {
                        entry.extend_from_slice(only);
                    }
                    all
                }
                several => all
                    .iter()
                    .flat_map(|entry| several.iter().map(move |part| [entry.as_slice(), part].concat()))
                    .collect(),
            };
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// Fields of the same array of documents (`items.name`, `items.count`) may stand in one index. Their entries are all
/// combinations, which is more than MongoDB keeps; a filter decides afterwards anyway.
fn shares_array<'a, V: View<'a>>(a: &Path, b: &Path, document: V) -> bool {
    let (Some(x), Some(y)) = (a.array_prefix(document), b.array_prefix(document)) else { return false };
    x == y && a.array_depth(document) <= 1 && b.array_depth(document) <= 1
}

/// The interval of ascending keys that hold values of the type of `value`.
pub(crate) fn bracket<'a, V: View<'a>>(value: V) -> (Vec<u8>, Vec<u8>) {
    let kind = rank(&value.shape());
    (vec![kind], vec![kind + 1])
}

/// The two ends of an interval of keys that begin with `prefix`.
pub fn prefixed(prefix: &[u8]) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return (Bound::Included(prefix.to_vec()), Bound::Excluded(end));
        }
    }
    (Bound::Included(prefix.to_vec()), Bound::Unbounded)
}

pub(crate) fn encode_view<'a, V: View<'a>>(value: V, descending: bool, out: &mut Vec<u8>) {
    let start = out.len();
    let shape = value.shape();
    out.push(rank(&shape));
    body(value, shape, out);
    if descending && let Some(part) = out.get_mut(start..) {
        invert(part);
    }
}

/// The key that an empty array has: between MinKey and null, as in MongoDB.
pub(crate) fn encode_empty_array(descending: bool, out: &mut Vec<u8>) {
    encode(&Bson::Undefined, descending, out);
}

fn body<'a, V: View<'a>>(value: V, shape: Shape<'a, V>, out: &mut Vec<u8>) {
    match shape {
        Shape::MinKey | Shape::Undefined | Shape::Null | Shape::MaxKey => {}
        Shape::Number(number) => encode_number(number, out),
        Shape::String(text) | Shape::Code(text) => encode_text(text, out),
        Shape::Document => fields(value, out),
        Shape::Array => {
            for item in value.items() {
                encode_view(item, false, out);
            }
            out.push(0);
        }
        Shape::Binary { subtype, bytes } => {
            out.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            out.push(subtype);
            out.extend_from_slice(bytes);
        }
        Shape::ObjectId(id) => out.extend_from_slice(&id),
        Shape::Boolean(flag) => out.push(u8::from(flag)),
        Shape::DateTime(milliseconds) => {
            out.extend_from_slice(&(milliseconds.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
        Shape::Timestamp { time, increment } => {
            out.extend_from_slice(&time.to_be_bytes());
            out.extend_from_slice(&increment.to_be_bytes());
        }
        Shape::Regex { pattern, options } => {
            encode_text(pattern, out);
            encode_text(options, out);
        }
        Shape::DbPointer(text) => encode_text(&text, out),
        Shape::CodeWithScope { code, scope } => {
            encode_text(code, out);
            fields(scope, out);
        }
    }
}

fn fields<'a, V: View<'a>>(document: V, out: &mut Vec<u8>) {
    for (name, value) in document.fields() {
        let shape = value.shape();
        out.push(rank(&shape));
        encode_text(name, out);
        body(value, shape, out);
    }
    out.push(0);
}

/// A zero byte inside becomes 0 255; 0 0 is the end.
fn encode_text(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        out.push(byte);
        if byte == 0 {
            out.push(u8::MAX);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn encode_number(number: Number, out: &mut Vec<u8>) {
    let point = number.point();
    out.extend_from_slice(&point.floor.to_be_bytes());
    let Some(rest) = point.rest else {
        out.push(0);
        return;
    };
    out.push(1);
    let start = out.len();
    out.extend_from_slice(&(rest.magnitude.cast_unsigned() ^ (1 << 31)).to_be_bytes());
    out.extend_from_slice(&rest.digits.to_be_bytes());
    if rest.negative
        && let Some(part) = out.get_mut(start..)
    {
        invert(part);
    }
}
