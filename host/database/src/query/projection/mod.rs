//! Projections: which fields of a document are given back, and what is computed beside them.
//!
//! Meaning: manual, "Project Fields to Return from Query" and the page of the stage `$project`. Fields that are kept
//! stand in the order of the document, computed ones after them in the order of the projection.

mod compile;
mod elements;
mod tree;

use bson::Document;
use chrono::{DateTime, Utc};

use self::{
    compile::{Dialect, compile},
    tree::{Target, Tree},
};
use super::expression::Variables;
use crate::Result;

/// A compiled projection.
#[derive(Debug, Clone)]
pub struct Projection {
    tree: Tree,
    has_position: bool,
    variables: Variables,
}

impl Projection {
    /// The projection of a `find`: `$slice`, `$elemMatch` and the positional `$` are understood, and an empty
    /// document keeps everything.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) if fields are both included and excluded, if one path is inside another, or
    /// for a malformed path or operand; [`Unsupported`](crate::Error::Unsupported) for an operator that is not known.
    pub fn compile(projection: &Document) -> Result<Self> {
        super::allow::check_command("a projection", projection)?;
        if projection.is_empty() {
            return Ok(Self::of(Tree::everything(), false));
        }
        compile(projection, Dialect::Find, &[])
    }

    /// The stage `$project`. `variables` are the names that [`apply_with`](Self::apply_with) is given.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile), and for an empty document.
    pub fn stage(projection: &Document, variables: &[String]) -> Result<Self> {
        compile(projection, Dialect::Stage, variables)
    }

    /// The stage `$addFields` (or `$set`): everything is kept, the given fields are computed in their places.
    ///
    /// # Errors
    /// As [`stage`](Self::stage).
    pub fn add_fields(fields: &Document, variables: &[String]) -> Result<Self> {
        compile(fields, Dialect::AddFields, variables)
    }

    /// The stage `$unset`: everything but these paths.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) for malformed paths, or one inside another.
    pub fn without<'p>(paths: impl IntoIterator<Item = &'p str>) -> Result<Self> {
        compile::without(paths)
    }

    fn of(tree: Tree, has_position: bool) -> Self {
        Self { tree, has_position, variables: Variables::default() }
    }

    /// With a meaning for `$$NOW` in [`apply`](Self::apply), which is missing otherwise.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.variables = Variables::at(now.into());
        self
    }

    /// Whether [`apply`](Self::apply) needs the position at which the filter matched.
    pub fn has_position(&self) -> bool {
        self.has_position
    }

    /// The projected document. `position` is what [`Filter::matched_position`](super::filter::Filter::matched_position)
    /// said of it; only the positional `$` asks for it.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) for the positional `$` without a position, and whatever a computed field
    /// fails with.
    pub fn apply(&self, document: &Document, position: Option<usize>) -> Result<Document> {
        self.run(document, &self.variables, position)
    }

    /// As [`apply`](Self::apply), with other variables for the computed fields, and no position.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_with(&self, document: &Document, variables: &Variables) -> Result<Document> {
        self.run(document, variables, None)
    }

    fn run(&self, document: &Document, variables: &Variables, position: Option<usize>) -> Result<Document> {
        self.tree.apply(document, &Target { root: document, variables, position })
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use chrono::DateTime;

    use super::Projection;
    use crate::Error;

    #[test]
    fn the_clock_of_a_computed_field_is_the_one_handed_in() {
        let now = DateTime::from_timestamp_millis(5).unwrap();
        let projection = Projection::compile(&doc! { "seen": "$$NOW" }).unwrap().at(now);
        let projected = projection.apply(&doc! { "_id": 1, "a": 1 }, None).unwrap();
        assert_eq!(projected, doc! { "_id": 1, "seen": bson::DateTime::from_millis(5) });
    }

    #[test]
    fn including_and_excluding_at_once_is_refused_with_both_fields_named() {
        let error = Projection::compile(&doc! { "a.b": 1, "c": 0 }).unwrap_err();
        assert!(matches!(&error, Error::Invalid { message } if message.contains("a.b") && message.contains('c')));
    }

    #[test]
    fn computed_fields_keep_their_place_when_everything_else_is_kept() {
        let stage = Projection::add_fields(&doc! { "b": { "$add": ["$a", 1] }, "z": 0 }, &[]).unwrap();
        let output = stage.apply(&doc! { "a": 1, "b": "old", "c": 3 }, None).unwrap();
        assert_eq!(output.keys().collect::<Vec<_>>(), ["a", "b", "c", "z"]);
        assert_eq!(output, doc! { "a": 1, "b": 2, "c": 3, "z": 0 });
    }
}
