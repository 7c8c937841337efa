//! An execution as the document in `job_executions`, and back.

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::Result;

use super::EXECUTIONS;
use super::document::{Fields, count, date, json_to_bson};
use super::jobs_document::part;
use crate::model::audit::{Usage, Verdict};
use crate::model::execution::{Attempt, Delivery, Progress, ReadSum, SkipSummary};
use crate::model::log::{Level, LogLine};
use crate::model::outcome::{Metrics, RunResult};
use crate::model::{Digest, Execution, ExecutionId, Incarnation, JobId, SkipReason, Status, Token, Trigger};

/// The whole document. What is not there is absent, never null.
pub fn to_document(execution: &Execution) -> Document {
    let mut document = doc! {
        "_id": execution.id.0,
        "job_id": execution.job_id.to_string(),
        "job_name": execution.job_name.as_str(),
        "template_type": execution.template_type.as_str(),
        "status": execution.status.as_str(),
        "scheduled_for": date(execution.scheduled_for),
        "trigger": execution.trigger.as_str(),
        "triggered_by": execution.triggered_by.as_str(),
        "parameters": json_to_bson(&execution.parameters),
        "priority": i32::from(execution.priority),
        "logs": lines(&execution.logs),
        "log_lines": count(execution.log_lines),
        "token": execution.token.0,
    };
    let dates = [
        ("started_at", execution.started_at),
        ("completed_at", execution.completed_at),
        ("retry_at", execution.retry_at),
        ("cancel_requested_at", execution.cancel_requested_at),
    ];
    for (field, at) in dates {
        if let Some(at) = at {
            document.insert(field, date(at));
        }
    }
    let texts = [
        ("template_digest", execution.template_digest.as_ref().map(|digest| digest.0.as_str())),
        ("error", execution.error.as_deref()),
        ("skip_reason", execution.skip_reason.map(SkipReason::as_str)),
        ("execution_host", execution.execution_host.as_deref()),
        ("host", execution.host.as_ref().map(|host| host.0.as_str())),
        ("overlap_key", execution.overlap_key.as_deref()),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            document.insert(field, text);
        }
    }
    let parts = [
        ("rerun_of", execution.rerun_of.map(|id| Bson::ObjectId(id.0))),
        ("duration_seconds", execution.duration_seconds.map(Bson::Double)),
        ("attempts", (!execution.attempts.is_empty()).then(|| attempts(&execution.attempts))),
        ("result", execution.result.as_ref().map(result)),
        ("progress", execution.progress.as_ref().map(progress)),
        ("metrics", execution.metrics.as_ref().map(metrics)),
        ("skipped", execution.skipped.as_ref().map(skipped)),
        (
            "outbox",
            execution.completed_at.filter(|_| !execution.outbox.is_empty()).map(|at| outbox(at, &execution.outbox)),
        ),
    ];
    for (field, value) in parts {
        if let Some(value) = value {
            document.insert(field, value);
        }
    }
    document
}

/// Reads a document, the older system's included.
///
/// # Errors
/// [`Corrupted`](sandglass_database::Error::Corrupted) with the field that cannot be read.
pub fn from_document(document: &Document) -> Result<Execution> {
    let fields = Fields::of(EXECUTIONS, document);
    let id = match fields.get("_id") {
        Some(Bson::ObjectId(id)) => ExecutionId(*id),
        _ => return Err(fields.damaged("_id", "an ObjectId")),
    };
    let job_id: JobId = fields.str("job_id")?.parse().map_err(|_| fields.damaged("job_id", "an id"))?;
    let started_at = fields.optional_date("started_at")?;
    let logs = read_lines(&fields)?;
    Ok(Execution {
        id,
        job_id,
        job_name: fields.text("job_name")?,
        template_type: fields.text("template_type")?,
        template_digest: fields.optional_text("template_digest")?.map(Digest),
        parameters: fields.json("parameters").unwrap_or_else(|| serde_json::json!({})),
        status: fields.word("status", Status::parse)?.ok_or_else(|| fields.damaged("status", "a status"))?,
        trigger: fields.word("trigger", Trigger::parse)?.unwrap_or(Trigger::Schedule),
        triggered_by: fields.text("triggered_by")?,
        rerun_of: fields.get("rerun_of").and_then(Bson::as_object_id).map(ExecutionId),
        scheduled_for: fields
            .optional_date("scheduled_for")?
            .or(started_at)
            .unwrap_or_else(|| id.0.timestamp().to_chrono()),
        started_at,
        completed_at: fields.optional_date("completed_at")?,
        duration_seconds: fields.number("duration_seconds")?,
        attempts: read_attempts(&fields)?,
        result: fields.document("result")?.as_ref().map(read_result).transpose()?,
        error: fields.optional_text("error")?,
        log_lines: fields.unsigned("log_lines")?.unwrap_or(logs.len() as u64),
        logs,
        progress: fields.part::<Progress>("progress")?,
        metrics: fields.document("metrics")?.as_ref().map(read_metrics).transpose()?,
        skip_reason: fields.word("skip_reason", SkipReason::parse)?,
        skipped: fields.document("skipped")?.as_ref().map(read_skipped).transpose()?,
        execution_host: fields.optional_text("execution_host")?,
        priority: fields.unsigned("priority")?.unwrap_or(5),
        host: fields.optional_text("host")?.map(Incarnation),
        token: Token(fields.whole("token")?.unwrap_or(0)),
        overlap_key: fields.optional_text("overlap_key")?,
        retry_at: fields.optional_date("retry_at")?,
        cancel_requested_at: fields.optional_date("cancel_requested_at")?,
        outbox: match fields.document("outbox")? {
            Some(outbox) => outbox.part::<Vec<Delivery>>("deliveries")?.unwrap_or_default(),
            None => Vec::new(),
        },
    })
}

pub(super) fn lines(logs: &[LogLine]) -> Bson {
    Bson::Array(logs.iter().map(line).collect())
}

fn line(line: &LogLine) -> Bson {
    Bson::Document(doc! {
        "timestamp": date(line.timestamp),
        "level": line.level.as_str(),
        "message": line.message.as_str(),
    })
}

pub(super) fn read_lines(fields: &Fields<'_>) -> Result<Vec<LogLine>> {
    let field = if fields.get("lines").is_some() { "lines" } else { "logs" };
    fields
        .documents(field)?
        .iter()
        .map(|line| {
            Ok(LogLine {
                timestamp: line.date("timestamp")?,
                // The older system wrote whatever its logger was called with.
                level: line.optional_str("level")?.and_then(Level::parse).unwrap_or(Level::Info),
                message: line.text("message")?,
            })
        })
        .collect()
}

pub(super) fn attempts(attempts: &[Attempt]) -> Bson {
    Bson::Array(attempts.iter().map(attempt).collect())
}

fn attempt(attempt: &Attempt) -> Bson {
    let mut document = doc! {
        "number": i64::from(attempt.number),
        "token": attempt.token.0,
        "host": attempt.host.as_str(),
        "started_at": date(attempt.started_at),
        "status": attempt.status.as_str(),
    };
    if let Some(at) = attempt.ended_at {
        document.insert("ended_at", date(at));
    }
    if let Some(error) = &attempt.error {
        document.insert("error", error.as_str());
    }
    if attempt.interrupted {
        document.insert("interrupted", true);
    }
    if !attempt.reads.is_empty() {
        document.insert("reads", attempt.reads.iter().map(read_sum).collect::<Vec<Bson>>());
    }
    Bson::Document(document)
}

fn read_sum(sum: &ReadSum) -> Bson {
    let mut document = doc! {
        "capability": sum.capability.as_str(),
        "operation": sum.operation.as_str(),
        "target": sum.target.as_str(),
        "calls": count(sum.calls),
        "items": count(sum.usage.items),
        "bytes_in": count(sum.usage.bytes_in),
        "bytes_out": count(sum.usage.bytes_out),
        "duration_ms": count(sum.usage.duration_ms),
    };
    if let Verdict::Denied { reason } | Verdict::Limit { reason } = &sum.verdict {
        let word = if matches!(sum.verdict, Verdict::Limit { .. }) { "limit" } else { "denied" };
        document.extend(doc! { "refused": word, "reason": reason.as_str() });
    }
    Bson::Document(document)
}

pub(super) fn read_sums(attempt: &Fields<'_>) -> Result<Vec<ReadSum>> {
    let whole = |fields: &Fields<'_>, field: &str| Ok(fields.unsigned::<u64>(field)?.unwrap_or(0));
    attempt
        .documents("reads")?
        .iter()
        .map(|sum| {
            Ok(ReadSum {
                capability: sum.text("capability")?,
                operation: sum.text("operation")?,
                target: sum.text("target")?,
                verdict: match sum.optional_str("refused")? {
                    None => Verdict::Allowed,
                    Some("limit") => Verdict::Limit { reason: sum.text("reason")? },
                    Some(_) => Verdict::Denied { reason: sum.text("reason")? },
                },
                calls: whole(sum, "calls")?,
                usage: Usage {
                    items: whole(sum, "items")?,
                    bytes_in: whole(sum, "bytes_in")?,
                    bytes_out: whole(sum, "bytes_out")?,
                    duration_ms: whole(sum, "duration_ms")?,
                },
            })
        })
        .collect()
}

fn read_attempts(fields: &Fields<'_>) -> Result<Vec<Attempt>> {
    fields
        .documents("attempts")?
        .iter()
        .map(|attempt| {
            Ok(Attempt {
                number: attempt.unsigned("number")?.unwrap_or(1),
                token: Token(attempt.whole("token")?.unwrap_or(0)),
                host: attempt.text("host")?,
                started_at: attempt.date("started_at")?,
                ended_at: attempt.optional_date("ended_at")?,
                status: attempt.word("status", Status::parse)?.ok_or_else(|| attempt.damaged("status", "a status"))?,
                error: attempt.optional_text("error")?,
                interrupted: attempt.boolean("interrupted")?.unwrap_or(false),
                reads: read_sums(attempt)?,
            })
        })
        .collect()
}

pub(super) fn result(result: &RunResult) -> Bson {
    Bson::Document(doc! {
        "status": result.status.as_str(),
        "message": result.message.as_str(),
        "details": json_to_bson(&result.details),
        "records_processed": count(result.records_processed),
        "records_affected": count(result.records_affected),
        "errors": result.errors.clone(),
        "warnings": result.warnings.clone(),
    })
}

fn read_result(fields: &Fields<'_>) -> Result<RunResult> {
    Ok(RunResult {
        status: fields.text("status")?,
        message: fields.text("message")?,
        details: fields.json("details").unwrap_or(serde_json::Value::Null),
        records_processed: fields.unsigned("records_processed")?.unwrap_or(0),
        records_affected: fields.unsigned("records_affected")?.unwrap_or(0),
        errors: fields.texts("errors")?,
        warnings: fields.texts("warnings")?,
    })
}

pub(super) fn progress(progress: &Progress) -> Bson {
    let mut document = doc! { "done": count(progress.done), "note": progress.note.as_str() };
    if let Some(total) = progress.total {
        document.insert("total", count(total));
    }
    Bson::Document(document)
}

pub(super) fn metrics(metrics: &Metrics) -> Bson {
    Bson::Document(doc! {
        "cpu_ms": metrics.cpu_ms,
        "peak_memory_bytes": count(metrics.peak_memory_bytes),
        "host_calls": count(metrics.host_calls),
        "effects": count(metrics.effects),
    })
}

fn read_metrics(fields: &Fields<'_>) -> Result<Metrics> {
    Ok(Metrics {
        cpu_ms: fields.number("cpu_ms")?.unwrap_or(0.0),
        peak_memory_bytes: fields.unsigned("peak_memory_bytes")?.unwrap_or(0),
        host_calls: fields.unsigned("host_calls")?.unwrap_or(0),
        effects: fields.unsigned("effects")?.unwrap_or(0),
    })
}

fn skipped(summary: &SkipSummary) -> Bson {
    Bson::Document(doc! {
        "count": count(summary.count),
        "at_least": summary.at_least,
        "first": date(summary.first),
        "last": date(summary.last),
    })
}

fn read_skipped(fields: &Fields<'_>) -> Result<SkipSummary> {
    Ok(SkipSummary {
        count: fields.unsigned("count")?.unwrap_or(1),
        at_least: fields.boolean("at_least")?.unwrap_or(false),
        first: fields.date("first")?,
        last: fields.date("last")?,
    })
}

/// What is still to be sent, and since when: the moment is what the sparse index holds.
pub(super) fn outbox(since: DateTime<Utc>, deliveries: &[Delivery]) -> Bson {
    Bson::Document(doc! { "since": date(since), "deliveries": part(&deliveries) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn full() -> Execution {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        Execution {
            id: ExecutionId::generate(),
            job_id: JobId::generate(),
            job_name: "nightly".into(),
            template_type: "database_cleanup".into(),
            template_digest: Some(Digest("ab".into())),
            parameters: json!({"collection": "logs", "conditions": {"age": {"$lt": 5}}}),
            status: Status::Success,
            trigger: Trigger::Rerun,
            triggered_by: "anna".into(),
            rerun_of: Some(ExecutionId::generate()),
            scheduled_for: at(0),
            started_at: Some(at(1)),
            completed_at: Some(at(2)),
            duration_seconds: Some(1.0),
            attempts: vec![Attempt {
                number: 1,
                token: Token(3),
                host: "box".into(),
                started_at: at(1),
                ended_at: Some(at(2)),
                status: Status::Success,
                error: None,
                interrupted: false,
                reads: Vec::new(),
            }],
            result: Some(RunResult {
                status: "success".into(),
                message: "done".into(),
                details: json!({"deleted": 3}),
                records_processed: 10,
                records_affected: 3,
                errors: vec![],
                warnings: vec!["slow".into()],
            }),
            error: None,
            logs: vec![LogLine { timestamp: at(1), level: Level::Warning, message: "hm".into() }],
            log_lines: 1,
            progress: Some(Progress { done: 1, total: Some(2), note: "half".into() }),
            metrics: Some(Metrics { cpu_ms: 1.5, peak_memory_bytes: 2, host_calls: 3, effects: 4 }),
            skip_reason: None,
            skipped: Some(SkipSummary { count: 4, at_least: true, first: at(0), last: at(9) }),
            execution_host: Some("box".into()),
            priority: 7,
            host: Some(Incarnation::generate()),
            token: Token(3),
            overlap_key: Some("x#0".into()),
            retry_at: Some(at(60)),
            cancel_requested_at: Some(at(1)),
            outbox: vec![Delivery::Notification { to: "https://example.org/".into() }],
        }
    }

    #[test]
    fn an_execution_comes_back_as_it_was_stored() {
        let execution = full();
        assert_eq!(from_document(&to_document(&execution)).unwrap(), execution);
    }

    #[test]
    fn a_document_of_the_older_system_is_read_with_its_nulls() {
        let document = doc! {
            "_id": bson::oid::ObjectId::new(), "job_id": JobId::generate().to_string(), "job_name": "old",
            "template_type": "backup_job", "status": "failed", "started_at": date(DateTime::UNIX_EPOCH),
            "completed_at": Bson::Null, "duration_seconds": 3_i32, "result": Bson::Null, "error": "boom",
            "logs": [{ "timestamp": date(DateTime::UNIX_EPOCH), "level": "warn", "message": "m" }],
            "triggered_by": "scheduler", "execution_host": "box",
        };
        let execution = from_document(&document).unwrap();
        assert_eq!((execution.status, execution.duration_seconds), (Status::Failed, Some(3.0)));
        assert_eq!((execution.host, execution.overlap_key, execution.log_lines), (None, None, 1));
    }
}
