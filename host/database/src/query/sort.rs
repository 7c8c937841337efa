//! Orders of documents by several fields, through keys that are made once a document.
//!
//! Rule: manual, "Sort Order with arrays": ascending takes the smallest element, descending the largest; a missing
//! field is null and an empty array comes before it (<https://www.mongodb.com/docs/manual/reference/method/cursor.sort/>).

use std::{cell::Cell, cmp::Ordering};

use bson::{Document, RawDocument};

use super::{
    key::encode_view,
    number::Number,
    order::compare_views,
    path::{Entering, KeyValue, Path, encode_found},
    view::{Raw, Tree, View},
};
use crate::{Error, Result};

/// MongoDB's own bound.
const MAX_FIELDS: usize = 32;

/// A compiled sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    fields: Vec<(Path, bool)>,
}

impl Sort {
    /// # Errors
    /// [`Error::Invalid`] for a direction that is not 1 or -1, an empty name or more than 32 fields;
    /// [`Error::Unsupported`] for `$meta`.
    pub fn compile(sort: &Document) -> Result<Self> {
        super::allow::check_command("a sort", sort)?;
        if sort.len() > MAX_FIELDS {
            return Err(Error::invalid(format!("a sort takes at most {MAX_FIELDS} fields, not {}", sort.len())));
        }
        let fields = sort
            .iter()
            .map(|(name, direction)| {
                if let bson::Bson::Document(meta) = direction
                    && meta.contains_key("$meta")
                {
                    return Err(Error::unsupported("sort by $meta"));
                }
                if name.split('.').any(|part| part.is_empty() || part.starts_with('$')) {
                    return Err(Error::invalid(format!("a sort cannot use the path {name:?}")));
                }
                match Number::from_bson(direction).and_then(Number::truncated) {
                    Some(1) => Ok((Path::parse(name)?, false)),
                    Some(-1) => Ok((Path::parse(name)?, true)),
                    _ => Err(Error::invalid(format!("the direction of {name} must be 1 or -1, not {direction}"))),
                }
            })
            .collect::<Result<_>>()?;
        Ok(Self { fields })
    }

    /// The fields in order, and whether each is descending.
    pub fn fields(&self) -> impl Iterator<Item = (&str, bool)> {
        self.fields.iter().map(|(path, descending)| (path.text(), *descending))
    }

    /// Nothing to sort by.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The order of two documents. For more than a few, make [`key`](Self::key)s and compare those.
    pub fn compare(&self, a: &Document, b: &Document) -> Ordering {
        self.key(a).cmp(&self.key(b))
    }

    /// The sort key of a document: byte order of keys is the order of documents.
    pub fn key(&self, document: &Document) -> Vec<u8> {
        self.key_of(Tree::Document(document))
    }

    /// As [`key`](Self::key), from the stored bytes.
    ///
    /// # Errors
    /// [`Error::Corrupted`] for bytes that are not a document.
    pub fn key_raw(&self, document: &RawDocument) -> Result<Vec<u8>> {
        let damaged = Cell::new(false);
        let key = self.key_of(Raw::new(document, &damaged));
        if damaged.get() { Err(Error::Corrupted { message: "a document cannot be decoded".into() }) } else { Ok(key) }
    }

    fn key_of<'a, V: View<'a>>(&self, root: V) -> Vec<u8> {
        let mut key = Vec::with_capacity(16 * self.fields.len());
        for (path, descending) in &self.fields {
            if let Some(value) = path.only(root) {
                encode_found(value.map_or(KeyValue::Missing, KeyValue::Value), *descending, &mut key);
                continue;
            }
            let mut best: Option<KeyValue<V>> = None;
            path.each_key_value(root, Entering::Order, &mut |value| {
                let better = best.as_ref().is_none_or(|known| {
                    let order = compare_key_values(&value, known);
                    if *descending { order == Ordering::Greater } else { order == Ordering::Less }
                });
                if better {
                    best = Some(value);
                }
            });
            encode_found(best.unwrap_or(KeyValue::Missing), *descending, &mut key);
        }
        key
    }

    /// Sorts by keys made once; documents with equal keys keep their order.
    pub fn sort(&self, documents: &mut [Document]) {
        if self.fields.is_empty() {
            return;
        }
        documents.sort_by_cached_key(|document| self.key(document));
    }
}

fn compare_key_values<'a, V: View<'a>>(a: &KeyValue<V>, b: &KeyValue<V>) -> Ordering {
    match (a, b) {
        (KeyValue::Value(a), KeyValue::Value(b)) => compare_views(*a, *b),
        _ => {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            key_value(a, &mut left);
            key_value(b, &mut right);
            left.cmp(&right)
        }
    }
}

fn key_value<'a, V: View<'a>>(value: &KeyValue<V>, out: &mut Vec<u8>) {
    match value {
        KeyValue::Value(value) => encode_view(*value, false, out),
        KeyValue::Missing => encode_found(KeyValue::<V>::Missing, false, out),
        KeyValue::EmptyArray => encode_found(KeyValue::<V>::EmptyArray, false, out),
    }
}
