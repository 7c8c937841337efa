//! The audit collection: append-only, in one hash chain for each incarnation of a host.
//!
//! A write effect has two entries, one that is durable before it and one that says how it ended. An entry without an
//! end means "may have happened". Nothing here updates or deletes.

mod chain;
mod entry;
mod list;
mod uses;
#[cfg(test)]
mod uses_test;
mod verify;
mod writer;

use std::sync::Arc;

use bson::doc;
use sandglass_database::{Database, Find, Index, collect};

pub use chain::{Check, Fault, GENESIS};
pub use entry::Stored;
pub use list::{AuditFilter, AuditPage, Listed, Record};
pub use verify::{ChainReport, verify};

use self::entry::Entry;
use self::writer::Writer;
use crate::model::audit::{ChangeRecord, EffectRecord, Usage, Verdict};
use crate::model::{ExecutionId, Incarnation};

/// Name of the collection.
pub const COLLECTION: &str = "sandglass_audit";

/// Names an entry: host and place in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditId {
    text: String,
    execution: Option<ExecutionId>,
    attempt: u32,
}

/// The end of a chain: what has to be kept elsewhere, so that a cut tail shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub length: i64,
    pub hash: String,
}

/// An entry that could not be stored. What it was about must not take place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AuditError {
    #[error("the audit record could not be stored: {0}")]
    Database(#[from] sandglass_database::Error),
    #[error("the audit writer has ended")]
    Ended,
    #[error("an audit entry is not readable: {what}")]
    Unreadable { what: String },
}

/// Writes and reads audit entries. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    database: Arc<dyn Database>,
    writer: Writer,
}

impl Audit {
    /// Starts the writer of this incarnation's chain on the present tokio runtime. It ends with the last clone.
    pub fn start(database: Arc<dyn Database>, host: Incarnation) -> Self {
        let writer = Writer::start(database.clone(), host);
        Self { database, writer }
    }

    /// Makes the indexes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn prepare(&self) -> Result<(), AuditError> {
        self.database.create_index(COLLECTION, Index::on(doc! { "execution": 1, "seq": 1 }).sparse()).await?;
        self.database.create_index(COLLECTION, Index::on(doc! { "host": 1, "seq": 1 }).unique()).await?;
        // For people who look: newest first, and each effect with its end. Ends have no `at`.
        self.database.create_index(COLLECTION, Index::on(doc! { "at": -1, "_id": -1 }).sparse()).await?;
        self.database.create_index(COLLECTION, Index::on(doc! { "of": 1 }).sparse()).await?;
        let refusals = Index { partial: Some(uses::is_refusal()), ..Index::on(doc! { "digest": 1, "at": -1 }) };
        self.database.create_index(COLLECTION, refusals).await?;
        Ok(())
    }

    /// Stores an effect (or a denial) and returns when it is durable.
    ///
    /// # Errors
    /// When it could not be stored.
    pub async fn begin(&self, record: EffectRecord) -> Result<AuditId, AuditError> {
        self.writer.append(Entry::Effect(record)).await
    }

    /// Stores how an effect ended, a little later and together with others.
    pub fn complete(&self, id: AuditId, verdict: Verdict, usage: Usage) {
        self.writer.append_later(Entry::End { of: id, verdict, usage });
    }

    /// Stores a change and returns when it is durable.
    ///
    /// # Errors
    /// When it could not be stored.
    pub async fn change(&self, record: ChangeRecord) -> Result<(), AuditError> {
        self.writer.append(Entry::Change(record)).await.map(|_| ())
    }

    /// Returns when everything that was handed in before is stored.
    ///
    /// # Errors
    /// When something could not be stored.
    pub async fn flush(&self) -> Result<(), AuditError> {
        self.writer.flush().await
    }

    /// The end of this incarnation's chain.
    pub fn head(&self) -> Head {
        self.writer.head()
    }

    /// The effects of an execution in their order, each with its end where it is known.
    ///
    /// # Errors
    /// Those of the database, or an entry that cannot be read.
    pub async fn of_execution(&self, execution: ExecutionId) -> Result<Vec<EffectRecord>, AuditError> {
        let find = Find::by(doc! { "execution": execution.0 }).sorted(doc! { "seq": 1 });
        let documents = collect(self.database.find(COLLECTION, find).await?).await?;
        let mut effects: Vec<(String, EffectRecord)> = Vec::new();
        for document in documents {
            match Stored::read(&document)? {
                Stored::Effect { id, record } => effects.push((id, record)),
                Stored::End { of, verdict, usage } => {
                    if let Some((_, record)) = effects.iter_mut().find(|(id, _)| *id == of) {
                        record.verdict = verdict;
                        record.usage = usage;
                    }
                }
                Stored::Change(_) => {}
            }
        }
        Ok(effects.into_iter().map(|(_, record)| record).collect())
    }

    /// Whether an attempt may have changed something outside (T12).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn may_have_written(&self, execution: ExecutionId, attempt: u32) -> Result<bool, AuditError> {
        let filter = doc! { "execution": execution.0, "attempt": i64::from(attempt), "verdict": "started" };
        Ok(self.database.count(COLLECTION, filter).await? > 0)
    }
}
