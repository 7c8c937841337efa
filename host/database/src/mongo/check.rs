//! The allow-list and the bounds, before the server sees a command: it is compiled as the other engines would compile
//! it, and the result is thrown away.

use bson::Document;

use crate::{
    Find, FindAndUpdate, Result, Update, name,
    query::{distinct::Distinct, filter::Filter, pipeline::Pipeline, projection::Projection, sort::Sort, update},
};

/// # Errors
/// Those of the parts of the read, as for all of these.
pub(super) fn find(collection: &str, find: &Find) -> Result<()> {
    filter(collection, &find.filter)?;
    shape(find.sort.as_ref(), find.projection.as_ref())
}

pub(super) fn filter(collection: &str, filter: &Document) -> Result<()> {
    name::check(collection)?;
    Filter::compile(filter).map(|_| ())
}

pub(super) fn distinct(collection: &str, field: &str, condition: &Document) -> Result<()> {
    filter(collection, condition)?;
    Distinct::new(field).map(|_| ())
}

pub(super) fn aggregate(collection: &str, stages: &[Document]) -> Result<()> {
    name::check(collection)?;
    Pipeline::compile(stages).map(|_| ())
}

pub(super) fn update(collection: &str, update: &Update) -> Result<()> {
    filter(collection, &update.filter)?;
    update::Update::of(update).map(|_| ())
}

pub(super) fn find_one_and_update(collection: &str, command: &FindAndUpdate) -> Result<()> {
    filter(collection, &command.filter)?;
    shape(command.sort.as_ref(), command.projection.as_ref())?;
    if let Some(change) = &command.change {
        update::Update::compile(change, &command.array_filters)?;
    }
    Ok(())
}

fn shape(sort: Option<&Document>, projection: Option<&Document>) -> Result<()> {
    sort.map(Sort::compile).transpose()?;
    projection.map(Projection::compile).transpose()?;
    Ok(())
}
