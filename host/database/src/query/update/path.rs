//! Paths of updates, which say where to write and therefore name every step: no array is entered without an index, a
//! `$`, a `$[]` or a `$[name]`.
//!
//! Rule: manual, "Positional operators" (<https://www.mongodb.com/docs/manual/reference/mql/update/>, "Array").

use std::cmp::Ordering;

use crate::{Error, Result, query::view::array_index};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    /// `$`: the element that the filter matched.
    Matched,
    /// `$[]`: every element.
    Every,
    /// `$[name]`: the elements that pass this array filter.
    Where(String),
}

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) text: String,
    pub(super) steps: Vec<Step>,
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let steps = text.split('.').map(|part| step(text, part)).collect::<Result<Vec<_>>>()?;
        if steps.len() > super::allow::MAX_DEPTH {
            return Err(Error::invalid(format!("the path {text:?} is too deep")));
        }
        if !matches!(steps.first(), Some(Step::Name(_))) {
            return Err(Error::invalid(format!("the path {text:?} must begin with the name of a field")));
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// Whether it leads to one place whatever the document.
    pub(super) fn is_fixed(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Name(_)))
    }

    pub(super) fn needs_position(&self) -> bool {
        self.steps.contains(&Step::Matched)
    }

    /// Names of the array filters it uses.
    pub(super) fn array_filters(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Where(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The names, where it is [fixed](Self::is_fixed).
    pub(super) fn names(&self) -> Vec<String> {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.clone(),
                Step::Matched => "$".into(),
                Step::Every => "$[]".into(),
                Step::Where(name) => format!("$[{name}]"),
            })
            .collect()
    }
}

fn step(text: &str, part: &str) -> Result<Step> {
    let wrong = |reason: &str| Err(Error::invalid(format!("the path {text:?} cannot be updated: {reason}")));
    match part {
        "" => wrong("it has an empty part"),
        "$" => Ok(Step::Matched),
        "$[]" => Ok(Step::Every),
        // The names of a database reference are ordinary fields.
        "$ref" | "$id" | "$db" => Ok(Step::Name(part.to_owned())),
        _ if part.contains('\0') => wrong("a name cannot hold a zero byte"),
        _ => match part.strip_prefix("$[").and_then(|rest| rest.strip_suffix(']')) {
            Some(name) if is_identifier(name) => Ok(Step::Where(name.to_owned())),
            Some(_) => wrong("the name of an array filter begins with a small letter and has letters and digits only"),
            None if part.starts_with('$') => wrong("a name cannot begin with $"),
            None => Ok(Step::Name(part.to_owned())),
        },
    }
}

/// Whether it can name an array filter.
pub(super) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(|next| next.is_ascii_alphanumeric())
}

/// The order in which paths are applied and new fields are added: numbers by value and before other names.
pub(super) fn compare(a: &[String], b: &[String]) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        let order = match (array_index(x), array_index(y)) {
            (Some(x), Some(y)) => x.cmp(&y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => x.as_bytes().cmp(y.as_bytes()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Refuses two writes to one place, or to a place and something inside it. `paths` is sorted.
pub(super) fn check_conflicts<'p>(paths: impl IntoIterator<Item = &'p Vec<String>>) -> Result<()> {
    let mut before: Option<&Vec<String>> = None;
    for path in paths {
        if let Some(before) = before
            && path.starts_with(before)
        {
            return Err(Error::invalid(format!(
                "updating {} would conflict with updating {}",
                path.join("."),
                before.join(".")
            )));
        }
        before = Some(path);
    }
    Ok(())
}
