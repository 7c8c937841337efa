//! What an upsert takes over from its filter.
//!
//! Rule: manual, "Upsert Behavior" (<https://www.mongodb.com/docs/manual/reference/method/db.collection.update/>):
//! the equality clauses become fields, comparisons do not.

use bson::{Bson, Document};

use super::{
    node::{Comparison, Node},
    test::Test,
};
use crate::{Error, Result, query::path::Path};

pub(super) fn document(root: &Node) -> Result<Document> {
    let mut fixed = Vec::new();
    equalities(root, &mut fixed)?;
    let mut seed = Document::new();
    // `_id` always comes first.
    for (path, value) in
        fixed.iter().filter(|(path, _)| is_id(path)).chain(fixed.iter().filter(|(path, _)| !is_id(path)))
    {
        place(&mut seed, path.text(), value)?;
    }
    Ok(seed)
}

fn is_id(path: &Path) -> bool {
    path.text() == "_id" || path.text().starts_with("_id.")
}

fn equalities<'n>(node: &'n Node, fixed: &mut Vec<(&'n Path, &'n Bson)>) -> Result<()> {
    match node {
        Node::All(nodes) => nodes.iter().try_for_each(|node| equalities(node, fixed)),
        Node::Any(nodes) => match nodes.as_slice() {
            [only] => equalities(only, fixed),
            _ => Ok(()),
        },
        Node::Field { path: Some(path), test } => {
            let value = match test {
                Test::Compare { side: Comparison::Equal, value } => value,
                Test::OneOf { values, patterns, .. } if patterns.is_empty() => match values.as_slice() {
                    [only] => only,
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            };
            fixed.push((path, value));
            Ok(())
        }
        Node::Expression(_) => Err(Error::invalid("a filter with $expr cannot be the start of a new document")),
        Node::Field { .. } | Node::Not(_) => Ok(()),
    }
}

fn place(seed: &mut Document, path: &str, value: &Bson) -> Result<()> {
    let conflict = || Error::invalid(format!("cannot build a new document: the filter fixes {path} twice"));
    let (parents, name) = path.rsplit_once('.').map_or((None, path), |(parents, name)| (Some(parents), name));
    let mut current = seed;
    for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
        match current.entry(parent).or_insert_with(|| Bson::Document(Document::new())) {
            Bson::Document(next) => current = next,
            _ => return Err(conflict()),
        }
    }
    if current.contains_key(name) {
        return Err(conflict());
    }
    current.insert(name, value.clone());
    Ok(())
}
