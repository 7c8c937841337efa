//! Dotted paths as filters, sorts and indexes read them: through documents, into arrays without being told, and by
//! index where a part is a number.
//!
//! Rule: manual, "Query an Array of Embedded Documents"
//! (<https://www.mongodb.com/docs/manual/tutorial/query-array-of-documents/>).

use std::collections::BTreeSet;

use super::{
    key,
    view::{View, array_index},
};
use crate::{Error, Result};

/// How many parts a path may have; the depth a document may have.
const MAX_PARTS: usize = 100;

/// A dotted path, split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    /// Where the name is also the index of an array's element.
    index: Option<usize>,
}

/// A value that a path leads to.
#[derive(Clone, Copy)]
pub(crate) struct Found<V> {
    /// `None`: the path leads nowhere from here, which counts as null.
    pub(crate) value: Option<V>,
    /// Place in the first array on the way, for the positional `$`.
    pub(crate) position: Option<usize>,
    pub(crate) role: Role,
}

/// How a value stands at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The path names it.
    Named,
    /// The path names the array that it is an element of.
    Element,
    /// The path names it, and its elements were given before.
    Whole,
}

/// What arrays do to a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entering {
    /// As operators on an array itself: not into the one at the end.
    Named,
    /// As most operators: the elements of an array at the end, and then the array.
    Elements,
    /// As an index: beside that, an element that the path cannot enter counts as missing.
    Keys,
    /// As a sort: beside that, an index names one element and no other.
    Order,
}

impl Path {
    /// # Errors
    /// [`Error::Invalid`] beyond 100 parts.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<Part> =
            text.split('.').map(|name| Part { name: name.to_owned(), index: array_index(name) }).collect();
        if parts.len() > MAX_PARTS {
            return Err(Error::invalid(format!("a path of {} parts is too deep: at most {MAX_PARTS}", parts.len())));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether its first part could be the index of an element.
    pub(crate) fn begins_with_index(&self) -> bool {
        self.parts.first().is_some_and(|part| part.index.is_some())
    }

    /// Calls `visit` with every value the path leads to, until one returns true.
    pub(crate) fn visit<'a, V: View<'a>>(
        &self,
        root: V,
        entering: Entering,
        visit: &mut impl FnMut(Found<V>) -> bool,
    ) -> bool {
        walk(&self.parts, root, entering, None, visit)
    }

    /// Whether the path leads to anything.
    pub(crate) fn exists<'a, V: View<'a>>(&self, root: V) -> bool {
        self.visit(root, Entering::Named, &mut |found| found.value.is_some())
    }

    /// The one value the path leads to, `Some(None)` if it leads nowhere; `None` where an array makes it several.
    #[expect(clippy::option_option, reason = "nothing there and several there are different answers")]
    pub(crate) fn only<'a, V: View<'a>>(&self, root: V) -> Option<Option<V>> {
        let mut current = root;
        for part in &self.parts {
            let Some(next) = current.field(&part.name) else { return Some(None) };
            if next.is_array() {
                return None;
            }
            current = next;
        }
        Some(Some(current))
    }

    /// Whether there is an array on the way or at the end.
    pub(crate) fn meets_array<'a, V: View<'a>>(&self, root: V) -> bool {
        self.array_prefix(root).is_some()
    }

    /// How many parts lead to the first array.
    pub(crate) fn array_prefix<'a, V: View<'a>>(&self, root: V) -> Option<Vec<&str>> {
        let mut current = root;
        for (passed, part) in self.parts.iter().enumerate() {
            current = current.field(&part.name)?;
            if current.is_array() {
                return Some(self.parts.iter().take(passed + 1).map(|part| part.name.as_str()).collect());
            }
        }
        None
    }

    /// How many arrays are nested on the way, at most.
    pub(crate) fn array_depth<'a, V: View<'a>>(&self, root: V) -> usize {
        depth(&self.parts, root)
    }

    /// The keys of all values the path leads to; null if it leads nowhere. Never empty, sorted, each once.
    pub(crate) fn keys<'a, V: View<'a>>(&self, root: V, descending: bool) -> Vec<Vec<u8>> {
        let mut all = BTreeSet::new();
        self.each_key_value(root, Entering::Keys, &mut |value| {
            let mut key = Vec::with_capacity(16);
            encode_found(value, descending, &mut key);
            all.insert(key);
        });
        all.into_iter().collect()
    }

    /// Values as indexes and sorts see them: elements instead of their array, an empty array as itself.
    pub(crate) fn each_key_value<'a, V: View<'a>>(
        &self,
        root: V,
        entering: Entering,
        each: &mut impl FnMut(KeyValue<V>),
    ) {
        let mut any = false;
        self.visit(root, entering, &mut |found| {
            match found.value {
                Some(value) if found.role == Role::Whole => {
                    if value.items().next().is_none() {
                        any = true;
                        each(KeyValue::EmptyArray);
                    }
                }
                Some(value) => {
                    any = true;
                    each(KeyValue::Value(value));
                }
                None => {
                    any = true;
                    each(KeyValue::Missing);
                }
            }
            false
        });
        if !any {
            each(KeyValue::Missing);
        }
    }
}

/// What an index or a sort sees at the end of a path.
pub(crate) enum KeyValue<V> {
    Value(V),
    Missing,
    EmptyArray,
}

pub(crate) fn encode_found<'a, V: View<'a>>(value: KeyValue<V>, descending: bool, out: &mut Vec<u8>) {
    match value {
        KeyValue::Value(value) => key::encode_view(value, descending, out),
        KeyValue::Missing => key::encode(&bson::Bson::Null, descending, out),
        KeyValue::EmptyArray => key::encode_empty_array(descending, out),
    }
}

/// From a document, or from an array that `$elemMatch` reads like a document.
fn walk<'a, V: View<'a>>(
    parts: &[Part],
    root: V,
    entering: Entering,
    position: Option<usize>,
    visit: &mut impl FnMut(Found<V>) -> bool,
) -> bool {
    let mut current = root;
    let mut rest = parts;
    while let Some((part, after)) = rest.split_first() {
        let Some(value) = current.field(&part.name) else {
            return visit(Found { value: None, position, role: Role::Named });
        };
        rest = after;
        if value.is_array() {
            return walk_array(rest, value, entering, position, visit);
        }
        if rest.is_empty() {
            return visit(Found { value: Some(value), position, role: Role::Named });
        }
        if !value.is_document() {
            return visit(Found { value: None, position, role: Role::Named });
        }
        current = value;
    }
    visit(Found { value: Some(current), position, role: Role::Named })
}

fn walk_array<'a, V: View<'a>>(
    rest: &[Part],
    array: V,
    entering: Entering,
    position: Option<usize>,
    visit: &mut impl FnMut(Found<V>) -> bool,
) -> bool {
    let Some((part, after)) = rest.split_first() else {
        if entering == Entering::Named {
            return visit(Found { value: Some(array), position, role: Role::Named });
        }
        for (index, item) in array.items().enumerate() {
            if visit(Found { value: Some(item), position: position.or(Some(index)), role: Role::Element }) {
                return true;
            }
        }
        return visit(Found { value: Some(array), position, role: Role::Whole });
    };
    let only = part.index.filter(|index| entering == Entering::Order && array.items().nth(*index).is_some());
    for (index, item) in array.items().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let here = position.or(Some(index));
        let at = part.index == Some(index);
        if item.is_document() && only.is_none() && walk(rest, item, entering, here, visit) {
            return true;
        }
        let stop = if !at {
            let stranger = matches!(entering, Entering::Keys | Entering::Order) && part.index.is_none();
            stranger && !item.is_document() && visit(Found { value: None, position: here, role: Role::Named })
        } else if after.is_empty() {
            // Elements of an element that was named by its index are not looked at one by one.
            visit(Found { value: Some(item), position: here, role: Role::Named })
        } else if item.is_array() {
            walk_array(after, item, entering, here, visit)
        } else if item.is_document() {
            walk(after, item, entering, here, visit)
        } else {
            false
        };
        if stop {
            return true;
        }
    }
    false
}

fn depth<'a, V: View<'a>>(parts: &[Part], root: V) -> usize {
    let Some((part, after)) = parts.split_first() else { return 0 };
    let Some(value) = root.field(&part.name) else { return 0 };
    if value.is_array() {
        1 + value.items().map(|item| depth(after, item)).max().unwrap_or(0)
    } else {
        depth(after, value)
    }
}
