//! From documents to stages, with the checks that need no data.

use bson::{Bson, Document};

use super::{Pipeline, bucket::Bucket, group::Group, lookup::Lookup, matching::Match, stage::Stage, unwind::Unwind};
use crate::{
    Error, Result,
    query::{allow, expression::Expression, number::Number, projection::Projection, sort::Sort},
};

/// Where a pipeline stands, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    /// In a `$lookup`.
    Nested,
    /// In a `$facet`, which cannot hold another one.
    Facet,
    Update,
}

pub(super) fn pipeline(written: &[Document], variables: &[String], place: Place) -> Result<Pipeline> {
    let mut compiled = Pipeline { stages: Vec::new(), leading_filter: None, collections: Vec::new() };
    for (index, stage) in written.iter().enumerate() {
        allow::check_command("a stage", stage)?;
        let mut entries = stage.iter();
        let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
            return Err(Error::invalid(format!(
                "stage {} of a pipeline must have exactly one field, found {}",
                index + 1,
                stage.len()
            )));
        };
        match place {
            Place::Update => allow::update_stage(name)?,
            _ => allow::stage(name)?,
        }
        if let (0, "$match", Bson::Document(filter)) = (index, name.as_str(), operand) {
            compiled.leading_filter = Some(filter.clone());
        }
        let mut stages = stages(name, operand, variables, place)?;
        for stage in &stages {
            match stage {
                Stage::Lookup(lookup) => {
                    compiled.collections.push(lookup.from.clone());
                    compiled.collections.extend_from_slice(lookup.inner_collections());
                }
                Stage::Facet(facets) => {
                    let inner = facets.iter().flat_map(|(_, pipeline)| pipeline.collections());
                    compiled.collections.extend(inner.cloned());
                }
                _ => {}
            }
        }
        compiled.stages.append(&mut stages);
    }
    Ok(compiled)
}

/// The stages that a written one stands for.
fn stages(name: &str, operand: &Bson, variables: &[String], place: Place) -> Result<Vec<Stage>> {
    let document = || match operand {
        Bson::Document(document) => Ok(document),
        other => Err(Error::invalid(format!("{name} takes a document, found {other}"))),
    };
    Ok(vec![match name {
        "$match" => Stage::Match(Match::compile(document()?, variables)?),
        "$project" => Stage::Project(Projection::stage(document()?, variables)?),
        "$addFields" | "$set" => Stage::Project(Projection::add_fields(document()?, variables)?),
        "$unset" => Stage::Project(unset(operand)?),
        "$replaceRoot" => match document()?.iter().collect::<Vec<_>>().as_slice() {
            [(field, root)] if *field == "newRoot" => Stage::ReplaceRoot(new_root(root, variables)?),
            _ => return Err(Error::invalid("$replaceRoot takes exactly the field newRoot")),
        },
        "$replaceWith" => Stage::ReplaceRoot(new_root(operand, variables)?),
        "$sort" => match document()? {
            fields if fields.is_empty() => return Err(Error::invalid("$sort needs at least one field")),
            fields => Stage::Sort(Sort::compile(fields)?),
        },
        "$skip" => Stage::Skip(count(name, operand, 0)?),
        "$limit" => Stage::Limit(count(name, operand, 1)?),
        "$count" => Stage::Count(count_name(operand)?),
        "$unwind" => Stage::Unwind(unwind(operand)?),
        "$group" => Stage::Group(Group::compile(document()?, variables)?),
        "$bucket" => Stage::Bucket(Bucket::compile(document()?, variables)?),
        "$sortByCount" => return sort_by_count(operand, variables),
        "$facet" if place == Place::Facet => {
            return Err(Error::invalid("$facet cannot hold another $facet"));
        }
        "$facet" => Stage::Facet(facets(document()?, variables)?),
        "$lookup" => Stage::Lookup(Lookup::compile(document()?, variables)?),
        other => return Err(allow::refusal("stage", other)),
    }])
}

/// The parts of a path that names a field, without `$`.
pub(super) fn path(stage: &str, path: &str) -> Result<Vec<String>> {
    path.split('.')
        .map(|part| {
            if part.is_empty() || part.starts_with('$') || part.contains('\0') {
                return Err(Error::invalid(format!(
                    "{stage}: a part of the path \"{path}\" is empty or begins with $"
                )));
            }
            Ok(part.to_owned())
        })
        .collect()
}

pub(super) fn documents(stage: &str, stages: &[Bson]) -> Result<Vec<Document>> {
    stages
        .iter()
        .map(|inner| match inner {
            Bson::Document(inner) => Ok(inner.clone()),
            other => Err(Error::invalid(format!("{stage}: a stage must be a document, found {other}"))),
        })
        .collect()
}

fn new_root(root: &Bson, variables: &[String]) -> Result<Expression> {
    Expression::compile_with(root, variables)
}

fn unset(operand: &Bson) -> Result<Projection> {
    let text = |value: &'_ Bson| match value {
        Bson::String(text) => Ok(text.clone()),
        other => Err(Error::invalid(format!("$unset takes a path or a list of paths, found {other}"))),
    };
    let paths = match operand {
        Bson::Array(paths) if !paths.is_empty() => paths.iter().map(text).collect::<Result<Vec<_>>>()?,
        single => vec![text(single)?],
    };
    Projection::without(paths.iter().map(String::as_str))
}

fn count(name: &str, operand: &Bson, least: i64) -> Result<usize> {
    let count = Number::from_bson(operand).and_then(Number::as_exact_i64);
    count
        .filter(|count| *count >= least)
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| Error::invalid(format!("{name} takes a whole number of at least {least}, found {operand}")))
}

fn count_name(operand: &Bson) -> Result<String> {
    match operand {
        Bson::String(name) if !name.is_empty() && !name.starts_with('$') && !name.contains(['.', '\0']) => {
            Ok(name.clone())
        }
        other => Err(Error::invalid(format!("$count takes the name of a field, without dots or $, found {other}"))),
    }
}

fn unwind(operand: &Bson) -> Result<Unwind> {
    let read_path = |written: &str| match written.strip_prefix('$') {
        Some(rest) => path("$unwind", rest),
        None => Err(Error::invalid(format!("the path of $unwind must begin with $, found \"{written}\""))),
    };
    let Bson::Document(written) = operand else {
        let Bson::String(written) = operand else {
            return Err(Error::invalid(format!("$unwind takes a path or a document, found {operand}")));
        };
        return Ok(Unwind { path: read_path(written)?, index: None, keeps_empty: false });
    };
    let (mut array, mut index, mut keeps_empty) = (None, None, false);
    for (name, value) in written {
        match (name.as_str(), value) {
            ("path", Bson::String(written)) => array = Some(read_path(written)?),
            ("includeArrayIndex", Bson::String(written)) => index = Some(path("$unwind", written)?),
            ("preserveNullAndEmptyArrays", Bson::Boolean(keeps)) => keeps_empty = *keeps,
            ("path" | "includeArrayIndex" | "preserveNullAndEmptyArrays", other) => {
                return Err(Error::invalid(format!("$unwind: {name} cannot be {other}")));
            }
            (strange, _) => return Err(Error::invalid(format!("$unwind has no field {strange}"))),
        }
    }
    match array {
        Some(path) => Ok(Unwind { path, index, keeps_empty }),
        None => Err(Error::invalid("$unwind needs a path")),
    }
}

fn sort_by_count(operand: &Bson, variables: &[String]) -> Result<Vec<Stage>> {
    let is_expression = match operand {
        Bson::String(path) => path.starts_with('$'),
        Bson::Document(document) => document.keys().next().is_some_and(|key| key.starts_with('$')),
        _ => false,
    };
    if !is_expression {
        return Err(Error::invalid(format!(
            "$sortByCount takes a path that begins with $ or an expression, found {operand}"
        )));
    }
    let group = Group::counting(Expression::compile_with(operand, variables)?);
    Ok(vec![Stage::Group(group), Stage::Sort(Sort::compile(&bson::doc! { "count": -1 })?)])
}

fn facets(written: &Document, variables: &[String]) -> Result<Vec<(String, Pipeline)>> {
    if written.is_empty() {
        return Err(Error::invalid("$facet needs at least one field"));
    }
    written
        .iter()
        .map(|(name, stages)| {
            let parts = path("$facet", name)?;
            match stages {
                Bson::Array(stages) if parts.len() == 1 => {
                    let stages = documents("$facet", stages)?;
                    Ok((name.clone(), pipeline(&stages, variables, Place::Facet)?))
                }
                Bson::Array(_) => Err(Error::invalid(format!("the field {name} of $facet must not have dots"))),
                other => Err(Error::invalid(format!("$facet: {name} must be a list of stages, found {other}"))),
            }
        })
        .collect()
}
