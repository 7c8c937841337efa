//! `$unwind`: a document for each element of an array.

use std::iter;

use bson::{Bson, Document};

/// The path leads through documents only; an array on the way counts as missing.
#[derive(Debug, Clone)]
pub(super) struct Unwind {
    pub path: Vec<String>,
    /// Where the position of the element goes; null if there was no array.
    pub index: Option<Vec<String>>,
    pub keeps_empty: bool,
}

impl Unwind {
    /// One document at a time, because together they may be far larger than the one they come from.
    pub fn unwound(&self, mut document: Document) -> Box<dyn Iterator<Item = Document> + '_> {
        match get_mut(&mut document, &self.path) {
            Some(Bson::Array(items)) if items.is_empty() => Box::new(self.without_array(document, true)),
            Some(array @ Bson::Array(_)) => {
                // The array leaves its place to the elements, so that it is not copied with each of them.
                let Bson::Array(items) = std::mem::replace(array, Bson::Null) else { return Box::new(iter::empty()) };
                Box::new(items.into_iter().enumerate().map(move |(index, item)| {
                    let mut copy = document.clone();
                    set(&mut copy, &self.path, Some(item));
                    self.set_index(&mut copy, i64::try_from(index).map_or(Bson::Null, Bson::Int64));
                    copy
                }))
            }
            None | Some(Bson::Null | Bson::Undefined) => Box::new(self.without_array(document, false)),
            Some(_) => {
                self.set_index(&mut document, Bson::Null);
                Box::new(iter::once(document))
            }
        }
    }

    /// Nothing, unless such documents are kept; an empty array is left out of one that is.
    fn without_array(&self, mut document: Document, is_empty: bool) -> std::option::IntoIter<Document> {
        if is_empty {
            set(&mut document, &self.path, None);
        }
        self.set_index(&mut document, Bson::Null);
        self.keeps_empty.then_some(document).into_iter()
    }

    fn set_index(&self, document: &mut Document, index: Bson) {
        if let Some(path) = &self.index {
            set(document, path, Some(index));
        }
    }
}

fn get_mut<'d>(document: &'d mut Document, path: &[String]) -> Option<&'d mut Bson> {
    let (name, rest) = path.split_first()?;
    match (rest, document.get_mut(name)?) {
        ([], value) => Some(value),
        (rest, Bson::Document(inner)) => get_mut(inner, rest),
        _ => None,
    }
}

/// Puts a value at a path, replacing what is not a document on the way, or takes it out.
pub(super) fn set(document: &mut Document, path: &[String], value: Option<Bson>) {
    match (path.split_first(), value) {
        (None, _) => {}
        (Some((name, [])), Some(value)) => {
            document.insert(name, value);
        }
        (Some((name, [])), None) => {
            document.remove(name);
        }
        (Some((name, rest)), value) => {
            if let Some(Bson::Document(inner)) = document.get_mut(name) {
                set(inner, rest, value);
            } else if value.is_some() {
                let mut inner = Document::new();
                set(&mut inner, rest, value);
                document.insert(name, inner);
            }
        }
    }
}
