//! Doing the writes of an update to one document.

use bson::{Bson, Document};
use chrono::{DateTime, Utc};

use super::{
    action::{Action, Effect},
    compile::Operators,
    path::{self, Path, Step},
    rename,
};
use crate::{Error, Result, query::view::array_index};

/// How far beyond its end an array may be written to; MongoDB's own bound.
const MAX_PADDING: usize = 1_500_000;

impl Operators {
    pub(super) fn apply(
        &self,
        document: &mut Document,
        position: Option<usize>,
        inserting: bool,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let mut changed = false;
        if self.all_fixed {
            for write in &self.writes {
                if let Some(names) = &write.names {
                    changed |= one(document, names, &write.action, inserting, now)?;
                }
            }
            return Ok(changed);
        }
        let mut places: Vec<(Vec<String>, &Action)> = Vec::new();
        for write in &self.writes {
            let mut found = Vec::new();
            self.expand(&write.path, document, position, &mut found)?;
            places.extend(found.into_iter().map(|names| (names, &write.action)));
        }
        places.sort_by(|(a, _), (b, _)| path::compare(a, b));
        path::check_conflicts(places.iter().map(|(names, _)| names))?;
        for (names, action) in places {
            changed |= one(document, &names, action, inserting, now)?;
        }
        Ok(changed)
    }

    /// The places a path means in this document.
    fn expand(
        &self,
        path: &Path,
        document: &Document,
        position: Option<usize>,
        found: &mut Vec<Vec<String>>,
    ) -> Result<()> {
        let Some((Step::Name(first), rest)) = path.steps.split_first() else { return Ok(()) };
        self.expand_from(path, rest, document.get(first), position, vec![first.clone()], found)
    }

    fn expand_from(
        &self,
        path: &Path,
        steps: &[Step],
        value: Option<&Bson>,
        position: Option<usize>,
        names: Vec<String>,
        found: &mut Vec<Vec<String>>,
    ) -> Result<()> {
        let Some((step, rest)) = steps.split_first() else {
            found.push(names);
            return Ok(());
        };
        let with = |name: String| {
            let mut names = names.clone();
            names.push(name);
            names
        };
        match step {
            Step::Name(name) => {
                let next = match value {
                    Some(Bson::Document(document)) => document.get(name),
                    Some(Bson::Array(items)) => array_index(name).and_then(|index| items.get(index)),
                    _ => None,
                };
                self.expand_from(path, rest, next, position, with(name.clone()), found)
            }
            Step::Matched => {
                let at = position.ok_or_else(|| {
                    Error::invalid(format!(
                        "the $ in {} has no element to stand for: the filter must match an element of that array",
                        path.text
                    ))
                })?;
                let next = match value {
                    Some(Bson::Array(items)) => items.get(at),
                    _ => None,
                };
                self.expand_from(path, rest, next, position, with(at.to_string()), found)
            }
            Step::Every | Step::Where(_) => {
                let Some(Bson::Array(items)) = value else {
                    return Err(Error::invalid(format!(
                        "{} must be an array for the update of {}",
                        names.join("."),
                        path.text
                    )));
                };
                for (index, item) in items.iter().enumerate() {
                    if let Step::Where(name) = step
                        && !self.array_filters.passes(name, item)?
                    {
                        continue;
                    }
                    self.expand_from(path, rest, Some(item), position, with(index.to_string()), found)?;
                }
                Ok(())
            }
        }
    }
}

fn one(
    document: &mut Document,
    names: &[String],
    action: &Action,
    inserting: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    match action {
        Action::SetOnInsert(_) if !inserting => Ok(false),
        Action::RenameFrom(from) => {
            rename::check_target(document, names)?;
            match rename::take(document, &from.names())? {
                None => Ok(false),
                Some(value) => {
                    in_document(document, names, names, &Action::Set(value), now)?;
                    Ok(true)
                }
            }
        }
        _ => in_document(document, names, names, action, now),
    }
}

/// `rest` is what is left to go of `path`.
fn in_document(
    document: &mut Document,
    path: &[String],
    rest: &[String],
    action: &Action,
    now: DateTime<Utc>,
) -> Result<bool> {
    let Some((name, rest)) = rest.split_first() else { return Ok(false) };
    if !rest.is_empty() {
        return match document.get_mut(name) {
            Some(value) => in_value(value, path, rest, action, now),
            None if action.creates() => {
                document.insert(name.clone(), made(path, rest, action, now)?);
                Ok(true)
            }
            None => Ok(false),
        };
    }
    match action.act(document.get_mut(name), now, path)? {
        Effect::Nothing => Ok(false),
        Effect::Changed => Ok(true),
        Effect::Put(value) => {
            document.insert(name.clone(), value);
            Ok(true)
        }
        Effect::Remove => {
            document.remove(name);
            Ok(true)
        }
    }
}

fn in_value(value: &mut Bson, path: &[String], rest: &[String], action: &Action, now: DateTime<Utc>) -> Result<bool> {
    let (items, name, after) = match (value, rest.split_first()) {
        (Bson::Document(document), _) => return in_document(document, path, rest, action, now),
        (Bson::Array(items), Some((name, after))) => (items, name, after),
        (_, _) if !action.creates() => return Ok(false),
        (other, _) => return Err(not_viable(path, rest, other)),
    };
    let Some(index) = array_index(name) else {
        if !action.creates() {
            return Ok(false);
        }
        return Err(not_viable(path, rest, &Bson::Array(items.clone())));
    };
    if !after.is_empty() {
        return match items.get_mut(index) {
            Some(item) => in_value(item, path, after, action, now),
            None if action.creates() => {
                let new = made(path, after, action, now)?;
                place(items, index, new, path)?;
                Ok(true)
            }
            None => Ok(false),
        };
    }
    match action.act(items.get_mut(index), now, path)? {
        Effect::Nothing => Ok(false),
        Effect::Changed => Ok(true),
        Effect::Put(new) => {
            place(items, index, new, path)?;
            Ok(true)
        }
        // An element is not taken out, so that the others keep their places.
        Effect::Remove => match items.get_mut(index) {
            Some(Bson::Null) | None => Ok(false),
            Some(item) => {
                *item = Bson::Null;
                Ok(true)
            }
        },
    }
}

/// The documents on a way that is not there yet.
fn made(path: &[String], rest: &[String], action: &Action, now: DateTime<Utc>) -> Result<Bson> {
    let mut document = Document::new();
    in_document(&mut document, path, rest, action, now)?;
    Ok(Bson::Document(document))
}

fn place(items: &mut Vec<Bson>, index: usize, new: Bson, path: &[String]) -> Result<()> {
    if let Some(item) = items.get_mut(index) {
        *item = new;
        return Ok(());
    }
    if index - items.len() > MAX_PADDING {
        return Err(Error::invalid(format!(
            "{} lies more than {MAX_PADDING} elements beyond the end of the array",
            path.join(".")
        )));
    }
    items.resize(index, Bson::Null);
    items.push(new);
    Ok(())
}

fn not_viable(path: &[String], rest: &[String], found: &Bson) -> Error {
    let parent = path.len().saturating_sub(rest.len());
    let parent = path.iter().take(parent).map(String::as_str).collect::<Vec<_>>().join(".");
    Error::invalid(format!("cannot write {}: {parent} is {found}", path.join(".")))
}
