//! Filters: compiled once, asked of many documents, decoded or still bytes.
//!
//! Meaning: manual, "Query Predicates" (<https://www.mongodb.com/docs/manual/reference/mql/query-predicates/>).
//! An index may narrow what is looked at ([`Filter::bounds`]); only [`Filter::matches`] decides.

mod bounds;
mod compile;
mod evaluate;
mod implies;
mod node;
mod seed;
mod test;

use std::cell::{Cell, OnceCell};

use bson::{Bson, Document, RawDocument};

pub use bounds::{Bounds, PathBounds, Range};
use chrono::{DateTime, Utc};
use evaluate::{Evaluation, Whole};
use node::Node;

use super::{
    expression::Variables,
    view::{Raw, Tree},
};
use crate::{Error, Result};

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Node,
    has_expression: bool,
    variables: Variables,
}

impl Filter {
    /// # Errors
    /// [`Error::Unsupported`] for an operator that is not on the allow-list, [`Error::Invalid`] for one that is
    /// used wrongly or a regular expression that cannot be compiled, [`Error::TooLarge`] beyond the bounds.
    pub fn compile(filter: &Document) -> Result<Self> {
        super::allow::check_command("a filter", filter)?;
        super::allow::check_patterns("a filter", filter)?;
        Self::of(compile::clauses(filter)?)
    }

    /// A condition on one value instead of a document: `{"$gt": 1}`, as `$pull` takes it.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub(crate) fn compile_value(condition: &Document) -> Result<Self> {
        Self::of(compile::operators(None, condition)?)
    }

    fn of(root: Node) -> Result<Self> {
        super::allow::check_conditions(root.conditions())?;
        let has_expression = root.has_expression();
        Ok(Self { root, has_expression, variables: Variables::default() })
    }

    /// With a meaning for `$$NOW`, which is missing otherwise.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.variables = Variables::at(now.into());
        self
    }

    /// # Errors
    /// Only an `$expr` that cannot be computed for this document.
    pub fn matches(&self, document: &Document) -> Result<bool> {
        Evaluation::of(Whole::Decoded(document), &self.variables).run(&self.root, Tree::Document(document))
    }

    /// As [`matches`](Self::matches), from the stored bytes, of which only what the filter names is decoded.
    ///
    /// # Errors
    /// As [`matches`](Self::matches), and [`Error::Corrupted`] for bytes that are not a document.
    pub fn matches_raw(&self, document: &RawDocument) -> Result<bool> {
        let damaged = Cell::new(false);
        let decoded = OnceCell::new();
        let whole = Whole::Encoded { bytes: document, decoded: &decoded };
        let answer = Evaluation::of(whole, &self.variables).run(&self.root, Raw::new(document, &damaged));
        if damaged.get() { Err(Error::Corrupted { message: "a document cannot be decoded".into() }) } else { answer }
    }

    /// Whether a value meets a filter of [`compile_value`](Self::compile_value), or a document an ordinary one.
    pub(crate) fn matches_value(&self, value: &Bson) -> Result<bool> {
        Evaluation::of(Whole::None, &self.variables).run(&self.root, Tree::Value(value))
    }

    /// Where in the first array on the way the element stands that made the document match: what the positional `$`
    /// of an update or a projection means. `None` if no array was met, or the document does not match.
    pub fn matched_position(&self, document: &Document) -> Option<usize> {
        let mut evaluation = Evaluation::of(Whole::Decoded(document), &self.variables);
        match evaluation.run(&self.root, Tree::Document(document)) {
            Ok(true) => evaluation.position(),
            _ => None,
        }
    }

    /// What every match has in common, for a planner.
    pub fn bounds(&self) -> Bounds {
        bounds::of(&self.root)
    }

    /// Whether every document that matches this filter matches `other` too, as far as that is easily seen: a partial
    /// index over `other` then holds all of them. `false` means unknown.
    pub fn implies(&self, other: &Self) -> bool {
        implies::all(&self.root, &other.root)
    }

    /// Whether there is an `$expr`, for which a document is always decoded.
    pub fn has_expression(&self) -> bool {
        self.has_expression
    }

    /// The document that an upsert starts from: the fields that the filter fixes by equality.
    ///
    /// # Errors
    /// [`Error::Invalid`] if two clauses fix one path, or for an `$expr`.
    pub(crate) fn seed(&self) -> Result<Document> {
        seed::document(&self.root)
    }
}
