//! The form of an entry in the store. Times have milliseconds there.

use bson::{Bson, Document, doc};
use chrono::{DateTime, SubsecRound as _, Utc};

use super::{AuditError, AuditId};
use crate::model::audit::{ChangeRecord, EffectRecord, Usage, Verdict};
use crate::model::{Digest, ExecutionId, JobId};

/// What is handed to the writer.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Effect(EffectRecord),
    End { of: AuditId, verdict: Verdict, usage: Usage },
    Change(ChangeRecord),
}

/// What was read back.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    Effect { id: String, record: EffectRecord },
    End { of: String, verdict: Verdict, usage: Usage },
    Change(ChangeRecord),
}

impl Entry {
    /// The execution and attempt it belongs to.
    pub(super) fn belongs_to(&self) -> (Option<ExecutionId>, u32) {
        match self {
            Self::Effect(record) => (Some(record.execution), record.attempt),
            Self::End { of, .. } => (of.execution, of.attempt),
            Self::Change(_) => (None, 0),
        }
    }

    /// The document, still without its place in the chain.
    pub(super) fn document(&self, id: &str, host: &str) -> Document {
        let mut document = doc! { "_id": id, "host": host };
        match self {
            Self::Effect(record) => {
                document.extend(doc! {
                    "kind": "effect",
                    "execution": record.execution.0,
                    "job": record.job.0,
                    "attempt": i64::from(record.attempt),
                    "digest": &record.digest.0,
                    "at": time(record.at),
                    "capability": &record.capability,
                    "operation": &record.operation,
                    "target": &record.target,
                    "calls": number(record.calls),
                });
                verdict_into(&mut document, &record.verdict);
                usage_into(&mut document, record.usage);
            }
            Self::End { of, verdict, usage } => {
                document.extend(doc! { "kind": "end", "of": &of.text });
                if let Some(execution) = of.execution {
                    document.insert("execution", execution.0);
                }
                verdict_into(&mut document, verdict);
                usage_into(&mut document, *usage);
            }
            Self::Change(record) => {
                document.extend(doc! {
                    "kind": "change",
                    "at": time(record.at),
                    "actor": &record.actor,
                    "action": &record.action,
                    "subject": &record.subject,
                    "details": record.details.to_string(),
                });
            }
        }
        document
    }
}

impl Stored {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`AuditError::Unreadable`] when a field is missing or of another type.
    pub fn read(document: &Document) -> Result<Self, AuditError> {
        Self::read_fields(document).map_err(|error| AuditError::Unreadable {
            what: format!("{}: {error}", document.get("_id").unwrap_or(&Bson::Null)),
        })
    }

    fn read_fields(document: &Document) -> Result<Self, bson::error::Error> {
        Ok(match document.get_str("kind")? {
            "end" => Self::End {
                of: document.get_str("of")?.to_owned(),
                verdict: verdict_of(document)?,
                usage: usage_of(document),
            },
            "change" => Self::Change(ChangeRecord {
                at: document.get_datetime("at")?.to_chrono(),
                actor: document.get_str("actor")?.to_owned(),
                action: document.get_str("action")?.to_owned(),
                subject: document.get_str("subject")?.to_owned(),
                details: serde_json::from_str(document.get_str("details")?).unwrap_or_default(),
            }),
            _ => Self::Effect {
                id: document.get_str("_id")?.to_owned(),
                record: EffectRecord {
                    execution: ExecutionId(document.get_object_id("execution")?),
                    job: JobId(document.get_object_id("job")?),
                    attempt: u32::try_from(document.get_i64("attempt")?).unwrap_or(u32::MAX),
                    digest: Digest(document.get_str("digest")?.to_owned()),
                    at: document.get_datetime("at")?.to_chrono(),
                    capability: document.get_str("capability")?.to_owned(),
                    operation: document.get_str("operation")?.to_owned(),
                    target: document.get_str("target")?.to_owned(),
                    verdict: verdict_of(document)?,
                    usage: usage_of(document),
                    calls: count(document, "calls"),
                },
            },
        })
    }
}

fn time(at: DateTime<Utc>) -> bson::DateTime {
    bson::DateTime::from_chrono(at.trunc_subsecs(3))
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn count(document: &Document, key: &str) -> u64 {
    document.get_i64(key).ok().and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

fn verdict_into(document: &mut Document, verdict: &Verdict) {
    let (name, why) = match verdict {
        Verdict::Started => ("started", None),
        Verdict::Allowed => ("allowed", None),
        Verdict::Denied { reason } => ("denied", Some(reason)),
        Verdict::Limit { reason } => ("limit", Some(reason)),
        Verdict::Failed { error } => ("failed", Some(error)),
    };
    document.insert("verdict", name);
    if let Some(why) = why {
        document.insert("reason", why);
    }
}

fn verdict_of(document: &Document) -> Result<Verdict, bson::error::Error> {
    let reason = || document.get_str("reason").unwrap_or_default().to_owned();
    Ok(match document.get_str("verdict")? {
        "started" => Verdict::Started,
        "denied" => Verdict::Denied { reason: reason() },
        "limit" => Verdict::Limit { reason: reason() },
        "failed" => Verdict::Failed { error: reason() },
        _ => Verdict::Allowed,
    })
}

fn usage_into(document: &mut Document, usage: Usage) {
    for (key, value) in [
        ("bytes_in", usage.bytes_in),
        ("bytes_out", usage.bytes_out),
        ("items", usage.items),
        ("duration_ms", usage.duration_ms),
    ] {
        if value > 0 {
            document.insert(key, number(value));
        }
    }
}

fn usage_of(document: &Document) -> Usage {
    Usage {
        bytes_in: count(document, "bytes_in"),
        bytes_out: count(document, "bytes_out"),
        items: count(document, "items"),
        duration_ms: count(document, "duration_ms"),
    }
}
