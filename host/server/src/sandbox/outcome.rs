//! How a call ended: the only place that reads what wasmtime says.

use std::time::Duration;

use serde_json::Value;
use wasmtime::Trap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use super::bindings::exports::sandglass::template::job;
use super::host::LimitReached;
use super::limiter::Limiter;
use crate::model::outcome::{FailureKind, Limit, Outcome, RunResult};

/// What a call came to before anybody judged it.
pub(super) enum Ending {
    Returned(Result<job::Outcome, job::Failure>),
    Broke(wasmtime::Error),
    CpuSpent,
    DeadlinePassed,
    Cancelled,
}

/// Bounds that outcomes name.
pub(super) struct Bounds {
    pub(super) result_bytes: usize,
    pub(super) cpu: Duration,
    /// The configuration key of the memory bound.
    pub(super) memory_key: &'static str,
    pub(super) hostcall_bytes: usize,
}

/// The outcome of an attempt. `last_words` is what the guest said last before it broke, as an error.
pub(super) fn judge(ending: Ending, bounds: &Bounds, limiter: &Limiter, last_words: Option<String>) -> Outcome {
    match ending {
        Ending::Returned(Ok(outcome)) => success(outcome, bounds.result_bytes),
        Ending::Returned(Err(failure)) => failed(failure, bounds.result_bytes),
        Ending::CpuSpent => {
            limit(Limit::Cpu, format!("{} s of computing (sandbox.cpu_seconds)", bounds.cpu.as_secs_f64()))
        }
        Ending::DeadlinePassed => Outcome::Timeout,
        Ending::Cancelled => Outcome::Cancelled,
        Ending::Broke(error) => broke(&error, bounds, limiter, last_words),
    }
}

fn broke(error: &wasmtime::Error, bounds: &Bounds, limiter: &Limiter, last_words: Option<String>) -> Outcome {
    if let Some(LimitReached(reached)) = error.downcast_ref() {
        return match reached {
            Limit::Handles => limit(Limit::Handles, format!("{} handles at once", super::state::HANDLES)),
            other => limit(*other, String::new()),
        };
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Outcome::HostFault { message: format!("the pool of instances is full: {error}") };
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return limit(Limit::Handles, format!("{} handles at once", super::state::HANDLES));
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        let said = last_words.map(|words| format!(" after saying: {words}")).unwrap_or_default();
        return Outcome::Trap { message: format!("the component ended itself with exit code {code}{said}") };
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::StackOverflow) {
        return limit(Limit::Stack, "512 KiB of stack; a recursion that does not end?".to_owned());
    }
    if let Some(refused) = limiter.refused() {
        // An allocator that gets no memory aborts; nothing else tells a refusal from a panic.
        return match refused {
            Limit::Memory => limit(Limit::Memory, format!("{} bytes ({})", limiter.memory_bound(), bounds.memory_key)),
            other => limit(other, format!("{} elements", limiter.table_bound())),
        };
    }
    let text = error.root_cause().to_string();
    if text.contains("fuel allocated for hostcalls") {
        let returned = error.downcast_ref::<wasmtime::WasmBacktrace>().is_none();
        return if returned {
            limit(Limit::ResultSize, format!("{} bytes (sandbox.result_bytes)", bounds.result_bytes))
        } else {
            limit(
                Limit::HostCall,
                format!(
                    "{} bytes in one call; a body is bounded by http.body_bytes and a message with its attachments by \
                     email.message_bytes",
                    bounds.hostcall_bytes
                ),
            )
        };
    }
    if text.contains("too many component-model handles") || text.contains("handle table") {
        return limit(Limit::Handles, format!("{} handles at once", super::state::HANDLES));
    }
    let message = match (trap, last_words) {
        (Some(Trap::UnreachableCodeReached), Some(words)) => words,
        (Some(trap), _) => trap.to_string(),
        (None, _) => text,
    };
    Outcome::Trap { message }
}

fn limit(limit: Limit, detail: String) -> Outcome {
    let name = limit.as_str();
    let message =
        if detail.is_empty() { format!("{name} limit reached") } else { format!("{name} limit reached: {detail}") };
    Outcome::LimitReached { limit, message }
}

fn success(outcome: job::Outcome, bound: usize) -> Outcome {
    let job::Outcome { message, details, records_processed, records_affected, errors, warnings, extra } = outcome;
    let size = [&message, &details].into_iter().chain(&errors).chain(&warnings).chain(&extra).map(String::len).sum();
    if let Some(outcome) = too_large(size, bound) {
        return outcome;
    }
    let details = match parse(&details) {
        Ok(details) => details,
        Err(error) => return Outcome::Trap { message: format!("the result's details are no JSON: {error}") },
    };
    Outcome::Success(RunResult {
        status: "success".to_owned(),
        message,
        details,
        records_processed,
        records_affected,
        errors,
        warnings,
    })
}

fn failed(failure: job::Failure, bound: usize) -> Outcome {
    let job::Failure { kind, message, retry_after_ms, details } = failure;
    if let Some(outcome) = too_large(message.len() + details.as_ref().map_or(0, String::len), bound) {
        return outcome;
    }
    Outcome::Failure {
        kind: match kind {
            job::FailureKind::Retryable => FailureKind::Retryable,
            job::FailureKind::Permanent => FailureKind::Permanent,
            job::FailureKind::Interrupted => FailureKind::Interrupted,
        },
        message,
        retry_after: retry_after_ms.map(Duration::from_millis),
        // Details that are no JSON are still worth reading.
        details: details.map(|text| parse(&text).unwrap_or(Value::String(text))),
    }
}

fn too_large(size: usize, bound: usize) -> Option<Outcome> {
    (size > bound).then(|| limit(Limit::ResultSize, format!("{size} bytes, at most {bound} (sandbox.result_bytes)")))
}

fn parse(text: &str) -> Result<Value, serde_json::Error> {
    if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(text) }
}
