//! Changing collections and indexes themselves.

use sandglass_database::Index;

use super::collection::refused;
use super::write::{effect, flag};
use super::{CollectionName, json as extended, narrowed};
use crate::capabilities::guard::{Gate, Permit};
use crate::capabilities::operation::{
    DOCUMENTS_CREATE, DOCUMENTS_CREATE_INDEX, DOCUMENTS_DROP, DOCUMENTS_DROP_INDEX, DOCUMENTS_RENAME, Operation,
};
use crate::capabilities::{ErrorKind, GateError, within};

async fn pass(
    gate: &mut Gate,
    operation: &'static Operation,
    name: &str,
) -> Result<(Permit, CollectionName), GateError> {
    match CollectionName::parse(name) {
        Ok(name) => {
            let permit = gate.pass(operation, &name).await?;
            narrowed::whole(gate, &permit, operation, &name, "managing a collection").await?;
            Ok((permit, name))
        }
        Err(error) => Err(refused(gate, operation, name, error).await),
    }
}

/// Makes an empty collection.
///
/// # Errors
/// `conflict` when it exists; those of the gate and of the database.
pub async fn create(gate: &mut Gate, name: &str, options: &str) -> Result<(), GateError> {
    let (permit, name) = pass(gate, &DOCUMENTS_CREATE, name).await?;
    if let Some(unknown) = extended::document("options", options)?.keys().next() {
        return Err(GateError::invalid("unknown-option", format!("options: {unknown:?} is not known; write {{}}")));
    }
    let database = gate.database(&permit, name.connection())?;
    let existing = within(gate.remaining(), database.collections()).await?;
    if existing.iter().any(|info| info.name == name.collection()) {
        return Err(GateError::new(ErrorKind::Conflict, "exists", format!("{} exists already", name.collection())));
    }
    effect(gate, &permit, &DOCUMENTS_CREATE, &name, 0, async {
        database.create_collection(name.collection()).await.map(|()| (1, ()))
    })
    .await
}

/// Removes a collection with its documents and indexes.
///
/// # Errors
/// Those of the gate and of the database.
pub async fn drop(gate: &mut Gate, name: &str) -> Result<(), GateError> {
    let (permit, name) = pass(gate, &DOCUMENTS_DROP, name).await?;
    let database = gate.database(&permit, name.connection())?;
    effect(gate, &permit, &DOCUMENTS_DROP, &name, 0, async {
        database.drop_collection(name.collection()).await.map(|()| (1, ()))
    })
    .await
}

/// Gives a collection another name within its connection. Both names need the right.
///
/// # Errors
/// Those of the gate and of the database; `invalid` across connections.
pub async fn rename(gate: &mut Gate, name: &str, to: &str, replace: bool) -> Result<(), GateError> {
    let (permit, name) = pass(gate, &DOCUMENTS_RENAME, name).await?;
    let to = if to.contains('/') { CollectionName::parse(to) } else { name.sibling(to) };
    let to = match to {
        Ok(to) if to.connection() == name.connection() => to,
        Ok(_) => return Err(GateError::invalid("other-connection", "a collection stays in its connection")),
        Err(error) => return Err(refused(gate, &DOCUMENTS_RENAME, "", error).await),
    };
    let other = gate.pass(&DOCUMENTS_RENAME, &to).await?;
    narrowed::whole(gate, &other, &DOCUMENTS_RENAME, &to, "managing a collection").await?;
    let database = gate.database(&permit, name.connection())?;
    if !replace {
        let existing = within(gate.remaining(), database.collections()).await?;
        if existing.iter().any(|info| info.name == to.collection()) {
            return Err(GateError::new(ErrorKind::Conflict, "exists", format!("{} exists already", to.collection())));
        }
    }
    effect(gate, &permit, &DOCUMENTS_RENAME, &name, 0, async {
        database.rename_collection(name.collection(), to.collection(), replace).await.map(|()| (1, ()))
    })
    .await
}

/// Makes an index.
///
/// # Errors
/// Those of the gate and of the database; `invalid` for a definition that is not understood.
pub async fn create_index(gate: &mut Gate, name: &str, definition: &str) -> Result<(), GateError> {
    let (permit, name) = pass(gate, &DOCUMENTS_CREATE_INDEX, name).await?;
    let index = index(definition)?;
    let database = gate.database(&permit, name.connection())?;
    effect(gate, &permit, &DOCUMENTS_CREATE_INDEX, &name, definition.len(), async {
        database.create_index(name.collection(), index).await.map(|()| (1, ()))
    })
    .await
}

/// Removes an index.
///
/// # Errors
/// Those of the gate and of the database.
pub async fn drop_index(gate: &mut Gate, name: &str, index: &str) -> Result<(), GateError> {
    let (permit, name) = pass(gate, &DOCUMENTS_DROP_INDEX, name).await?;
    let database = gate.database(&permit, name.connection())?;
    effect(gate, &permit, &DOCUMENTS_DROP_INDEX, &name, index.len(), async {
        database.drop_index(name.collection(), index).await.map(|()| (1, ()))
    })
    .await
}

fn index(definition: &str) -> Result<Index, GateError> {
    let definition = extended::document("definition", definition)?;
    let known = ["key", "name", "unique", "sparse", "partialFilterExpression"];
    if let Some(unknown) = definition.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(GateError::invalid("unknown-option", format!("definition: {unknown:?} is not one of {known:?}")));
    }
    let keys = definition.get_document("key").map_err(|_| {
        GateError::invalid("index-key", "definition: `key` must be an object such as {\"created_at\": 1}")
    })?;
    let mut index = Index::on(keys.clone());
    if let Ok(name) = definition.get_str("name") {
        index.name = name.to_owned();
    }
    index.unique = flag(&definition, "unique")?;
    index.sparse = flag(&definition, "sparse")?;
    index.partial = definition.get_document("partialFilterExpression").ok().cloned();
    Ok(index)
}
