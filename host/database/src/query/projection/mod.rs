//! Projections: which fields of a document are given back, and what is computed beside them.
//!
//! Meaning: manual, "Project Fields to Return from Query" and the page of the stage `$project`. Fields that are kept
//! stand in the order of the document, computed ones after them in the order of the projection.

mod compile;
mod elements;
mod tree;

use bson::Document;

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
            return Ok(Self { tree: Tree::everything(), has_position: false });
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
        self.run(document, &Variables::default(), position)
    }

    /// As [`apply`](Self::apply), with variables for the computed fields.
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
