//! Reading a collection.

use bson::Bson;
use sandglass_database::{Find, Index};
use serde_json::json;
use tokio::time::Instant;

use super::{CollectionName, Cursor, Fields, RawCursor, json as extended, narrowed, pipeline};
use crate::capabilities::gates::DEFAULT_CONNECTION;
use crate::capabilities::guard::{Gate, Permit, Target};
use crate::capabilities::operation::{
    DOCUMENTS_AGGREGATE, DOCUMENTS_COLLECTIONS, DOCUMENTS_COUNT, DOCUMENTS_DISTINCT, DOCUMENTS_FIND,
    DOCUMENTS_FIND_ONE, DOCUMENTS_FIND_RAW, DOCUMENTS_INDEXES, DOCUMENTS_OPEN, Operation,
};
use crate::capabilities::{GateError, within};
use crate::model::audit::Usage;
use crate::model::grant::Scope;

/// A collection that was opened: a name only. Each use passes the gate anew.
#[derive(Debug, Clone)]
pub struct Collection(pub(super) CollectionName);

/// How to answer a `find`; texts are Extended JSON.
#[derive(Debug, Default)]
pub struct FindOptions {
    pub sort: Option<String>,
    pub projection: Option<String>,
    pub skip: u64,
    pub limit: Option<u64>,
    pub batch: Option<u32>,
}

/// Opens a collection by name.
///
/// # Errors
/// `denied` when no right of any kind covers it.
pub async fn open(gate: &mut Gate, name: &str) -> Result<Collection, GateError> {
    let name = match CollectionName::parse(name) {
        Ok(name) => name,
        Err(error) => return Err(refused(gate, &DOCUMENTS_OPEN, name, error).await),
    };
    gate.pass(&DOCUMENTS_OPEN, &name).await?;
    Ok(Collection(name))
}

/// The collections of a connection that a grant covers.
///
/// # Errors
/// `denied` when the template has no right to documents at all.
pub async fn collections(gate: &mut Gate, connection: &str) -> Result<Vec<String>, GateError> {
    let connection = if connection.is_empty() { DEFAULT_CONNECTION } else { connection };
    let permit = gate.pass(&DOCUMENTS_COLLECTIONS, &Connection(connection.to_owned())).await?;
    let since = Instant::now();
    let database = gate.database(&permit, connection)?;
    let mut list = Vec::new();
    for info in within(gate.remaining(), database.collections()).await? {
        let Ok(name) = CollectionName::of(connection, &info.name) else { continue };
        if gate.would_pass(&DOCUMENTS_OPEN, &name) {
            let line = json!({ "name": info.name, "count": info.count, "size_bytes": info.size_bytes });
            list.push(line.to_string());
        }
    }
    let usage = Usage { items: list.len() as u64, ..Usage::default() };
    gate.note(&DOCUMENTS_COLLECTIONS, connection, usage, since);
    Ok(list)
}

impl Collection {
    /// The documents that `filter` matches.
    ///
    /// # Errors
    /// Those of the gate, of Extended JSON and of the database.
    pub async fn find(&self, gate: &mut Gate, filter: &str, options: &FindOptions) -> Result<Cursor, GateError> {
        let permit = gate.pass(&DOCUMENTS_FIND, &self.0).await?;
        let since = Instant::now();
        let find = self.narrow(gate, &permit, &DOCUMENTS_FIND, find(filter, options)?).await?;
        let database = gate.database(&permit, self.0.connection())?;
        let source = within(gate.remaining(), database.find(self.0.collection(), find)).await?;
        self.note(gate, &DOCUMENTS_FIND, filter.len(), 0, since);
        Ok(Cursor::new(source, self.0.clone(), permit.fields().cloned(), options.batch))
    }

    /// The first document that `filter` matches.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn find_one(
        &self,
        gate: &mut Gate,
        filter: &str,
        options: &FindOptions,
    ) -> Result<Option<String>, GateError> {
        let permit = gate.pass(&DOCUMENTS_FIND_ONE, &self.0).await?;
        let since = Instant::now();
        let find = self.narrow(gate, &permit, &DOCUMENTS_FIND_ONE, find(filter, options)?).await?.limited(1);
        let database = gate.database(&permit, self.0.connection())?;
        let found = within(gate.remaining(), async { database.find(self.0.collection(), find).await?.next(1).await });
        let text = found.await?.first().map(extended::document_text);
        let usage = Usage {
            bytes_in: filter.len() as u64,
            bytes_out: text.as_ref().map_or(0, String::len) as u64,
            items: text.iter().len() as u64,
            ..Usage::default()
        };
        gate.note(&DOCUMENTS_FIND_ONE, self.0.name(), usage, since);
        Ok(text)
    }

    /// The documents that `filter` matches, as they are stored.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn find_raw(&self, gate: &mut Gate, filter: &str, options: &FindOptions) -> Result<RawCursor, GateError> {
        let permit = gate.pass(&DOCUMENTS_FIND_RAW, &self.0).await?;
        let since = Instant::now();
        let find = self.narrow(gate, &permit, &DOCUMENTS_FIND_RAW, find(filter, options)?).await?;
        let database = gate.database(&permit, self.0.connection())?;
        let source = within(gate.remaining(), database.find_raw(self.0.collection(), find)).await?;
        self.note(gate, &DOCUMENTS_FIND_RAW, filter.len(), 0, since);
        Ok(RawCursor::new(source, self.0.clone(), permit.fields().cloned()))
    }

    /// How many documents `filter` matches.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn count(&self, gate: &mut Gate, filter: &str) -> Result<u64, GateError> {
        let permit = gate.pass(&DOCUMENTS_COUNT, &self.0).await?;
        let since = Instant::now();
        let parsed = extended::document("filter", filter)?;
        narrowed::within(gate, &permit, &DOCUMENTS_COUNT, &self.0, |fields| fields.check_filter(&parsed)).await?;
        let database = gate.database(&permit, self.0.connection())?;
        let count = within(gate.remaining(), database.count(self.0.collection(), parsed)).await?;
        self.note(gate, &DOCUMENTS_COUNT, filter.len(), 0, since);
        Ok(count)
    }

    /// The different values of a field.
    ///
    /// # Errors
    /// As [`find`](Self::find); `limit` when they are more than a batch holds.
    pub async fn distinct(&self, gate: &mut Gate, field: &str, filter: &str) -> Result<Vec<String>, GateError> {
        let permit = gate.pass(&DOCUMENTS_DISTINCT, &self.0).await?;
        let since = Instant::now();
        let parsed = extended::document("filter", filter)?;
        let judge = |fields: &Fields| {
            fields.check_sort(&bson::doc! { field: 1 })?;
            fields.check_filter(&parsed)
        };
        narrowed::within(gate, &permit, &DOCUMENTS_DISTINCT, &self.0, judge).await?;
        let database = gate.database(&permit, self.0.connection())?;
        let values = within(gate.remaining(), database.distinct(self.0.collection(), field, parsed)).await?;
        let texts: Vec<String> = values.iter().map(extended::text).collect();
        let bytes: usize = texts.iter().map(String::len).sum();
        let bound = gate.bounds().batch_bytes;
        if bytes > bound {
            return Err(GateError::limit(
                "batch-bytes",
                format!("the values of {field:?} take {bytes} bytes, at most {bound} fit: use aggregate with $group"),
            ));
        }
        self.note(gate, &DOCUMENTS_DISTINCT, filter.len(), texts.len(), since);
        Ok(texts)
    }

    /// Runs a pipeline. Each further collection that it reads needs a right of its own.
    ///
    /// # Errors
    /// As [`find`](Self::find); `denied` for stages that write.
    pub async fn aggregate(&self, gate: &mut Gate, pipeline: &str, options: &str) -> Result<Cursor, GateError> {
        let permit = gate.pass(&DOCUMENTS_AGGREGATE, &self.0).await?;
        let since = Instant::now();
        let stages = extended::documents("pipeline", pipeline)?;
        if let Some(unknown) = extended::document("options", options)?.keys().next() {
            return Err(GateError::invalid("unknown-option", format!("options: {unknown:?} is not known; write {{}}")));
        }
        let foreign = match pipeline::foreign_collections(&stages) {
            Ok(foreign) => foreign,
            Err(error) => return Err(refused(gate, &DOCUMENTS_AGGREGATE, self.0.name(), error).await),
        };
        for other in foreign {
            let other = self.0.sibling(&other)?;
            let permit = gate.pass(&DOCUMENTS_AGGREGATE, &other).await?;
            narrowed::whole(gate, &permit, &DOCUMENTS_AGGREGATE, &other, "joining a collection").await?;
        }
        let narrow = |fields: &Fields| fields.pipeline(stages.clone());
        let narrow = narrowed::within(gate, &permit, &DOCUMENTS_AGGREGATE, &self.0, narrow).await?;
        let stages = narrow.unwrap_or(stages);
        let database = gate.database(&permit, self.0.connection())?;
        let source = within(gate.remaining(), database.aggregate(self.0.collection(), stages)).await?;
        self.note(gate, &DOCUMENTS_AGGREGATE, pipeline.len(), 0, since);
        Ok(Cursor::new(source, self.0.clone(), permit.fields().cloned(), None))
    }

    /// The indexes.
    ///
    /// # Errors
    /// Those of the gate and of the database.
    pub async fn indexes(&self, gate: &mut Gate) -> Result<Vec<String>, GateError> {
        let permit = gate.pass(&DOCUMENTS_INDEXES, &self.0).await?;
        let since = Instant::now();
        let database = gate.database(&permit, self.0.connection())?;
        let indexes = within(gate.remaining(), database.indexes(self.0.collection())).await?;
        self.note(gate, &DOCUMENTS_INDEXES, 0, indexes.len(), since);
        Ok(indexes.into_iter().map(index_text).collect())
    }

    /// The same read within the fields that are granted.
    async fn narrow(
        &self,
        gate: &mut Gate,
        permit: &Permit,
        operation: &'static Operation,
        find: Find,
    ) -> Result<Find, GateError> {
        let judge = |fields: &Fields| {
            fields.check_filter(&find.filter)?;
            find.sort.as_ref().map_or(Ok(()), |sort| fields.check_sort(sort))?;
            fields.projection(find.projection.as_ref())
        };
        let projection = narrowed::within(gate, permit, operation, &self.0, judge).await?;
        Ok(match projection {
            None => find,
            Some(projection) => Find { projection: Some(projection), ..find },
        })
    }

    pub(super) fn name(&self) -> &CollectionName {
        &self.0
    }

    fn note(&self, gate: &mut Gate, operation: &'static Operation, bytes_in: usize, items: usize, since: Instant) {
        let usage = Usage { bytes_in: bytes_in as u64, items: items as u64, ..Usage::default() };
        gate.note(operation, self.0.name(), usage, since);
    }
}

/// Records a refusal that came before or beside the gate's own decision, which is asked all the same.
pub(in crate::capabilities) async fn refused(
    gate: &mut Gate,
    operation: &'static Operation,
    target: &str,
    error: GateError,
) -> GateError {
    if let Err(closed) = gate.admit_refusal() {
        return closed;
    }
    gate.refuse(operation, &target.chars().take(200).collect::<String>(), &error).await;
    error
}

fn find(filter: &str, options: &FindOptions) -> Result<Find, GateError> {
    let optional =
        |what: &str, text: &Option<String>| text.as_deref().map(|text| extended::document(what, text)).transpose();
    Ok(Find {
        filter: extended::document("filter", filter)?,
        sort: optional("sort", &options.sort)?,
        projection: optional("projection", &options.projection)?,
        skip: options.skip,
        limit: options.limit,
    })
}

/// An index as MongoDB's `listIndexes` shows it.
fn index_text(index: Index) -> String {
    let mut document = bson::doc! { "name": index.name, "key": index.keys };
    if index.unique {
        document.insert("unique", true);
    }
    if index.sparse {
        document.insert("sparse", true);
    }
    if let Some(partial) = index.partial {
        document.insert("partialFilterExpression", partial);
    }
    extended::text(&Bson::Document(document))
}

/// A connection as a whole: covered when any collection of it may be.
struct Connection(String);

impl Target for Connection {
    fn name(&self) -> &str {
        &self.0
    }

    fn is_in(&self, scope: &Scope, extra: Option<&serde_json::Value>, parameters: &serde_json::Value) -> bool {
        let collection = match scope {
            Scope::Pattern(text) | Scope::Literal(text) => text.rsplit('/').next().unwrap_or(text),
        };
        // A name that the scope's own pattern fits: itself, its stars read as letters.
        let sample = collection.replace('*', "x");
        CollectionName::of(&self.0, &sample).is_ok_and(|name| name.is_in(scope, extra, parameters))
    }
}
