//! Misbehaves in one way at a time, so that the host can be seen to end it, and only it.
//!
//! Each mode does its worst without asking; what stops it is up to the host. What comes back when nothing stops it
//! is told by the outcome, so that a test cannot take a tame run for a refused one.

mod attack;

use sandglass_sdk::{Failure, Metadata, Need, Outcome, Template};
use schemars::JsonSchema;
use serde::Deserialize;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Computes without end and without a host call.
    EndlessLoop,
    /// Allocates and touches memory until none is given, then aborts.
    MemoryBomb,
    /// Calls itself until the stack ends.
    DeepRecursion,
    /// Logs millions of short lines.
    LogFlood,
    /// Logs one line that is longer than any limit.
    LogLongLine,
    /// Panics with a message.
    Panic,
    /// Returns a result beyond a megabyte.
    HugeResult,
    /// Waits again and again, whatever the host answers.
    WaitForever,
    /// Sends a request to `url` and waits for its answer.
    HttpSlow,
    /// Asks the clock without end.
    TightHostCalls,
    /// Opens collections and keeps them until the host refuses.
    HandleFlood,
    /// Begins files, writes into them and panics with all of them open.
    PanicWhileWriting,
    /// Writes files without end, whatever the host answers.
    FileFlood,
    /// Fails in a way that another try may change.
    FailRetryable,
    /// Fails for good.
    FailPermanent,
    /// Behaves.
    Ok,
}

/// Parameters of the component.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// What to do.
    #[schemars(title = "Mode")]
    pub mode: Mode,
    /// Where `http-slow` sends its request.
    #[serde(default)]
    #[schemars(title = "Address")]
    pub url: Option<String>,
    /// What `handle-flood` opens.
    #[serde(default = "default_collection")]
    #[schemars(title = "Collection")]
    pub collection: String,
    /// Lines of `log-flood`.
    #[serde(default = "default_count")]
    #[schemars(title = "Count")]
    pub count: u64,
    /// Size of the line of `log-long-line` and of the text of `huge-result`.
    #[serde(default = "default_size_bytes")]
    #[schemars(title = "Size in bytes")]
    pub size_bytes: usize,
}

fn default_collection() -> String {
    "hostile".to_owned()
}

fn default_count() -> u64 {
    5_000_000
}

fn default_size_bytes() -> usize {
    2 * 1024 * 1024
}

/// The component.
#[derive(Debug)]
pub struct Hostile;

impl Template for Hostile {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("hostile", env!("CARGO_PKG_VERSION"), "Hostile")
            .description("Misbehaves in one way at a time. For tests of the sandbox only.")
            .icon("👹")
            .category("Tests")
            .need(Need::new("documents", "param:/collection", "read", "To open it too often.").optional())
            .need(Need::new("files", "exports", "write", "To fill it.").optional())
            .need(Need::new("http", "param:/url", "send", "To be kept waiting.").optional())
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        match parameters.mode {
            Mode::EndlessLoop => attack::compute_without_end(),
            Mode::MemoryBomb => Ok(attack::take_all_memory()),
            Mode::DeepRecursion => Ok(attack::recurse()),
            Mode::LogFlood => Ok(attack::flood_log(parameters.count)),
            Mode::LogLongLine => Ok(attack::log_long_line(parameters.size_bytes)),
            Mode::Panic => attack::panic_now(),
            Mode::HugeResult => Ok(Outcome::new("x".repeat(parameters.size_bytes))),
            Mode::WaitForever => attack::wait_without_end(),
            Mode::HttpSlow => attack::wait_for_answer(parameters.url.as_deref().unwrap_or_default()),
            Mode::TightHostCalls => attack::ask_clock_without_end(),
            Mode::HandleFlood => Ok(attack::flood_handles(&parameters.collection)),
            Mode::PanicWhileWriting => match attack::panic_while_writing()? {},
            Mode::FileFlood => attack::flood_files(),
            Mode::FailRetryable => Err(Failure::retryable("asked to fail, retryably")),
            Mode::FailPermanent => Err(Failure::permanent("asked to fail, for good")),
            Mode::Ok => Ok(Outcome::new("behaved").processed(1)),
        }
    }
}

sandglass_sdk::export!(Hostile);

#[cfg(test)]
mod tests {
    use sandglass_sdk::{FailureKind, fakes};
    use serde_json::json;

    use super::*;

    #[test]
    fn it_can_behave_and_fail_in_both_ways() {
        let run = |mode: &str| fakes::execute::<Hostile>(json!({ "mode": mode }));
        assert_eq!(run("ok").unwrap().records_processed, 1);
        assert_eq!(run("fail-retryable").unwrap_err().kind, FailureKind::Retryable);
        assert_eq!(run("fail-permanent").unwrap_err().kind, FailureKind::Permanent);
    }

    #[test]
    #[should_panic(expected = "asked to panic")]
    fn it_panics_when_asked_to() {
        let _ = fakes::execute::<Hostile>(json!({"mode": "panic"}));
    }

    #[test]
    fn a_huge_result_is_as_large_as_asked_for() {
        let outcome = fakes::execute::<Hostile>(json!({"mode": "huge-result", "size_bytes": 3_000_000})).unwrap();
        assert_eq!(outcome.message.len(), 3_000_000);
    }
}
