//! What a run did, for people and for programs.

use serde_json::{Value, json};

use super::words::size;
use crate::capabilities::operation;
use crate::model::audit::{EffectRecord, Usage, Verdict};
use crate::model::outcome::{FailureKind, Finished, Outcome, RunResult};

/// JSON longer than this is printed over several lines.
const LONGEST_LINE: usize = 100;

/// An effect as it is told.
pub(super) struct Told<'a>(pub(super) &'a EffectRecord);

impl Told<'_> {
    /// Whether it changed something, or would have.
    fn is_write(&self) -> bool {
        let found = operation::find(&self.0.capability, &self.0.operation);
        found.is_some_and(|operation| operation.effect == operation::Effect::Write)
    }

    /// The right that would have allowed a call that was denied for want of one.
    fn would_allow(&self) -> Option<Value> {
        let Verdict::Denied { reason } = &self.0.verdict else { return None };
        if reason != "not-granted" {
            return None;
        }
        let access = operation::find(&self.0.capability, &self.0.operation)?.access.first()?;
        Some(json!({ "capability": self.0.capability, "target": self.0.target, "access": [access] }))
    }

    pub(super) fn as_json(&self) -> Value {
        let record = self.0;
        let Usage { bytes_in, bytes_out, items, duration_ms } = record.usage;
        json!({
            "capability": record.capability, "operation": record.operation, "target": record.target,
            "calls": record.calls, "is_write": self.is_write(), "result": record.verdict,
            "items": items, "bytes_in": bytes_in, "bytes_out": bytes_out, "duration_ms": duration_ms,
            "would_allow": self.would_allow(),
        })
    }

    fn line(&self) -> String {
        let record = self.0;
        let mut line = format!("{} {} {}", record.capability, record.operation, record.target);
        if record.calls > 1 {
            line.push_str(&format!(", {} times", record.calls));
        }
        if record.usage.items > 0 {
            line.push_str(&format!(", {} items", record.usage.items));
        }
        for (bytes, way) in [(record.usage.bytes_in, "in"), (record.usage.bytes_out, "out")] {
            if bytes > 0 {
                line.push_str(&format!(", {} {way}", size(bytes)));
            }
        }
        match &record.verdict {
            Verdict::Allowed => {}
            Verdict::Started => line.push_str("; its end is not known"),
            Verdict::Denied { reason } => line.push_str(&format!("; {reason}")),
            Verdict::Limit { reason } => line.push_str(&format!("; limit: {reason}")),
            Verdict::Failed { error } => line.push_str(&format!("; failed: {error}")),
        }
        line
    }
}

/// Prints what was read, written and denied.
pub(super) fn effects(records: &[EffectRecord]) {
    let is_refused = |record: &EffectRecord| matches!(record.verdict, Verdict::Denied { .. } | Verdict::Limit { .. });
    let (denied, done): (Vec<_>, Vec<_>) = records.iter().partition(|record| is_refused(record));
    let (wrote, read): (Vec<_>, Vec<_>) = done.into_iter().partition(|record| Told(record).is_write());
    for (title, records) in [("It read", read), ("It wrote or sent", wrote), ("It was denied", denied)] {
        if records.is_empty() {
            continue;
        }
        println!("{title}");
        for record in records {
            println!("  {}", Told(record).line());
            if let Some(right) = Told(record).would_allow() {
                println!("      {right} would allow it");
            }
        }
    }
    if records.is_empty() {
        println!("It reached nothing outside.");
    }
}

/// Prints how the run ended.
pub(super) fn outcome(finished: &Finished) {
    match &finished.outcome {
        Outcome::Success(result) => success(result),
        other => println!("{}", words(other)),
    }
    if let Outcome::Failure { details: Some(details), .. } = &finished.outcome {
        println!("details   {}", shown(details));
    }
    let metrics = &finished.metrics;
    println!(
        "used      {:.1} ms of CPU, {} of memory, {} host calls",
        metrics.cpu_ms,
        size(metrics.peak_memory_bytes),
        metrics.host_calls
    );
}

fn success(result: &RunResult) {
    println!("Success: {}", result.message);
    println!("records   {} processed, {} affected", result.records_processed, result.records_affected);
    for (title, texts) in [("warning", &result.warnings), ("error", &result.errors)] {
        texts.iter().for_each(|text| println!("{title:<9} {text}"));
    }
    if !result.details.is_null() && result.details != json!({}) {
        println!("details   {}", shown(&result.details));
    }
}

/// On one line where that can be read.
fn shown(details: &Value) -> String {
    let line = details.to_string();
    if line.len() <= LONGEST_LINE { line } else { format!("{details:#}") }
}

/// How a run ended otherwise than well, in a sentence.
pub(super) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success(result) => format!("Success: {}", result.message),
        Outcome::Failure { kind, message, retry_after, .. } => {
            let follows = match (kind, retry_after) {
                (FailureKind::Retryable, None) => "a job would try again".to_owned(),
                (FailureKind::Retryable, Some(wait)) => format!("a job would try again after {wait:?}"),
                (FailureKind::Permanent, _) => "a job would not try again".to_owned(),
                (FailureKind::Interrupted, _) => "it stopped because it was asked to".to_owned(),
            };
            format!("Failure: {message} ({follows})")
        }
        Outcome::LimitReached { message, .. } => format!("Limit: {message}"),
        Outcome::Trap { message } => format!("The component broke: {message}"),
        Outcome::Timeout => "Time-out: the run took longer than --timeout allows".to_owned(),
        Outcome::Cancelled => "Cancelled: it did not stop within half a second of being asked to".to_owned(),
        Outcome::HostFault { message } => format!("The host failed: {message}"),
    }
}

/// The same for programs.
pub(super) fn outcome_json(finished: &Finished) -> Value {
    let kind = match &finished.outcome {
        Outcome::Success(_) => "success",
        Outcome::Failure { kind: FailureKind::Retryable, .. } => "retryable_failure",
        Outcome::Failure { kind: FailureKind::Permanent, .. } => "permanent_failure",
        Outcome::Failure { kind: FailureKind::Interrupted, .. } => "interrupted",
        Outcome::LimitReached { .. } => "limit",
        Outcome::Trap { .. } => "trap",
        Outcome::Timeout => "timeout",
        Outcome::Cancelled => "cancelled",
        Outcome::HostFault { .. } => "host_fault",
    };
    let (result, details) = match &finished.outcome {
        Outcome::Success(result) => (Some(result), None),
        Outcome::Failure { details, .. } => (None, details.as_ref()),
        _ => (None, None),
    };
    json!({
        "outcome": kind, "message": words(&finished.outcome), "result": result, "details": details,
        "metrics": finished.metrics,
    })
}
