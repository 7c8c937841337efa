//! `$unwind`: a document for each element of an array.

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
    pub fn unwound(&self, document: Document) -> Vec<Document> {
        match get(&document, &self.path) {
            Some(Bson::Array(items)) if items.is_empty() => self.without_array(document, true),
            Some(Bson::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let mut copy = document.clone();
                    set(&mut copy, &self.path, Some(item.clone()));
                    self.set_index(&mut copy, i64::try_from(index).map_or(Bson::Null, Bson::Int64));
                    copy
                })
                .collect(),
            None | Some(Bson::Null | Bson::Undefined) => self.without_array(document, false),
            Some(_) => {
                let mut document = document;
                self.set_index(&mut document, Bson::Null);
                vec![document]
            }
        }
    }

    /// Nothing, unless such documents are kept; an empty array is left out of one that is.
    fn without_array(&self, mut document: Document, is_empty: bool) -> Vec<Document> {
        if !self.keeps_empty {
            return Vec::new();
        }
        if is_empty {
            set(&mut document, &self.path, None);
        }
        self.set_index(&mut document, Bson::Null);
        vec![document]
    }

    fn set_index(&self, document: &mut Document, index: Bson) {
        if let Some(path) = &self.index {
            set(document, path, Some(index));
        }
    }
}

fn get<'d>(document: &'d Document, path: &[String]) -> Option<&'d Bson> {
    let (name, rest) = path.split_first()?;
    let value = document.get(name)?;
    match (rest, value) {
        ([], value) => Some(value),
        (rest, Bson::Document(inner)) => get(inner, rest),
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
