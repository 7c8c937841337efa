//! `$lookup`: documents of another collection, put into an array.

use bson::{Bson, Document, doc};

use super::{Context, Pipeline, compile, memory::Memory, unwind::set};
use crate::{
    Error, Result,
    query::expression::{Expression, Variables},
};

#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub from: String,
    into: Vec<String>,
    /// Local and foreign field; their values must be equal, elements of arrays one by one.
    fields: Option<(Vec<String>, String)>,
    variables: Vec<(String, Expression)>,
    pipeline: Option<Pipeline>,
}

impl Lookup {
    pub fn compile(written: &Document, outer: &[String]) -> Result<Self> {
        let (mut from, mut into, mut local, mut foreign, mut pipeline) = (None, None, None, None, None);
        let mut variables = Vec::new();
        for (name, value) in written {
            match (name.as_str(), value) {
                ("from", Bson::String(collection)) => from = Some(collection.clone()),
                ("as", Bson::String(path)) => into = Some(compile::path("$lookup", path)?),
                ("localField", Bson::String(path)) => local = Some(compile::path("$lookup", path)?),
                ("foreignField", Bson::String(path)) => foreign = Some(compile::path("$lookup", path)?.join(".")),
                ("let", Bson::Document(names)) => {
                    for (name, value) in names {
                        variables.push((name.clone(), Expression::compile_with(value, outer)?));
                    }
                }
                ("pipeline", Bson::Array(stages)) => pipeline = Some(stages),
                ("from" | "as" | "localField" | "foreignField" | "let" | "pipeline", other) => {
                    return Err(Error::invalid(format!("$lookup: {name} cannot be {other}")));
                }
                (strange, _) => return Err(Error::invalid(format!("$lookup has no field {strange}"))),
            }
        }
        let (Some(from), Some(into)) = (from, into) else {
            return Err(Error::invalid("$lookup needs from and as"));
        };
        let fields = match (local, foreign, &pipeline) {
            (Some(local), Some(foreign), _) => Some((local, foreign)),
            (None, None, Some(_)) => None,
            _ => return Err(Error::invalid("$lookup needs localField and foreignField, or a pipeline")),
        };
        let names: Vec<String> = outer.iter().cloned().chain(variables.iter().map(|(name, _)| name.clone())).collect();
        let pipeline = pipeline
            .map(|stages| compile::pipeline(&compile::documents("$lookup", stages)?, &names, compile::Place::Nested))
            .transpose()?;
        Ok(Self { from, into, fields, variables, pipeline })
    }

    /// The collections that the inner pipeline reads.
    pub fn inner_collections(&self) -> &[String] {
        self.pipeline.as_ref().map_or(&[], Pipeline::collections)
    }

    pub fn joined(&self, mut document: Document, context: Context<'_>) -> Result<Document> {
        let filter = match &self.fields {
            Some((local, foreign)) => equality(&document, local, foreign),
            None => Document::new(),
        };
        let mut memory = Memory::of("$lookup");
        let mut found = memory.collect(context.collections.find(&self.from, &filter)?.into_iter().map(Ok))?;
        if let Some(pipeline) = &self.pipeline {
            let mut variables: Variables = context.variables.clone();
            for (name, expression) in &self.variables {
                variables = variables.with(name, expression.evaluate(&document, context.variables)?);
            }
            let inner = Context { collections: context.collections, variables: &variables };
            found = memory.collect(pipeline.run(Box::new(found.into_iter().map(Ok)), inner))?;
        }
        let found = found.into_iter().map(Bson::Document).collect();
        set(&mut document, &self.into, Some(Bson::Array(found)));
        Ok(document)
    }
}

/// A missing local field stands for null, as it does in a filter, and so does an empty array.
fn equality(document: &Document, local: &[String], foreign: &str) -> Document {
    let mut values = Vec::new();
    collect(document, local, &mut values);
    if values.is_empty() {
        values.push(Bson::Null);
    }
    // `$in` would take a regular expression for a pattern.
    if values.iter().any(|value| matches!(value, Bson::RegularExpression(_))) {
        let clauses: Vec<Bson> = values.into_iter().map(|value| doc! { foreign: { "$eq": value } }.into()).collect();
        return doc! { "$or": clauses };
    }
    doc! { foreign: { "$in": values } }
}

/// Every value the path leads to, elements of arrays one by one.
fn collect(document: &Document, path: &[String], values: &mut Vec<Bson>) {
    let Some((name, rest)) = path.split_first() else { return };
    match (document.get(name), rest) {
        (Some(Bson::Array(items)), []) => values.extend(items.iter().cloned()),
        (Some(value), []) => values.push(value.clone()),
        (Some(Bson::Document(inner)), rest) => collect(inner, rest, values),
        (Some(Bson::Array(items)), rest) => {
            items.iter().filter_map(Bson::as_document).for_each(|inner| collect(inner, rest, values));
        }
        _ => {}
    }
}
