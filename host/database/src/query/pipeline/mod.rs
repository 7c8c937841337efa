//! Aggregation pipelines: stages over documents, one after the other, without knowing where the documents come from.
//!
//! Meaning: manual, "Aggregation Stages" and the page of each stage. An engine gives the documents of the collection
//! and answers for other collections through [`Collections`]; it may narrow what it gives by
//! [`Pipeline::leading_filter`], which runs again here.

mod accumulator;
mod bucket;
mod compile;
mod group;
mod lookup;
mod matching;
mod memory;
mod stage;
mod unwind;

use bson::Document;

use self::stage::Stage;
use super::expression::Variables;
use crate::Result;

/// Documents as they come, or the error that ends them.
pub type Documents<'a> = Box<dyn Iterator<Item = Result<Document>> + 'a>;

/// The other collections, for `$lookup`.
pub trait Collections {
    /// The documents of a collection that match a filter; none if it does not exist.
    ///
    /// # Errors
    /// Those of the store, or a refusal if the caller has no right to the collection.
    fn find(&self, collection: &str, filter: &Document) -> Result<Vec<Document>>;
}

/// No other collections at all: every `$lookup` finds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCollections;

impl Collections for NoCollections {
    fn find(&self, _collection: &str, _filter: &Document) -> Result<Vec<Document>> {
        Ok(Vec::new())
    }
}

/// What stages need beside the documents.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub collections: &'a dyn Collections,
    pub variables: &'a Variables,
}

/// A compiled pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    stages: Vec<Stage>,
    leading_filter: Option<Document>,
    collections: Vec<String>,
}

impl Pipeline {
    /// # Errors
    /// [`Unsupported`](crate::Error::Unsupported) for a stage, operator or accumulator that the allow-list does not
    /// hold, [`Invalid`](crate::Error::Invalid) for one that is used wrongly.
    pub fn compile(stages: &[Document]) -> Result<Self> {
        Self::compile_with(stages, &[])
    }

    /// As [`compile`](Self::compile), with the names of variables that the [`Context`] will hold.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile).
    pub fn compile_with(stages: &[Document], variables: &[String]) -> Result<Self> {
        compile::pipeline(stages, variables, compile::Place::Top)
    }

    /// The pipeline of an update, which only changes one document at a time.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile), and for other stages than `$set $addFields $unset $project $replaceRoot
    /// $replaceWith`.
    pub fn compile_update(stages: &[Document]) -> Result<Self> {
        compile::pipeline(stages, &[], compile::Place::Update)
    }

    /// The filter of a `$match` at the beginning: no other document can contribute to the answer.
    pub fn leading_filter(&self) -> Option<&Document> {
        self.leading_filter.as_ref()
    }

    /// The collections that any `$lookup` reads, for whoever must grant it.
    pub fn collections(&self) -> &[String] {
        &self.collections
    }

    /// The documents after the last stage. Nothing is read before the first one is asked for, but by stages that need
    /// all of them.
    pub fn run<'a>(&'a self, documents: Documents<'a>, context: Context<'a>) -> Documents<'a> {
        self.stages.iter().fold(documents, |documents, stage| stage.run(documents, context))
    }

    /// What a pipeline of [`compile_update`](Self::compile_update) makes of one document.
    ///
    /// # Errors
    /// Whatever a computed field fails with.
    pub fn apply(&self, document: &Document, variables: &Variables) -> Result<Document> {
        let context = Context { collections: &NoCollections, variables };
        let mut documents = self.run(Box::new(std::iter::once(Ok(document.clone()))), context);
        documents.next().unwrap_or_else(|| Ok(document.clone()))
    }
}
