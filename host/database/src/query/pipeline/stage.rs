//! The stages and how each of them runs.

use std::iter;

use bson::{Bson, Document, doc};

use super::{
    Context, Documents, Pipeline, bucket::Bucket, group::Group, lookup::Lookup, matching::Match, memory::Memory,
    unwind::Unwind,
};
use crate::{
    Error, Result,
    query::{
        expression::{Expression, shown},
        projection::Projection,
        sort::Sort,
    },
};

#[derive(Debug, Clone)]
pub(super) enum Stage {
    Match(Match),
    /// `$project`, `$addFields`, `$set` and `$unset`.
    Project(Projection),
    ReplaceRoot(Expression),
    Sort(Sort),
    Skip(usize),
    Limit(usize),
    Count(String),
    Unwind(Unwind),
    Group(Group),
    Bucket(Bucket),
    Facet(Vec<(String, Pipeline)>),
    Lookup(Lookup),
}

impl Stage {
    pub fn run<'a>(&'a self, documents: Documents<'a>, context: Context<'a>) -> Documents<'a> {
        match self {
            Self::Match(filter) => Box::new(documents.filter_map(move |document| {
                document.and_then(|document| Ok(filter.matches(&document, context)?.then_some(document))).transpose()
            })),
            Self::Project(projection) => {
                Box::new(documents.map(move |document| projection.apply_with(&document?, context.variables)))
            }
            Self::ReplaceRoot(expression) => {
                Box::new(documents.map(move |document| replaced(expression, &document?, context)))
            }
            Self::Sort(sort) => later(move || {
                let mut all = Memory::of("$sort").collect(documents)?;
                sort.sort(&mut all);
                Ok(all)
            }),
            Self::Skip(count) => skipped(documents, *count),
            Self::Limit(count) => Box::new(documents.take(*count)),
            Self::Count(name) => later(move || {
                let mut count = 0_u64;
                for document in documents {
                    document?;
                    count += 1;
                }
                Ok(if count == 0 { Vec::new() } else { vec![doc! { name: integer(count) }] })
            }),
            Self::Unwind(unwind) => Box::new(documents.flat_map(move |document| match document {
                Ok(document) => Box::new(unwind.unwound(document).map(Ok)) as Documents<'a>,
                Err(error) => Box::new(iter::once(Err(error))),
            })),
            Self::Group(group) => later(move || group.run(documents, context)),
            Self::Bucket(bucket) => later(move || bucket.run(documents, context)),
            Self::Facet(facets) => later(move || facet(facets, documents, context)),
            Self::Lookup(lookup) => Box::new(documents.map(move |document| lookup.joined(document?, context))),
        }
    }
}

/// Work that needs all documents, done when the first result is asked for.
fn later<'a>(work: impl FnOnce() -> Result<Vec<Document>> + 'a) -> Documents<'a> {
    let mut work = Some(work);
    Box::new(iter::from_fn(move || work.take().map(|work| work())).flat_map(|result| match result {
        Ok(documents) => Box::new(documents.into_iter().map(Ok)) as Documents<'static>,
        Err(error) => Box::new(iter::once(Err(error))),
    }))
}

fn facet(facets: &[(String, Pipeline)], documents: Documents<'_>, context: Context<'_>) -> Result<Vec<Document>> {
    let mut memory = Memory::of("$facet");
    let all = memory.collect(documents)?;
    let mut output = Document::new();
    for (name, pipeline) in facets {
        let results = memory.collect(pipeline.run(Box::new(all.iter().cloned().map(Ok)), context))?;
        output.insert(name, results.into_iter().map(Bson::Document).collect::<Vec<_>>());
    }
    Ok(vec![output])
}

/// Errors are never skipped.
fn skipped(documents: Documents<'_>, count: usize) -> Documents<'_> {
    let mut left = count;
    Box::new(documents.filter(move |document| {
        if left == 0 || document.is_err() {
            return true;
        }
        left -= 1;
        false
    }))
}

fn replaced(expression: &Expression, document: &Document, context: Context<'_>) -> Result<Document> {
    match expression.evaluate(document, context.variables)? {
        Some(Bson::Document(root)) => Ok(root),
        found => Err(Error::invalid(format!(
            "the new root of $replaceRoot must be a document, found {}",
            found.as_ref().map_or_else(|| "nothing".to_owned(), shown)
        ))),
    }
}

/// A count as the smallest integer type that holds it.
pub(super) fn integer(count: u64) -> Bson {
    match i32::try_from(count) {
        Ok(count) => Bson::Int32(count),
        Err(_) => Bson::Int64(i64::try_from(count).unwrap_or(i64::MAX)),
    }
}
