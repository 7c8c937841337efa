//! Which executions have a text in their log, of which the first lines stand in the execution's own document and the
//! rest in chunks beside it.

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use sandglass_database::{Find, Result};

use super::jobs_list::escape;
use super::{EXECUTION_LOGS, Executions};
use crate::model::JobId;

/// How many executions are known by their chunks. More would not fit into a filter.
const MOST_FOUND: usize = 10_000;
/// Chunks fetched at once; without their lines they are small.
const BATCH: usize = 1_000;

/// A line with the text in it, in any case.
pub(super) fn line_holds(field: &str, text: &str) -> Document {
    doc! { field: { "$regex": escape(text), "$options": "i" } }
}

impl Executions {
    /// The condition on executions that holds for those with the text in any line. Of those that have it in a chunk
    /// only, the newest 10,000 within `ids` are known.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn with_line(&self, text: &str, job: Option<JobId>, ids: &[Document]) -> Result<Document> {
        let mut chunks = vec![line_holds("lines.message", text)];
        chunks.extend(job.map(|job| doc! { "job_id": job.to_string() }));
        chunks.extend(ids.iter().map(|range| doc! { "execution_id": range.clone() }));
        let find = Find::by(doc! { "$and": chunks })
            .sorted(doc! { "execution_id": -1, "first_line": -1 })
            .projected(doc! { "execution_id": 1 });
        let mut cursor = self.database.find(EXECUTION_LOGS, find).await?;
        let mut found: Vec<ObjectId> = Vec::new();
        while found.len() < MOST_FOUND {
            let batch = cursor.next(BATCH).await?;
            if batch.is_empty() {
                break;
            }
            found.extend(batch.iter().filter_map(|chunk| chunk.get_object_id("execution_id").ok()));
            found.dedup();
        }
        found.truncate(MOST_FOUND);
        let found: Vec<Bson> = found.into_iter().map(Bson::ObjectId).collect();
        Ok(doc! { "$or": [line_holds("logs.message", text), { "_id": { "$in": found } }] })
    }
}
