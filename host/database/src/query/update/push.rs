//! `$push` with its modifiers. Rule: manual, "$push"
//! (<https://www.mongodb.com/docs/manual/reference/operator/update/push/>): insert at the position, sort, slice.

use std::cmp::Ordering;

use bson::{Bson, Document};

use crate::{
    Error, Result,
    query::{number::Number, order},
};

#[derive(Debug, Clone)]
pub(super) struct Push {
    each: Vec<Bson>,
    position: Option<i64>,
    sort: Option<By>,
    slice: Option<i64>,
}

#[derive(Debug, Clone)]
enum By {
    Value { descending: bool },
    Fields(Vec<(Vec<String>, bool)>),
}

impl Push {
    pub(super) fn compile(path: &str, value: &Bson) -> Result<Self> {
        let clauses = match value {
            Bson::Document(document) if document.contains_key("$each") => document,
            literal => return Ok(Self { each: vec![literal.clone()], position: None, sort: None, slice: None }),
        };
        let mut push = Self { each: Vec::new(), position: None, sort: None, slice: None };
        for (name, value) in clauses {
            let whole = || {
                Number::from_bson(value).and_then(Number::as_exact_i64).ok_or_else(|| {
                    Error::invalid(format!("{name} of $push at {path} needs a whole number, not {value}"))
                })
            };
            match name.as_str() {
                "$each" => push.each = each("$push", path, value)?,
                "$position" => push.position = Some(whole()?),
                "$slice" => push.slice = Some(whole()?),
                "$sort" => push.sort = Some(By::compile(path, value)?),
                other => return Err(Error::invalid(format!("$push at {path} has no clause {other}"))),
            }
        }
        Ok(push)
    }

    pub(super) fn onto(&self, mut items: Vec<Bson>) -> Vec<Bson> {
        let at = match self.position {
            None => items.len(),
            Some(position) => match usize::try_from(position) {
                Ok(from_start) => from_start.min(items.len()),
                Err(_) => items.len().saturating_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX)),
            },
        };
        items.splice(at..at, self.each.iter().cloned());
        if let Some(by) = &self.sort {
            items.sort_by(|a, b| by.compare(a, b));
        }
        if let Some(slice) = self.slice {
            let keep = usize::try_from(slice.unsigned_abs()).unwrap_or(usize::MAX).min(items.len());
            if slice < 0 {
                items.drain(..items.len() - keep);
            } else {
                items.truncate(keep);
            }
        }
        items
    }
}

/// The list of `$each`.
pub(super) fn each(operator: &str, path: &str, value: &Bson) -> Result<Vec<Bson>> {
    match value {
        Bson::Array(items) => Ok(items.clone()),
        other => Err(Error::invalid(format!("$each of {operator} at {path} needs a list, not {other}"))),
    }
}

impl By {
    fn compile(path: &str, value: &Bson) -> Result<Self> {
        let wrong = || Error::invalid(format!("$sort of $push at {path} needs 1, -1 or fields with 1 or -1"));
        let descending = |value: &Bson| match Number::from_bson(value).and_then(Number::as_exact_i64) {
            Some(1) => Ok(false),
            Some(-1) => Ok(true),
            _ => Err(wrong()),
        };
        match value {
            Bson::Document(fields) if !fields.is_empty() => fields
                .iter()
                .map(|(name, direction)| {
                    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
                    if parts.iter().any(String::is_empty) {
                        return Err(wrong());
                    }
                    Ok((parts, descending(direction)?))
                })
                .collect::<Result<_>>()
                .map(Self::Fields),
            Bson::Document(_) => Err(wrong()),
            other => Ok(Self::Value { descending: descending(other)? }),
        }
    }

    fn compare(&self, a: &Bson, b: &Bson) -> Ordering {
        match self {
            Self::Value { descending: false } => order::compare(a, b),
            Self::Value { descending: true } => order::compare(b, a),
            Self::Fields(fields) => fields
                .iter()
                .map(|(path, descending)| {
                    let order = order::compare(at(a, path), at(b, path));
                    if *descending { order.reverse() } else { order }
                })
                .find(|order| *order != Ordering::Equal)
                .unwrap_or(Ordering::Equal),
        }
    }
}

/// The value of an element by names alone; null where there is none.
fn at<'v>(item: &'v Bson, path: &[String]) -> &'v Bson {
    let mut current = item;
    for name in path {
        current = match current {
            Bson::Document(document) => document_field(document, name),
            _ => &Bson::Null,
        };
    }
    current
}

fn document_field<'v>(document: &'v Document, name: &str) -> &'v Bson {
    document.get(name).unwrap_or(&Bson::Null)
}
