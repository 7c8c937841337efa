//! Entries by what did them, for the overview of what a template uses: a few runs, and refusals by component.

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Find, collect};

use super::{Audit, AuditError, COLLECTION, Stored};
use crate::model::audit::EffectRecord;
use crate::model::{Digest, ExecutionId};
use crate::repository::document::date;

/// Executions that are asked for at a time.
const AT_ONCE: usize = 200;

/// What a refusal is stored as. An index holds these entries alone: they are few, however long the audit is.
pub(super) fn is_refusal() -> Document {
    doc! { "verdict": { "$in": ["denied", "limit"] } }
}

impl Audit {
    /// Effects of these executions that were not refused, at most `limit`, as they began.
    ///
    /// # Errors
    /// Those of the database, or an entry that cannot be read.
    pub async fn writes_of(&self, executions: &[ExecutionId], limit: u64) -> Result<Vec<EffectRecord>, AuditError> {
        let mut found = Vec::new();
        for some in executions.chunks(AT_ONCE) {
            let ids: Vec<Bson> = some.iter().map(|id| Bson::from(id.0)).collect();
            let filter = doc! { "execution": { "$in": ids }, "verdict": "started" };
            let left = limit.saturating_sub(found.len() as u64);
            if left == 0 {
                break;
            }
            found.extend(self.effects(Find::by(filter).limited(left)).await?);
        }
        Ok(found)
    }

    /// Refusals of these components since then, the newest first, at most `limit`.
    ///
    /// # Errors
    /// As [`writes_of`](Self::writes_of).
    pub async fn refusals(
        &self,
        digests: &[Digest],
        since: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<EffectRecord>, AuditError> {
        let digests: Vec<&str> = digests.iter().map(|digest| digest.0.as_str()).collect();
        let mut filter = is_refusal();
        filter.extend(doc! { "digest": { "$in": digests }, "at": { "$gte": date(since) } });
        self.effects(Find::by(filter).sorted(doc! { "at": -1 }).limited(limit)).await
    }

    async fn effects(&self, find: Find) -> Result<Vec<EffectRecord>, AuditError> {
        let mut effects = Vec::new();
        for document in collect(self.database.find(COLLECTION, find).await?).await? {
            if let Stored::Effect { record, .. } = Stored::read(&document)? {
                effects.push(record);
            }
        }
        Ok(effects)
    }
}
