//! Writes of the trait in the driver's words, checked on the way.

use bson::Bson;
use mongodb::{
    Namespace,
    options::{
        DeleteManyModel, DeleteOneModel, InsertOneModel, ReplaceOneModel, UpdateManyModel, UpdateModifications,
        UpdateOneModel, WriteModel,
    },
};

use super::check;
use crate::{Change, Result, Update, Write, name, query::update::prepare_insert};

/// Checks the write and gives an insert its `_id`.
///
/// # Errors
/// Those of the write's own parts.
pub(super) fn prepare(write: &mut Write) -> Result<()> {
    match write {
        Write::Insert { collection, document } => {
            name::check(collection)?;
            prepare_insert(document)
        }
        Write::Update { collection, update } => check::update(collection, update),
        Write::Delete { collection, delete } => check::filter(collection, &delete.filter),
    }
}

/// A change or removal of at most so many: the server has no word for it, so it goes by itself.
pub(super) fn is_bounded(write: &Write) -> bool {
    match write {
        Write::Insert { .. } => false,
        Write::Update { update, .. } => update.many && update.limit.is_some(),
        Write::Delete { delete, .. } => delete.limit.is_some_and(|limit| limit != 1),
    }
}

pub(super) fn collection(write: &Write) -> &str {
    match write {
        Write::Insert { collection, .. } | Write::Update { collection, .. } | Write::Delete { collection, .. } => {
            collection
        }
    }
}

/// One that is not bounded.
pub(super) fn of(database: &str, write: Write) -> WriteModel {
    let namespace = Namespace::new(database, collection(&write));
    match write {
        Write::Insert { document, .. } => {
            InsertOneModel::builder().namespace(namespace).document(document).build().into()
        }
        Write::Update { update, .. } => change(namespace, update),
        Write::Delete { delete, .. } if delete.limit.is_some() => {
            DeleteOneModel::builder().namespace(namespace).filter(delete.filter).build().into()
        }
        Write::Delete { delete, .. } => {
            DeleteManyModel::builder().namespace(namespace).filter(delete.filter).build().into()
        }
    }
}

fn change(namespace: Namespace, update: Update) -> WriteModel {
    let upsert = update.upsert.then_some(true);
    let modifications = match update.change {
        Change::Replacement(replacement) => {
            return ReplaceOneModel::builder()
                .namespace(namespace)
                .filter(update.filter)
                .replacement(replacement)
                .upsert(upsert)
                .build()
                .into();
        }
        Change::Operators(operators) => UpdateModifications::Document(operators),
        Change::Pipeline(stages) => UpdateModifications::Pipeline(stages),
    };
    let filters: Vec<Bson> = update.array_filters.into_iter().map(Bson::Document).collect();
    let filters = Some(filters).filter(|filters| !filters.is_empty());
    if update.many {
        return UpdateManyModel::builder()
            .namespace(namespace)
            .filter(update.filter)
            .update(modifications)
            .array_filters(filters)
            .upsert(upsert)
            .build()
            .into();
    }
    UpdateOneModel::builder()
        .namespace(namespace)
        .filter(update.filter)
        .update(modifications)
        .array_filters(filters)
        .upsert(upsert)
        .build()
        .into()
}
