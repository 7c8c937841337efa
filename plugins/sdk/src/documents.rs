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
///
/// ```
/// use sandglass_sdk::documents::FindOptions;
/// use serde_json::json;
///
/// let newest = FindOptions { sort: Some(json!({"created_at": -1})), limit: Some(10), ..FindOptions::default() };
/// assert_eq!(newest.skip, 0);
/// ```
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
///
/// ```
/// use sandglass_sdk::documents::UpdateOptions;
///
/// let every = UpdateOptions { many: true, ..UpdateOptions::default() };
/// assert!(!every.upsert);
/// ```
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
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
/// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
/// use serde_json::json;
///
/// let orders = Collection::open("orders")?;
/// let count = orders.update(&json!({"_id": 1}), &json!({"$set": {"status": "paid"}}), &UpdateOptions::default())?;
/// assert_eq!((count.matched, count.modified, count.upserted_id), (1, 1, None));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
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
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
/// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
/// use serde_json::json;
///
/// let orders = Collection::open("orders")?;
/// assert_eq!(orders.count(&json!({"status": "open"}))?, 1);
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Collection {
    handle: host::documents::Collection,
}

impl Collection {
    /// Opens `orders` of the default connection or `crm/orders` of a named one.
    ///
    /// # Errors
    /// `denied` when no grant covers it. A collection that does not exist yet opens and is empty.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// assert_eq!(orders.count(&json!({}))?, 2);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Self, Error> {
        host::documents::Collection::open(name).map(|handle| Self { handle })
    }

    /// The documents that `filter` matches; `{}` matches all.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let cursor = orders.find(&json!({"status": "open"}), &FindOptions::default())?;
    /// loop {
    ///     let batch = cursor.next_batch(1_000)?;
    ///     if batch.is_empty() {
    ///         break;
    ///     }
    ///     assert_eq!(batch, [json!({"_id": 1, "status": "open"})]);
    /// }
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn find(&self, filter: &Value, options: &FindOptions) -> Result<Cursor, Error> {
        self.handle.find(&filter.to_string(), &options.wire()).map(|handle| Cursor { handle })
    }

    /// The first document that `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let order = orders.find_one(&json!({"_id": 2}), &FindOptions::default())?;
    /// assert_eq!(order, Some(json!({"_id": 2, "status": "paid"})));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn find_one(&self, filter: &Value, options: &FindOptions) -> Result<Option<Value>, Error> {
        self.handle.find_one(&filter.to_string(), &options.wire())?.as_deref().map(parsed).transpose()
    }

    /// Like [`find`](Self::find), but as BSON: exact to the byte and without the cost of JSON.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let cursor = orders.find_raw(&json!({}), &FindOptions::default())?;
    /// let bytes = cursor.next_bytes(65_536)?;
    /// // A BSON document begins with its length.
    /// let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    /// assert!(length as usize <= bytes.len());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn find_raw(&self, filter: &Value, options: &FindOptions) -> Result<RawCursor, Error> {
        self.handle.find_raw(&filter.to_string(), &options.wire()).map(|handle| RawCursor { handle })
    }

    /// How many documents `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// assert_eq!(orders.count(&json!({"status": "paid"}))?, 1);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn count(&self, filter: &Value) -> Result<u64, Error> {
        self.handle.count(&filter.to_string())
    }

    /// The different values that `field` (a dotted path) has among the documents that `filter` matches.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// assert_eq!(orders.distinct("status", &json!({}))?, ["open", "paid"]);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn distinct(&self, field: &str, filter: &Value) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.distinct(field, &filter.to_string())?)
    }

    /// Runs an aggregation pipeline, an array of stages. Stages that write are refused.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::Collection;
    /// use serde_json::json;
    ///
    /// // The fakes know no pipelines: the test says what comes out.
    /// world.answer_pipelines(|_, collection, _| Ok(vec![json!({"_id": collection, "count": 2})]));
    /// let pipeline = json!([{"$group": {"_id": null, "count": {"$sum": 1}}}]);
    /// let cursor = Collection::open("orders")?.aggregate(&pipeline, &json!({}))?;
    /// assert_eq!(cursor.next_batch(10)?[0]["count"], 2);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn aggregate(&self, pipeline: &Value, options: &Value) -> Result<Cursor, Error> {
        self.handle.aggregate(&pipeline.to_string(), &options.to_string()).map(|handle| Cursor { handle })
    }

    /// The indexes, as objects with `name`, `key` and their options.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// world.set_indexes("orders", json!([{"name": "by_status", "key": {"status": 1}}]));
    /// assert!(orders.indexes()?.iter().any(|index| index["name"] == "by_status"));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn indexes(&self) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.indexes()?)
    }

    /// Inserts documents. One bad document does not stop the others: look at the report.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let report = orders.insert(&[json!({"_id": 3}), json!({"_id": 1})])?;
    /// assert_eq!(report.inserted, 1);
    /// assert_eq!(report.failed.len(), 1, "there is a document 1 already");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn insert(&self, documents: &[Value]) -> Result<InsertReport, Error> {
        let texts = documents.iter().map(Value::to_string).collect::<Vec<_>>();
        host::documents::insert(&self.handle, &texts)
    }

    /// Inserts BSON documents that stand one after the other.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// // Taken from one collection and put into another, without a detour over JSON.
    /// let copied = orders.find_raw(&json!({}), &FindOptions::default())?.next_bytes(65_536)?;
    /// let report = Collection::open("orders_copy")?.insert_raw(&copied)?;
    /// assert_eq!(report.inserted, 2);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn insert_raw(&self, documents: &[u8]) -> Result<InsertReport, Error> {
        host::documents::insert_raw(&self.handle, documents)
    }

    /// Changes the documents that `filter` matches. `change` is an object of update operators, a whole replacement
    /// (not with `many`) or an array of pipeline stages.
    ///
    /// # Errors
    /// As the [type](Self) says.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let every = UpdateOptions { many: true, ..UpdateOptions::default() };
    /// let count = orders.update(&json!({}), &json!({"$set": {"status": "closed"}}), &every)?;
    /// assert_eq!(count.modified, 2);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
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
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// assert_eq!(orders.delete(&json!({"status": "paid"}), None)?, 1);
    /// assert_eq!(world.documents("orders").len(), 1);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn delete(&self, filter: &Value, limit: Option<u64>) -> Result<u64, Error> {
        host::documents::delete(&self.handle, &filter.to_string(), limit)
    }
}

/// Documents that come in batches. Dropping it closes it.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
/// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
/// use serde_json::json;
///
/// let orders = Collection::open("orders")?;
/// let cursor = orders.find(&json!({}), &FindOptions::default())?;
/// assert_eq!(cursor.next_batch(0)?.len(), 2);
/// assert!(cursor.next_batch(0)?.is_empty(), "that is the end");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
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
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let cursor = orders.find(&json!({}), &FindOptions::default())?;
    /// assert_eq!(cursor.next_batch(1)?.len(), 1);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn next_batch(&self, max: u32) -> Result<Vec<Value>, Error> {
        all_parsed(&self.handle.next(max)?)
    }
}

/// Documents as BSON. Dropping it closes it.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
/// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
/// use serde_json::json;
///
/// let orders = Collection::open("orders")?;
/// let cursor = orders.find_raw(&json!({}), &FindOptions::default())?;
/// assert!(!cursor.next_bytes(65_536)?.is_empty());
/// assert!(cursor.next_bytes(65_536)?.is_empty(), "that is the end");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
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
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
    /// use serde_json::json;
    ///
    /// let orders = Collection::open("orders")?;
    /// let cursor = orders.find_raw(&json!({}), &FindOptions::default())?;
    /// assert!(!cursor.next_bytes(65_536)?.is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn next_bytes(&self, max_bytes: u32) -> Result<Vec<u8>, Error> {
        self.handle.next(max_bytes)
    }
}

/// The collections of a connection that a grant covers, as objects with `name`, `count` and `size_bytes`.
///
/// # Errors
/// `denied` without a grant, `not-found` for a connection that does not exist.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
/// use sandglass_sdk::documents;
///
/// let found = documents::collections("default")?;
/// assert_eq!(found[0]["name"], "orders");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
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
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::documents::manage;
/// use serde_json::json;
///
/// manage::create("orders_2027", &json!({}))?;
/// manage::create_index("orders_2027", &json!({"name": "by_customer", "key": {"customer": 1}}))?;
/// assert_eq!(world.indexes("orders_2027").len(), 1);
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
pub mod manage {
    use super::{Error, Value, host};

    /// Makes an empty collection.
    ///
    /// # Errors
    /// `conflict` when it exists.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::documents::manage;
    ///
    /// manage::create("orders", &serde_json::json!({}))?;
    /// assert_eq!(world.collections(), ["orders"]);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn create(name: &str, options: &Value) -> Result<(), Error> {
        host::documents::create(name, &options.to_string())
    }

    /// Removes a collection with its documents and indexes.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::manage;
    ///
    /// manage::drop("orders")?;
    /// assert!(world.collections().is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn drop(name: &str) -> Result<(), Error> {
        host::documents::drop(name)
    }

    /// Gives a collection another name within its connection.
    ///
    /// # Errors
    /// `conflict` when one of that name exists and `replace` is false.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::manage;
    ///
    /// manage::rename("orders", "orders_2026", false)?;
    /// assert_eq!(world.collections(), ["orders_2026"]);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn rename(name: &str, to: &str, replace: bool) -> Result<(), Error> {
        host::documents::rename(name, to, replace)
    }

    /// Makes an index from an object with `key` and, where wanted, `name`, `unique`, `sparse`,
    /// `partialFilterExpression`.
    ///
    /// # Errors
    /// `conflict` when documents break its uniqueness.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// use sandglass_sdk::documents::manage;
    ///
    /// manage::create_index("orders", &serde_json::json!({"name": "by_status", "key": {"status": 1}}))?;
    /// assert_eq!(world.indexes("orders")[0]["name"], "by_status");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn create_index(name: &str, definition: &Value) -> Result<(), Error> {
        host::documents::create_index(name, &definition.to_string())
    }

    /// Removes the index that is called `index`.
    ///
    /// # Errors
    /// `not-found` when it does not exist.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.collection("orders", serde_json::json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}]));
    /// # sandglass_sdk::documents::manage::create_index("orders", &serde_json::json!({"name": "by_status", "key": {"status": 1}}))?;
    /// use sandglass_sdk::documents::manage;
    ///
    /// manage::drop_index("orders", "by_status")?;
    /// assert!(world.indexes("orders").is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
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
