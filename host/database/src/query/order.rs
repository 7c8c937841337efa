//! MongoDB's order of types and values, and the two equalities: as filters mean it, and byte for byte.
//!
//! Rule: manual, "Comparison/Sort Order" (<https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>).
//! Documents compare field by field: type of the value, then name, then value; a shorter one comes first.

use std::cmp::Ordering;

use bson::{Bson, Document};

use super::view::{Shape, Tree, View};

/// Total order over all values: MinKey, undefined, null, numbers, strings and symbols, documents, arrays, binary,
/// ObjectId, boolean, date, timestamp, regular expression, pointer, code, code with scope, MaxKey.
pub fn compare(a: &Bson, b: &Bson) -> Ordering {
    compare_views(Tree::Value(a), Tree::Value(b))
}

/// As [`compare`], for whole documents.
pub fn compare_documents(a: &Document, b: &Document) -> Ordering {
    compare_views(Tree::Document(a), Tree::Document(b))
}

/// Equality as filters mean it: numbers by value whatever their type, documents with their fields in order.
pub fn same(a: &Bson, b: &Bson) -> bool {
    compare(a, b) == Ordering::Equal
}

/// Equality of type and bytes: `1` and `1.0` differ, `0.0` and `-0.0` differ, NaN equals NaN. Decides whether an
/// update changed anything.
pub fn identical(a: &Bson, b: &Bson) -> bool {
    match (a, b) {
        (Bson::Double(a), Bson::Double(b)) => a.to_bits() == b.to_bits(),
        (Bson::Array(a), Bson::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| identical(a, b)),
        (Bson::Document(a), Bson::Document(b)) => identical_documents(a, b),
        _ => a == b,
    }
}

/// As [`identical`], for whole documents; the order of fields counts.
pub fn identical_documents(a: &Document, b: &Document) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((name, value), (other, against))| name == other && identical(value, against))
}

/// Place of a type in the order. Values with the same rank can be compared by a filter's `$lt` and its like.
pub(crate) fn rank<'a, V: View<'a>>(shape: &Shape<'a, V>) -> u8 {
    match shape {
        Shape::MinKey => 1,
        Shape::Undefined => 2,
        Shape::Null => 3,
        Shape::Number(_) => 4,
        Shape::String(_) => 5,
        Shape::Document => 6,
        Shape::Array => 7,
        Shape::Binary { .. } => 8,
        Shape::ObjectId(_) => 9,
        Shape::Boolean(_) => 10,
        Shape::DateTime(_) => 11,
        Shape::Timestamp { .. } => 12,
        Shape::Regex { .. } => 13,
        Shape::DbPointer(_) => 14,
        Shape::Code(_) => 15,
        Shape::CodeWithScope { .. } => 16,
        Shape::MaxKey => 127,
    }
}

pub(crate) fn compare_views<'a, 'b, A: View<'a>, B: View<'b>>(a: A, b: B) -> Ordering {
    let (left, right) = (a.shape(), b.shape());
    match (&left, &right) {
        (Shape::Number(x), Shape::Number(y)) => x.compare(*y),
        (Shape::String(x), Shape::String(y)) | (Shape::Code(x), Shape::Code(y)) => x.as_bytes().cmp(y.as_bytes()),
        (Shape::Document, Shape::Document) => compare_fields(a, b),
        (Shape::Array, Shape::Array) => compare_items(a, b),
        (Shape::Binary { subtype: s, bytes: x }, Shape::Binary { subtype: t, bytes: y }) => {
            x.len().cmp(&y.len()).then(s.cmp(t)).then_with(|| x.cmp(y))
        }
        (Shape::ObjectId(x), Shape::ObjectId(y)) => x.cmp(y),
        (Shape::Boolean(x), Shape::Boolean(y)) => x.cmp(y),
        (Shape::DateTime(x), Shape::DateTime(y)) => x.cmp(y),
        (Shape::Timestamp { time: s, increment: x }, Shape::Timestamp { time: t, increment: y }) => {
            s.cmp(t).then(x.cmp(y))
        }
        (Shape::Regex { pattern: p, options: o }, Shape::Regex { pattern: q, options: r }) => p.cmp(q).then(o.cmp(r)),
        (Shape::DbPointer(x), Shape::DbPointer(y)) => x.cmp(y),
        (Shape::CodeWithScope { code: x, scope: s }, Shape::CodeWithScope { code: y, scope: t }) => {
            x.cmp(y).then_with(|| compare_fields(*s, *t))
        }
        _ => rank(&left).cmp(&rank(&right)),
    }
}

fn compare_fields<'a, 'b, A: View<'a>, B: View<'b>>(a: A, b: B) -> Ordering {
    let (mut left, mut right) = (a.fields(), b.fields());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((name, value)), Some((other, against))) => {
                let order = rank(&value.shape())
                    .cmp(&rank(&against.shape()))
                    .then_with(|| name.as_bytes().cmp(other.as_bytes()))
                    .then_with(|| compare_views(value, against));
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn compare_items<'a, 'b, A: View<'a>, B: View<'b>>(a: A, b: B) -> Ordering {
    let (mut left, mut right) = (a.items(), b.items());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(value), Some(against)) => {
                let order = compare_views(value, against);
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}
