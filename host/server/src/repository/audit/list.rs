//! Pages of the audit for people: newest first, each effect with its end.

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Find, collect};

use super::{Audit, AuditError, COLLECTION, Stored};
use crate::model::audit::{ChangeRecord, EffectRecord};
use crate::model::{ExecutionId, JobId};
use crate::repository::document::date;

/// All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// `effect` or `change`.
    pub kind: Option<&'static str>,
    pub execution: Option<ExecutionId>,
    pub job: Option<JobId>,
    pub actor: Option<String>,
    /// `job.create` and the like.
    pub action: Option<String>,
    /// What a change was made to.
    pub subject: Option<String>,
    pub capability: Option<String>,
    pub operation: Option<String>,
    /// Of the component that asked.
    pub digest: Option<String>,
    pub target: Option<String>,
    /// `denied` and `limit` are exact; other ends stand in entries of their own and cannot be asked for.
    pub refused: Option<&'static str>,
    /// Inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
}

/// One entry with its place in a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Incarnation and place: `6b05…:000000000042`.
    pub id: String,
    pub record: Record,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    Effect(EffectRecord),
    Change(ChangeRecord),
}

#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    pub entries: Vec<Listed>,
    /// Time and id of the last entry, when there are more.
    pub next: Option<(DateTime<Utc>, String)>,
}

impl Audit {
    /// A page behind `after`, the time and id of the last entry of the page before.
    ///
    /// # Errors
    /// Those of the database, or an entry that cannot be read.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        after: Option<(DateTime<Utc>, &str)>,
        page_size: u64,
    ) -> Result<AuditPage, AuditError> {
        let mut conditions = filter.conditions();
        if let Some((at, id)) = after {
            conditions.push(doc! { "$or": [
                { "at": { "$lt": date(at) } },
                { "at": date(at), "_id": { "$lt": id } },
            ] });
            conditions.push(doc! { "at": { "$lte": date(at) } });
        }
        let find = Find::by(doc! { "$and": conditions })
            .sorted(doc! { "at": -1, "_id": -1 })
            .limited(page_size.saturating_add(1));
        let mut documents = collect(self.database.find(COLLECTION, find).await?).await?;
        let has_more = documents.len() as u64 > page_size;
        documents.truncate(usize::try_from(page_size).unwrap_or(usize::MAX));
        let mut entries = Vec::with_capacity(documents.len());
        for document in &documents {
            match Stored::read(document)? {
                Stored::Effect { id, record } => entries.push(Listed { id, record: Record::Effect(record) }),
                Stored::Change(record) => {
                    let id = document.get_str("_id").unwrap_or_default().to_owned();
                    entries.push(Listed { id, record: Record::Change(record) });
                }
                Stored::End { .. } => {}
            }
        }
        self.add_ends(&mut entries).await?;
        let next = entries.last().filter(|_| has_more).map(|last| (last.record.at(), last.id.clone()));
        Ok(AuditPage { entries, next })
    }

    async fn add_ends(&self, entries: &mut [Listed]) -> Result<(), AuditError> {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ends = Find::by(doc! { "of": { "$in": ids } });
        for document in collect(self.database.find(COLLECTION, ends).await?).await? {
            let Stored::End { of, verdict, usage } = Stored::read(&document)? else { continue };
            if let Some(Listed { record: Record::Effect(effect), .. }) = entries.iter_mut().find(|entry| entry.id == of)
            {
                effect.verdict = verdict;
                effect.usage = usage;
            }
        }
        Ok(())
    }
}

impl Record {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Effect(record) => record.at,
            Self::Change(record) => record.at,
        }
    }
}

impl AuditFilter {
    fn conditions(&self) -> Vec<Document> {
        // Ends have no time of their own: this leaves them out.
        let mut all = vec![doc! { "at": { "$exists": true } }];
        let texts = [
            ("kind", self.kind),
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("subject", self.subject.as_deref()),
            ("capability", self.capability.as_deref()),
            ("operation", self.operation.as_deref()),
            ("digest", self.digest.as_deref()),
            ("target", self.target.as_deref()),
            ("verdict", self.refused),
        ];
        all.extend(texts.into_iter().filter_map(|(field, text)| Some(doc! { field: text? })));
        all.extend(self.execution.map(|execution| doc! { "execution": execution.0 }));
        all.extend(self.job.map(|job| doc! { "job": job.0 }));
        all.extend(self.from.map(|from| doc! { "at": { "$gte": date(from) } }));
        all.extend(self.until.map(|until| doc! { "at": { "$lt": date(until) } }));
        all
    }
}
