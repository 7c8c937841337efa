//! Documents in a MongoDB-compatible database, as [`Value`]s in Extended JSON v2.
//!
//! An ObjectId is `{"$oid": "…"}`, a date `{"$date": "…"}`, a 64-bit integer `{"$numberLong": "…"}`: hand them back
//! as they came.

use serde_json::Value;

use crate::bindings::sandglass::documents::{read, write};
use crate::nearest::hint;
use crate::{Error, ErrorKind, host};

pub use write::InsertReport;

/// How to answer a `find`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindOptions {
    /// `{"created_at": 1}` ascending, `-1` descending; several keys in their written order.
    pub sort: Option<Value>,
    /// Which fields to return, as in `{"_id": 1}`.
    pub projection: Option<Value>,
    /// Documents to leave out at the start.
    pub skip: u64,
    /// Documents to return at most.
    pub limit: Option<u64>,
    /// How many documents the host should fetch at a time. A hint.
    pub batch: Option<u32>,
}

/// How to carry out an `update`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateOptions {
    /// Change all matching documents and not only the first.
    pub many: bool,
    /// Change at most this many. Only with `many`.
    pub limit: Option<u64>,
    /// Insert a document when none matches.
    pub upsert: bool,
    /// An array of filters for the positions `$[name]` in the change.
    pub array_filters: Option<Value>,
}

/// What an `update` did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateCount {
    /// Documents that the filter matched.
    pub matched: u64,
    /// Documents that differ from before.
    pub modified: u64,
    /// `_id` of the document that an upsert inserted.
    pub upserted_id: Option<Value>,
}

/// One collection, opened for this run.
///
/// Every operation fails with `denied` when no grant covers it, `invalid` when a filter, change or pipeline is
/// wrong (the operator is named), `timeout` or `unavailable` when the store does not answer.
#[derive(Debug)]
pub struct Collection {
    handle: host::documents::Collection,
}

impl Collection {
    /// Opens `orders` of the default connection or `crm/orders` of a named one.
    ///
    /// # Errors
    /// `denied` when no grant covers it. A collection that does not exist yet opens and is empty.
    pub fn open(name: &str) -> Result<Self, Error> {
        host::documents::Collection::open(name).map(|handle| Self { handle })
    }

    /// The documents that `filter` matches; `{}` matches all.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn find(&self, filter: &Value, options: &FindOptions) -> Result<Cursor, Error> {
        self.handle.find(&filter.to_string(), &options.wire()).map(|handle| Cursor { handle })
    }

    /// The first document that `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn find_one(&self, filter: &Value, options: &FindOptions) -> Result<Option<Value>, Error> {
        self.handle.find_one(&filter.to_string(), &options.wire())?.as_deref().map(parsed).transpose()
    }

    /// Like [`find`](Self::find), but as BSON: exact to the byte and without the cost of JSON.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn find_raw(&self, filter: &Value, options: &FindOptions) -> Result<RawCursor, Error> {
        self.handle.find_raw(&filter.to_string(), &options.wire()).map(|handle| RawCursor { handle })
    }

    /// How many documents `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn count(&self, filter: &Value) -> Result<u64, Error> {
        self.handle.count(&filter.to_string())
    }

    /// The different values that `field` (a dotted path) has among the documents that `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn distinct(&self, field: &str, filter: &Value) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.distinct(field, &filter.to_string())?)
    }

    /// Runs an aggregation pipeline, an array of stages. Stages that write are refused.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn aggregate(&self, pipeline: &Value, options: &Value) -> Result<Cursor, Error> {
        self.handle.aggregate(&pipeline.to_string(), &options.to_string()).map(|handle| Cursor { handle })
    }

    /// The indexes, as objects with `name`, `key` and their options.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn indexes(&self) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.indexes()?)
    }

    /// Inserts documents. One bad document does not stop the others: look at the report.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn insert(&self, documents: &[Value]) -> Result<InsertReport, Error> {
        let texts = documents.iter().map(Value::to_string).collect::<Vec<_>>();
        host::documents::insert(&self.handle, &texts)
    }

    /// Inserts BSON documents that stand one after the other.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn insert_raw(&self, documents: &[u8]) -> Result<InsertReport, Error> {
        host::documents::insert_raw(&self.handle, documents)
    }

    /// Changes the documents that `filter` matches. `change` is an object of update operators, a whole replacement
    /// (not with `many`) or an array of pipeline stages.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn update(&self, filter: &Value, change: &Value, options: &UpdateOptions) -> Result<UpdateCount, Error> {
        let options = write::UpdateOptions {
            many: options.many,
            limit: options.limit,
            upsert: options.upsert,
            array_filters: options.array_filters.as_ref().map(Value::to_string),
        };
        let count = host::documents::update(&self.handle, &filter.to_string(), &change.to_string(), &options)?;
        let upserted_id = count.upserted_id.as_deref().map(parsed).transpose()?;
        Ok(UpdateCount { matched: count.matched, modified: count.modified, upserted_id })
    }

    /// Deletes the documents that `filter` matches, at most `limit` of them, and returns how many went.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub fn delete(&self, filter: &Value, limit: Option<u64>) -> Result<u64, Error> {
        host::documents::delete(&self.handle, &filter.to_string(), limit)
    }
}

/// Documents that come in batches. Dropping it closes it.
#[derive(Debug)]
pub struct Cursor {
    handle: host::documents::Cursor,
}

impl Cursor {
    /// The next documents, at most `max` and at most what the run's limits allow in one batch; 0 leaves the number
    /// to the host. Empty at the end.
    ///
    /// # Errors
    /// `timeout` or `unavailable` when the store does not answer.
    pub fn next_batch(&self, max: u32) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.next(max)?)
    }
}

/// Documents as BSON. Dropping it closes it.
#[derive(Debug)]
pub struct RawCursor {
    handle: host::documents::RawCursor,
}

impl RawCursor {
    /// Whole documents one after the other, together at most `max_bytes` unless one alone is larger. Empty at the
    /// end.
    ///
    /// # Errors
    /// `timeout` or `unavailable` when the store does not answer.
    pub fn next_bytes(&self, max_bytes: u32) -> Result<Vec<u8>, Error> {
        self.handle.next(max_bytes)
    }
}

/// The collections of a connection that a grant covers, as objects with `name`, `count` and `size_bytes`.
///
/// # Errors
/// `denied` without a grant, `not-found` for a connection that does not exist.
pub fn collections(connection: &str) -> Result<Vec<Value>, Error> {
    all_parsed(&host::documents::collections(connection)?)
}

/// A warning for a collection that does not exist: whoever finds nothing in it should hear that the name may be mistyped.
/// Names the nearest of those that this template may reach. `name` as for [`Collection::open`]; nothing where the
/// collection is there, and nothing where that cannot be known.
#[must_use]
pub fn missing(name: &str) -> Option<String> {
    let (connection, collection) = name.split_once('/').unwrap_or(("default", name));
    let there = collections(connection).ok()?;
    let names: Vec<&str> = there.iter().filter_map(|info| info.get("name")?.as_str()).collect();
    let is_there = names.contains(&collection);
    (!is_there).then(|| format!("there is no collection {name}{}", hint(collection, names)))
}

/// Collections and indexes themselves. For restores and migrations; rarely granted.
pub mod manage {
    use super::{Error, Value, host};

    /// Makes an empty collection.
    ///
    /// # Errors
    /// `conflict` when it exists.
    pub fn create(name: &str, options: &Value) -> Result<(), Error> {
        host::documents::create(name, &options.to_string())
    }

    /// Removes a collection with its documents and indexes.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    pub fn drop(name: &str) -> Result<(), Error> {
        host::documents::drop(name)
    }

    /// Gives a collection another name within its connection.
    ///
    /// # Errors
    /// `conflict` when one of that name exists and `replace` is false.
    pub fn rename(name: &str, to: &str, replace: bool) -> Result<(), Error> {
        host::documents::rename(name, to, replace)
    }

    /// Makes an index from an object with `key` and, where wanted, `name`, `unique`, `sparse`,
    /// `partialFilterExpression`.
    ///
    /// # Errors
    /// `conflict` when documents break its uniqueness.
    pub fn create_index(name: &str, definition: &Value) -> Result<(), Error> {
        host::documents::create_index(name, &definition.to_string())
    }

    /// Removes the index that is called `index`.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    pub fn drop_index(name: &str, index: &str) -> Result<(), Error> {
        host::documents::drop_index(name, index)
    }
}

impl FindOptions {
    fn wire(&self) -> read::FindOptions {
        read::FindOptions {
            sort: self.sort.as_ref().map(Value::to_string),
            projection: self.projection.as_ref().map(Value::to_string),
            skip: self.skip,
            limit: self.limit,
            batch: self.batch,
        }
    }
}

pub(crate) fn parsed(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error {
        kind: ErrorKind::Internal,
        reason: "unreadable-answer".to_owned(),
        message: format!("the host's answer is not JSON: {error}"),
        retry_after_ms: None,
        details: None,
    })
}

fn all_parsed(texts: &[String]) -> Result<Vec<Value>, Error> {
    texts.iter().map(|text| parsed(text)).collect()
}
