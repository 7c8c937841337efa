//! The documents that should go, batch by batch, in the order of their `_id`.

use sandglass_sdk::Error;
use sandglass_sdk::chrono::{DateTime, Utc};
use sandglass_sdk::documents::{Collection, Cursor, FindOptions};
use serde_json::{Value, json};

use crate::condition::Condition;

/// A document that should go.
#[derive(Debug)]
pub struct Candidate {
    /// Its `_id`.
    pub id: Value,
    /// Its date, if it has one.
    pub date: Option<DateTime<Utc>>,
}

impl Candidate {
    /// What is needed of a document.
    pub fn of(document: &Value, condition: &Condition) -> Self {
        Self { id: document.get("_id").cloned().unwrap_or_default(), date: condition.date_of(document) }
    }
}

/// Walks through the matching documents.
#[derive(Debug)]
pub struct Walk<'a> {
    condition: &'a Condition,
    collection: &'a Collection,
    last: Option<Value>,
    is_over: bool,
}

impl<'a> Walk<'a> {
    /// Begins at the lowest `_id`.
    pub fn new(condition: &'a Condition, collection: &'a Collection) -> Self {
        Self { condition, collection, last: None, is_over: false }
    }

    /// The next documents, at most `wanted` of them; empty at the end.
    ///
    /// `{_id: {$gt: …}}` finds its place in the index but keeps to one type of `_id`. Only when such a search has run
    /// dry, an expression looks for larger ones of whatever type: it compares across types in the order of the sort.
    pub fn next_batch(&mut self, wanted: u64) -> Result<Vec<Candidate>, Error> {
        if self.is_over || wanted == 0 {
            return Ok(Vec::new());
        }
        let Some(last) = self.last.clone() else {
            let found = self.find(self.condition.filter(), wanted)?;
            self.is_over = (found.len() as u64) < wanted;
            return Ok(found);
        };
        let mut found = self.find(&self.condition.and(json!({ "_id": { "$gt": last } })), wanted)?;
        if found.is_empty() {
            found = self.find(&self.condition.and(beyond(&last)), wanted)?;
            self.is_over = found.is_empty();
        }
        Ok(found)
    }

    fn find(&mut self, filter: &Value, wanted: u64) -> Result<Vec<Candidate>, Error> {
        let options = FindOptions {
            sort: Some(json!({ "_id": 1 })),
            projection: Some(self.condition.projection()),
            limit: Some(wanted),
            ..FindOptions::default()
        };
        let cursor = self.collection.find(filter, &options)?;
        let documents = take(&cursor, wanted)?;
        let found = documents.iter().map(|document| Candidate::of(document, self.condition)).collect::<Vec<_>>();
        if let Some(candidate) = found.last() {
            self.last = Some(candidate.id.clone());
        }
        Ok(found)
    }
}

/// Larger ids of whatever type.
fn beyond(last: &Value) -> Value {
    json!({ "$expr": { "$gt": ["$_id", { "$literal": last }] } })
}

/// Up to `wanted` documents. The host may give fewer at a time; only an empty batch is the end.
pub fn take(cursor: &Cursor, wanted: u64) -> Result<Vec<Value>, Error> {
    let mut documents = Vec::new();
    while (documents.len() as u64) < wanted {
        let missing = u32::try_from(wanted - documents.len() as u64).unwrap_or(u32::MAX);
        let batch = cursor.next_batch(missing)?;
        if batch.is_empty() {
            break;
        }
        documents.extend(batch);
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use sandglass_database::{extended_json, query};

    use super::*;

    #[test]
    fn the_database_looks_beyond_an_id_in_the_order_of_its_sort() {
        let oid = |digit: &str| json!({ "$oid": digit.repeat(24) });
        let ids =
            [json!(1), json!({"$numberDouble": "1.5"}), json!(2), json!("a"), json!({"k": 1}), oid("a"), oid("b")];
        for (position, last) in ids.iter().enumerate() {
            let filter = extended_json::to_document(beyond(last)).unwrap();
            let filter = query::filter::Filter::compile(&filter).unwrap();
            let found = ids
                .iter()
                .filter(|id| filter.matches(&extended_json::to_document(json!({ "_id": id })).unwrap()).unwrap());
            assert_eq!(found.collect::<Vec<_>>(), ids.iter().skip(position + 1).collect::<Vec<_>>(), "{last}");
        }
    }
}
