//! Changes and removals, bounded or not.
//!
//! A change of many is not one step: what was changed before a refusal or a crash stays changed, as the server has it.

use bson::{Bson, Document, doc};
use mongodb::options::UpdateModifications;

use super::{Mongo, server::write_concern};
use crate::{Change, Delete, Find, FindAndUpdate, Result, Return, Update, UpdateReport, collect};

/// Documents of one step of a bounded change.
const STEP: usize = 5_000;

impl Mongo {
    pub(super) async fn change(&self, collection: &str, update: Update) -> Result<UpdateReport> {
        if update.many
            && let Some(limit) = update.limit
        {
            return self.change_first(collection, &update, limit).await;
        }
        let target = self.collection::<Document>(collection);
        let Update { filter, change, many, upsert, array_filters, .. } = update;
        let modifications = match change {
            Change::Replacement(replacement) => {
                let call = async { target.replace_one(filter, replacement).upsert(upsert).await };
                return self.soon(collection, call).await.map(report);
            }
            Change::Operators(operators) => UpdateModifications::Document(operators),
            Change::Pipeline(stages) => UpdateModifications::Pipeline(stages),
        };
        let call = async {
            let call =
                if many { target.update_many(filter, modifications) } else { target.update_one(filter, modifications) };
            let call = call.upsert(upsert);
            if array_filters.is_empty() { call.await } else { call.array_filters(array_filters).await }
        };
        if many { self.at_length(collection, call).await } else { self.soon(collection, call).await }.map(report)
    }

    pub(super) async fn remove(&self, collection: &str, delete: Delete) -> Result<u64> {
        let target = self.collection::<Document>(collection);
        match delete.limit {
            None => {
                let call = async { target.delete_many(delete.filter).await };
                Ok(self.at_length(collection, call).await?.deleted_count)
            }
            Some(1) => {
                let call = async { target.delete_one(delete.filter).await };
                Ok(self.soon(collection, call).await?.deleted_count)
            }
            Some(limit) => {
                // Step by step, so that the ids of all need not be held at once.
                let mut deleted = 0;
                loop {
                    let step = limit.saturating_sub(deleted).min(STEP as u64);
                    let Some(filter) = self.first(collection, &delete.filter, step).await?.pop() else { break };
                    let call = async { target.delete_many(filter).await };
                    match self.at_length(collection, call).await?.deleted_count {
                        0 => break,
                        gone => deleted += gone,
                    }
                }
                Ok(deleted)
            }
        }
    }

    async fn change_first(&self, collection: &str, update: &Update, limit: u64) -> Result<UpdateReport> {
        let mut sum = UpdateReport::default();
        let parts = self.first(collection, &update.filter, limit).await?;
        if parts.is_empty() && update.upsert {
            if limit == 0 {
                return Ok(sum);
            }
            // One at most, should there be several to match by now.
            let single = Update { limit: None, many: false, ..update.clone() };
            return Box::pin(self.change(collection, single)).await;
        }
        for filter in parts {
            let part = Update { filter, limit: None, upsert: false, ..update.clone() };
            let done = Box::pin(self.change(collection, part)).await?;
            sum.matched += done.matched;
            sum.modified += done.modified;
        }
        Ok(sum)
    }

    /// Filters that together match the first `limit` documents of one, by their ids.
    async fn first(&self, collection: &str, filter: &Document, limit: u64) -> Result<Vec<Document>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let find = Find::by(filter.clone()).projected(doc! { "_id": 1 }).limited(limit);
        let found = collect(crate::Database::find(self, collection, find).await?).await?;
        let ids: Vec<Bson> = found.into_iter().filter_map(|mut document| document.remove("_id")).collect();
        Ok(ids.chunks(STEP).map(|ids| doc! { "$and": [{ "_id": { "$in": ids } }, filter.clone()] }).collect())
    }

    pub(super) async fn find_and_change(&self, collection: &str, command: FindAndUpdate) -> Result<Option<Document>> {
        let mut sent = doc! { "findAndModify": collection, "query": command.filter };
        match command.change {
            None => sent.insert("remove", true),
            Some(Change::Operators(change) | Change::Replacement(change)) => sent.insert("update", change),
            Some(Change::Pipeline(stages)) => sent.insert("update", stages),
        };
        if let Some(sort) = command.sort {
            sent.insert("sort", sort);
        }
        if let Some(projection) = command.projection {
            sent.insert("fields", projection);
        }
        if command.upsert {
            sent.insert("upsert", true);
        }
        if command.give_back == Return::After && !sent.contains_key("remove") {
            sent.insert("new", true);
        }
        if !command.array_filters.is_empty() {
            sent.insert("arrayFilters", command.array_filters);
        }
        sent.insert("writeConcern", self.write_concern_document());
        let reply = self.command(collection, sent).await?;
        Ok(reply.get_document("value").ok().cloned())
    }

    pub(super) fn write_concern_document(&self) -> Document {
        let concern = write_concern(&self.options);
        let millis = concern.w_timeout.and_then(|timeout| i64::try_from(timeout.as_millis()).ok());
        doc! { "w": "majority", "j": true, "wtimeout": millis.unwrap_or_default() }
    }
}

fn report(result: mongodb::results::UpdateResult) -> UpdateReport {
    UpdateReport { matched: result.matched_count, modified: result.modified_count, upserted_id: result.upserted_id }
}
