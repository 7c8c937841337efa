//! The single writes that move an execution on. Each carries the token in its filter, so that one that comes too late
//! changes nothing (T11); a final one gives back the overlap key and the host by unsetting them.

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Update, Write};

use super::document::{count, date};
use super::executions_document::{attempts, lines, metrics, outbox, progress, result, to_document};
use super::{Claim, EXECUTIONS};
use crate::model::execution::{Attempt, Delivery, Progress};
use crate::model::log::LogLine;
use crate::model::outcome::{Metrics, RunResult};
use crate::model::{Execution, ExecutionId, Incarnation, Status, Token};

/// What the record says of an end.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    pub status: Status,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: DateTime<Utc>,
    pub attempts: Vec<Attempt>,
    pub result: Option<RunResult>,
    pub error: Option<String>,
    pub metrics: Option<Metrics>,
    pub outbox: Vec<Delivery>,
}

/// An execution as this host holds it. An end unsets the host, so a write that is repeated after a lost reply finds
/// nothing, instead of doing its work twice.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    pub id: ExecutionId,
    pub token: Token,
    pub host: &'a Incarnation,
}

impl Held<'_> {
    fn update(&self, operators: Document) -> Write {
        update(doc! { "_id": self.id.0, "token": self.token.0, "host": self.host.0.as_str() }, operators)
    }
}

impl End {
    /// First start to end, waits between attempts included.
    pub fn duration_seconds(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run's duration")]
        self.started_at.map(|started| (self.completed_at - started).num_milliseconds().max(0) as f64 / 1000.0)
    }
}

/// A first claim.
pub fn insert(claim: &Claim) -> Write {
    Write::Insert { collection: EXECUTIONS.into(), document: claim.document() }
}

/// A decision without a claim: a skip, or an execution that waits.
pub fn insert_unheld(skip: &Execution) -> Write {
    Write::Insert { collection: EXECUTIONS.into(), document: to_document(skip) }
}

/// An attempt has begun. Changes nothing if its end is stored already.
pub fn running(held: &Held<'_>, host_name: &str, tries: &[Attempt]) -> Write {
    let mut set = doc! {
        "status": Status::Running.as_str(),
        "attempts": attempts(tries),
        "execution_host": host_name,
    };
    if let Some(first) = tries.first() {
        set.insert("started_at", date(first.started_at));
    }
    held.update(doc! { "$set": set })
}

/// The end of a run, with the last of its lines.
pub fn end(held: &Held<'_>, host_name: &str, end: &End, new_lines: &[LogLine], line_count: u64) -> Write {
    let mut set = doc! {
        "status": end.status.as_str(),
        "completed_at": date(end.completed_at),
    };
    if let Some(at) = end.started_at {
        set.insert("started_at", date(at));
        set.insert("execution_host", host_name);
    }
    if let Some(seconds) = end.duration_seconds() {
        set.insert("duration_seconds", seconds);
    }
    if !end.attempts.is_empty() {
        set.insert("attempts", attempts(&end.attempts));
    }
    if let Some(value) = &end.result {
        set.insert("result", result(value));
    }
    if let Some(error) = &end.error {
        set.insert("error", error.as_str());
    }
    if let Some(value) = &end.metrics {
        set.insert("metrics", metrics(value));
    }
    if !end.outbox.is_empty() {
        set.insert("outbox", outbox(end.completed_at, &end.outbox));
    }
    let unset = doc! { "overlap_key": "", "host": "", "retry_at": "" };
    held.update(with_lines(set, unset, new_lines, line_count))
}

/// The attempt is to be repeated at `retry_at`: until then nobody holds the execution or its overlap key.
pub fn wait_for_retry(
    held: &Held<'_>,
    retry_at: DateTime<Utc>,
    tries: &[Attempt],
    new_lines: &[LogLine],
    line_count: u64,
) -> Write {
    let mut set = doc! { "status": Status::Queued.as_str(), "retry_at": date(retry_at) };
    if let Some(first) = tries.first() {
        set.insert("started_at", date(first.started_at));
        set.insert("attempts", attempts(tries));
    }
    let unset = doc! { "overlap_key": "", "host": "" };
    held.update(with_lines(set, unset, new_lines, line_count))
}

/// A retry that waits is due at another time.
pub fn wait_until(id: ExecutionId, token: Token, retry_at: DateTime<Utc>) -> Write {
    let filter = doc! { "_id": id.0, "token": token.0, "retry_at": { "$exists": true } };
    update(filter, doc! { "$set": { "retry_at": date(retry_at) } })
}

/// Lines and progress of a run that goes on.
pub fn news(held: &Held<'_>, new_lines: &[LogLine], line_count: u64, now_at: Option<&Progress>) -> Write {
    let mut set = Document::new();
    if let Some(value) = now_at {
        set.insert("progress", progress(value));
    }
    held.update(with_lines(set, Document::new(), new_lines, line_count))
}

/// Takes an execution over: another token, this host, the key it needs. Fails with `DuplicateKey` while another run
/// holds the key.
pub fn take(id: ExecutionId, seen: Token, claim: &Claim) -> Write {
    let mut set = doc! {
        "status": Status::Queued.as_str(),
        "host": claim.host.0.as_str(),
        "token": claim.token.0,
    };
    if !claim.attempts.is_empty() {
        set.insert("attempts", attempts(&claim.attempts));
    }
    let mut unset = doc! { "retry_at": "" };
    match &claim.overlap_key {
        Some(key) => set.insert("overlap_key", key.as_str()),
        None => unset.insert("overlap_key", ""),
    };
    seen_at(id, seen, doc! { "$set": set, "$unset": unset })
}

/// The one that waited may run: it takes the key of the one that ended.
pub fn promote(held: &Held<'_>, key: &str) -> Write {
    held.update(doc! { "$set": { "overlap_key": key } })
}

/// Decides a claim anew under an edited definition: the same occurrence, as the job stands now.
pub fn redefine(claim: &Claim, seen: Token) -> Write {
    let job = &claim.definition.job;
    let set = doc! {
        "token": claim.token.0,
        "job_name": job.name.as_str(),
        "template_type": job.template_type.as_str(),
        "template_digest": claim.digest.0.as_str(),
        "parameters": claim.parameters.stored.clone(),
        "priority": i32::from(job.priority),
    };
    seen_at(claim.id, seen, doc! { "$set": set })
}

/// An end without a run of its own: skipped, cancelled or given up by planner or recovery. The token grows, so that
/// whoever held it can do nothing more.
pub fn settle(id: ExecutionId, seen: Token, end: &End, reason: Option<crate::model::SkipReason>) -> Write {
    let mut set = doc! {
        "status": end.status.as_str(),
        "completed_at": date(end.completed_at),
        "token": seen.next().0,
    };
    if let Some(reason) = reason {
        set.insert("skip_reason", reason.as_str());
    }
    if let Some(error) = &end.error {
        set.insert("error", error.as_str());
    }
    if let Some(seconds) = end.duration_seconds() {
        set.insert("duration_seconds", seconds);
    }
    if !end.attempts.is_empty() {
        set.insert("attempts", attempts(&end.attempts));
    }
    if !end.outbox.is_empty() {
        set.insert("outbox", outbox(end.completed_at, &end.outbox));
    }
    seen_at(id, seen, doc! { "$set": set, "$unset": { "overlap_key": "", "host": "", "retry_at": "" } })
}

/// Asks whoever holds it to stop.
pub fn request_cancel(id: ExecutionId, at: DateTime<Utc>) -> Write {
    let filter = doc! { "_id": id.0, "status": { "$in": [Status::Queued.as_str(), Status::Running.as_str()] } };
    update(filter, doc! { "$set": { "cancel_requested_at": date(at) } })
}

/// Everything due after the end has been sent.
pub fn outbox_sent(id: ExecutionId) -> Write {
    update(doc! { "_id": id.0 }, doc! { "$unset": { "outbox": "" } })
}

/// A line that Sandglass itself adds after the end.
pub fn remark(id: ExecutionId, line: &LogLine) -> Write {
    let operators = doc! {
        "$push": { "logs": { "$each": lines(std::slice::from_ref(line)) } },
        "$inc": { "log_lines": 1_i64 },
    };
    update(doc! { "_id": id.0 }, operators)
}

/// Whether `execution` stands under this claim's host and token.
pub fn is_held(execution: &Execution, host: &Incarnation, token: Token) -> bool {
    execution.host.as_ref() == Some(host) && execution.token == token
}

fn with_lines(mut set: Document, unset: Document, new_lines: &[LogLine], line_count: u64) -> Document {
    if line_count > 0 {
        set.insert("log_lines", count(line_count));
    }
    let mut operators = Document::new();
    if !set.is_empty() {
        operators.insert("$set", set);
    }
    if !unset.is_empty() {
        operators.insert("$unset", unset);
    }
    if !new_lines.is_empty() {
        operators.insert("$push", doc! { "logs": { "$each": lines(new_lines) } });
    }
    operators
}

fn seen_at(id: ExecutionId, token: Token, operators: Document) -> Write {
    update(doc! { "_id": id.0, "token": token.0 }, operators)
}

fn update(filter: Document, operators: Document) -> Write {
    Write::Update { collection: EXECUTIONS.into(), update: Update::one(filter, operators) }
}
