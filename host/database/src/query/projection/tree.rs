//! The tree of a projection and its walk through a document, into documents inside arrays as well.

use bson::{Bson, Document};

use super::elements::{self, Slice};
use crate::{
    Result,
    query::{
        expression::{Expression, Variables},
        filter::Filter,
    },
};

/// What happens to one field.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// With the number or boolean that stood for it.
    Include(Bson),
    Exclude,
    Computed(Expression),
    Nested(Tree),
    Slice(Slice),
    ElemMatch(Filter),
    /// The element at the position where the filter matched.
    Positional,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// Whether fields without an entry stay.
    pub keeps_others: bool,
    pub entries: Vec<(String, Entry)>,
}

/// The document being projected, seen from anywhere inside it.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub root: &'a Document,
    pub variables: &'a Variables,
    pub position: Option<usize>,
}

impl Tree {
    pub fn everything() -> Self {
        Self { keeps_others: true, entries: Vec::new() }
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, entry)| entry)
    }

    /// Whether something is computed here or further in.
    pub fn computes(&self) -> bool {
        self.entries.iter().any(|(_, entry)| match entry {
            Entry::Computed(_) => true,
            Entry::Nested(tree) => tree.computes(),
            _ => false,
        })
    }

    pub fn apply(&self, document: &Document, target: &Target<'_>) -> Result<Document> {
        let mut output = Document::new();
        for (name, value) in document {
            let kept = match self.entry(name) {
                None => self.keeps_others.then(|| value.clone()),
                Some(Entry::Include(_)) => Some(value.clone()),
                Some(Entry::Exclude) => None,
                // The value is replaced below; until then it holds the place.
                Some(Entry::Computed(_)) => self.keeps_others.then_some(Bson::Null),
                Some(Entry::Nested(tree)) => tree.apply_to_value(value, target)?,
                Some(Entry::Slice(slice)) => Some(slice.apply(value)),
                Some(Entry::ElemMatch(filter)) => elements::first_match(value, filter)?,
                Some(Entry::Positional) => Some(elements::at_position(name, value, target.position)?),
            };
            if let Some(kept) = kept {
                output.insert(name, kept);
            }
        }
        for (name, entry) in &self.entries {
            match entry {
                Entry::Computed(expression) => match expression.evaluate(target.root, target.variables)? {
                    Some(value) => output.insert(name, value),
                    None => output.remove(name),
                },
                Entry::Nested(tree) if tree.computes() && !is_walked(document.get(name)) => {
                    output.insert(name, tree.computed_alone(target)?)
                }
                _ => None,
            };
        }
        Ok(output)
    }

    /// A value on the way to fields further in; `None` if nothing of it is kept.
    fn apply_to_value(&self, value: &Bson, target: &Target<'_>) -> Result<Option<Bson>> {
        Ok(match value {
            Bson::Document(document) => Some(self.apply(document, target)?.into()),
            Bson::Array(items) => {
                let mut kept = Vec::with_capacity(items.len());
                for item in items {
                    kept.extend(match item {
                        item if !is_walked(Some(item)) && self.computes() => Some(self.computed_alone(target)?.into()),
                        item => self.apply_to_value(item, target)?,
                    });
                }
                Some(Bson::Array(kept))
            }
            value => self.keeps_others.then(|| value.clone()),
        })
    }

    /// The document that computed fields make where there is none. A number beside them has no field to keep and
    /// stands for itself.
    fn computed_alone(&self, target: &Target<'_>) -> Result<Document> {
        let mut output = self.apply(&Document::new(), target)?;
        for (name, entry) in &self.entries {
            if let Entry::Include(value) = entry {
                output.insert(name, value.clone());
            }
        }
        Ok(output)
    }
}

fn is_walked(value: Option<&Bson>) -> bool {
    matches!(value, Some(Bson::Document(_) | Bson::Array(_)))
}
