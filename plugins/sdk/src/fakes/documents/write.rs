//! Changing.

use serde_json::{Value, json};

use super::bytes;
use super::change::changed;
use super::collection::{Collection, parsed};
use super::filter::{matches, unknown};
use super::order::compare;
use crate::bindings::sandglass::documents::write::{InsertReport, UpdateCount, UpdateOptions};
use crate::fakes::state::{begin, error, with};
use crate::{Error, ErrorKind};

pub fn insert(target: &Collection, documents: &[String]) -> Result<InsertReport, Error> {
    begin("documents.insert")?;
    let mut report = InsertReport { inserted: 0, failed: Vec::new() };
    for (position, document) in (0..).zip(documents) {
        match insert_one(target, parsed(document)?) {
            Ok(()) => report.inserted += 1,
            Err(error) => report.failed.push((position, error)),
        }
    }
    Ok(report)
}

fn insert_one(target: &Collection, mut document: Value) -> Result<(), Error> {
    with(|state| {
        let Some(fields) = document.as_object_mut() else { unknown("documents that are no objects", &document) };
        if !fields.contains_key("_id") {
            state.next_object_id += 1;
            let id = json!({ "$oid": format!("{:024x}", state.next_object_id) });
            fields.shift_insert(0, "_id".to_owned(), id);
        }
        let present = state.collections.entry(target.name().to_owned()).or_default();
        if let Some(same) = present.iter().find(|other| id_of(other) == id_of(&document)) {
            let message = format!("there is a document with this _id already: {}", id_of(same));
            return Err(error(ErrorKind::Conflict, "duplicate-key", message));
        }
        present.push(document);
        Ok(())
    })
}

fn id_of(document: &Value) -> Value {
    document.get("_id").cloned().unwrap_or_default()
}

pub fn insert_raw(target: &Collection, documents: &[u8]) -> Result<InsertReport, Error> {
    begin("documents.insert-raw")?;
    let documents = bytes::decode(documents)?;
    let mut report = InsertReport { inserted: 0, failed: Vec::new() };
    for (position, document) in (0..).zip(documents) {
        match insert_one(target, document) {
            Ok(()) => report.inserted += 1,
            Err(error) => report.failed.push((position, error)),
        }
    }
    Ok(report)
}

pub fn update(target: &Collection, filter: &str, change: &str, options: &UpdateOptions) -> Result<UpdateCount, Error> {
    begin("documents.update")?;
    let (filter, change) = (parsed(filter)?, parsed(change)?);
    if options.array_filters.is_some() {
        unknown("array filters", &change);
    }
    let limit = if options.many { options.limit.unwrap_or(u64::MAX) } else { 1 };
    let mut count = UpdateCount { matched: 0, modified: 0, upserted_id: None };
    with(|state| {
        for document in state.collections.entry(target.name().to_owned()).or_default() {
            if count.matched < limit && matches(document, &filter) {
                count.matched += 1;
                let after = changed(document, &change);
                if compare(document, &after).is_ne() {
                    count.modified += 1;
                }
                *document = after;
            }
        }
    });
    if options.upsert && count.matched == 0 {
        let id = filter.get("_id").cloned().map(|id| json!({ "_id": id })).unwrap_or_else(|| json!({}));
        let document = changed(&id, &change);
        count.upserted_id = Some(id_of(&document).to_string());
        insert_one(target, document)?;
    }
    Ok(count)
}

pub fn delete(target: &Collection, filter: &str, limit: Option<u64>) -> Result<u64, Error> {
    begin("documents.delete")?;
    let filter = parsed(filter)?;
    let limit = limit.unwrap_or(u64::MAX);
    let mut gone = 0;
    with(|state| {
        state.collections.entry(target.name().to_owned()).or_default().retain(|document| {
            let goes = gone < limit && matches(document, &filter);
            gone += u64::from(goes);
            !goes
        });
    });
    Ok(gone)
}
