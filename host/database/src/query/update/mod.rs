//! Updates: compiled once, applied to many documents.
//!
//! Meaning: manual, "Update Operators" (<https://www.mongodb.com/docs/manual/reference/mql/update/>). Fields keep
//! their places; new ones are added in the order of their names, numbers first. `_id` never changes and stands first.

mod action;
mod apply;
mod array_filter;
mod bits;
mod compile;
mod number;
mod path;
mod pull;
mod push;
mod rename;

use bson::{Bson, Document, oid::ObjectId};
use chrono::{DateTime, Utc};

use super::{allow, expression::Variables, filter::Filter, order, pipeline::Pipeline};
use crate::{Change, Error, Result};
use compile::Operators;

/// A compiled update.
#[derive(Debug, Clone)]
pub struct Update {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Operators(Operators),
    Replacement(Document),
    Pipeline(Pipeline),
}

impl Update {
    /// # Errors
    /// [`Error::Unsupported`] for an operator that is not on the allow-list, [`Error::Invalid`] for one that is used
    /// wrongly, for two operators on one path, and for array filters that are not used or not there.
    pub fn compile(change: &Change, array_filters: &[Document]) -> Result<Self> {
        let kind = match change {
            Change::Operators(operators) => {
                allow::check_command("an update", operators)?;
                Kind::Operators(Operators::compile(operators, array_filters)?)
            }
            Change::Replacement(document) => {
                if let Some(name) = document.keys().find(|name| name.starts_with('$')) {
                    return Err(Error::invalid(format!("a replacement cannot hold the field {name}")));
                }
                if !array_filters.is_empty() {
                    return Err(Error::invalid("a replacement takes no array filters"));
                }
                allow::check_document(document)?;
                Kind::Replacement(document.clone())
            }
            Change::Pipeline(stages) => {
                if !array_filters.is_empty() {
                    return Err(Error::invalid("a pipeline takes no array filters"));
                }
                for stage in stages {
                    allow::check_command("an update", stage)?;
                }
                Kind::Pipeline(Pipeline::compile_update(stages)?)
            }
        };
        Ok(Self { kind })
    }

    /// As [`compile`](Self::compile), and refuses to replace many documents.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn of(command: &crate::Update) -> Result<Self> {
        if command.many && matches!(command.change, Change::Replacement(_)) {
            return Err(Error::invalid("a replacement changes one document, not many"));
        }
        Self::compile(&command.change, &command.array_filters)
    }

    /// Whether the positional `$` is used, so that [`Filter::matched_position`] has to be asked.
    pub fn needs_position(&self) -> bool {
        match &self.kind {
            Kind::Operators(operators) => operators.needs_position(),
            Kind::Replacement(_) | Kind::Pipeline(_) => false,
        }
    }

    /// Changes the document and says whether it is different now, byte for byte. `position` is what the positional
    /// `$` means, `inserting` lets `$setOnInsert` act, `now` is for `$currentDate`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the document does not allow the change; it is then left half changed and must be
    /// thrown away. [`Error::TooLarge`] if it grows too large.
    pub fn apply(
        &self,
        document: &mut Document,
        position: Option<usize>,
        inserting: bool,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let id = document.get("_id").cloned();
        let changed = match &self.kind {
            Kind::Operators(operators) => operators.apply(document, position, inserting, now)?,
            Kind::Replacement(replacement) => replace(document, replacement.clone(), id.as_ref()),
            Kind::Pipeline(pipeline) => {
                let new = pipeline.apply(document, &Variables::at(now.into()))?;
                replace(document, new, id.as_ref())
            }
        };
        if changed {
            if let Some(id) = &id
                && !document.get("_id").is_some_and(|after| order::same(id, after))
            {
                return Err(Error::invalid(format!("an update cannot change _id, which is {id}")));
            }
            id_first(document);
            allow::check_document(document)?;
        }
        Ok(changed)
    }

    /// The document that an upsert inserts when nothing matches `filter`: what the filter fixes, changed; with a new
    /// `_id` if neither gives one.
    ///
    /// # Errors
    /// As [`apply`](Self::apply); [`Error::Invalid`] if the filter fixes a path twice or computes.
    pub fn upsert(&self, filter: &Filter, now: DateTime<Utc>) -> Result<Document> {
        let mut document = filter.seed()?;
        if let Kind::Replacement(_) = &self.kind {
            document =
                document.remove("_id").map(|id| Document::from_iter([("_id".to_owned(), id)])).unwrap_or_default();
        }
        self.apply(&mut document, None, true, now)?;
        prepare_insert(&mut document)?;
        Ok(document)
    }
}

/// The new document, which keeps the `_id` if it has none of its own. Says whether it is another one.
fn replace(document: &mut Document, mut new: Document, id: Option<&Bson>) -> bool {
    if let (Some(id), false) = (id, new.contains_key("_id")) {
        new.insert("_id", id.clone());
    }
    id_first(&mut new);
    let changed = !order::identical_documents(document, &new);
    *document = new;
    changed
}

/// Makes a document ready to be stored: an `_id` in the first place, within the bounds.
///
/// # Errors
/// [`Error::Invalid`] for an `_id` that is an array, a regular expression or undefined; what
/// [`allow::check_document`] refuses.
pub fn prepare_insert(document: &mut Document) -> Result<()> {
    match document.get("_id") {
        Some(Bson::Array(_) | Bson::RegularExpression(_) | Bson::Undefined) => {
            return Err(Error::invalid("_id cannot be an array, a regular expression or undefined"));
        }
        Some(_) => {}
        None => {
            document.insert("_id", ObjectId::new());
        }
    }
    id_first(document);
    allow::check_document(document)
}

fn id_first(document: &mut Document) {
    if document.keys().next().is_none_or(|name| name == "_id") || !document.contains_key("_id") {
        return;
    }
    let mut fields = std::mem::take(document);
    if let Some(id) = fields.remove("_id") {
        document.insert("_id", id);
    }
    document.extend(fields);
}
