//! Makes exactly the host calls that its parameters list, and reports each answer.
//!
//! For tests of grants, the gate, the audit trail and retries: what a test wants to see is written in the job.

mod file;
mod step;

use sandglass_sdk::{Failure, Metadata, Need, Outcome, Template};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use step::Step;

/// Parameters of the component.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The collection that steps use which name none, as `name` or `connection/name`.
    #[serde(default = "default_collection")]
    #[schemars(title = "Collection")]
    pub collection: String,
    /// What to do, in order.
    #[serde(default)]
    #[schemars(title = "Steps")]
    pub steps: Vec<Step>,
    /// Whether the run fails when a step is answered by an error; otherwise the error is only reported.
    #[serde(default)]
    #[schemars(title = "Fail on errors")]
    pub fail_on_error: bool,
}

fn default_collection() -> String {
    "probe".to_owned()
}

/// The component.
#[derive(Debug)]
pub struct Probe;

impl Template for Probe {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("probe", env!("CARGO_PKG_VERSION"), "Probe")
            .description("Makes the host calls that its parameters list. For tests only.")
            .icon("🔬")
            .category("Tests")
            .need(Need::new("documents", "param:/collection", "read", "For the steps that read."))
            .need(Need::new("documents", "param:/collection", "write", "For the steps that write."))
            .need(Need::new("http", "*", "send", "For the steps that send requests.").optional())
            .need(Need::new("files", "*", "read", "For the steps that read files.").optional())
            .need(Need::new("files", "exports", "write", "For the steps that write files.").optional())
            .need(
                Need::new("files", "backups", "write", "For files that only a success may keep.")
                    .optional()
                    .removed_on_failure(),
            )
            .need(Need::new("secrets", "*", "use", "For requests with a secret.").optional())
            .need(Need::new("email", "*", "send", "For the steps that send mail.").optional())
            .need(Need::new("secrets", "*", "reveal", "For the step that shows one.").optional())
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let mut answers = Vec::new();
        for step in &parameters.steps {
            let answer = match step.take(&parameters.collection) {
                Ok(answer) => json!({ "op": step.name(), "ok": answer }),
                Err(step::Refusal::Error(error)) => {
                    let refusal = json!({
                        "kind": error.kind.name(), "reason": error.reason, "message": error.message,
                        "retry_after_ms": error.retry_after_ms, "details": error.details,
                    });
                    if parameters.fail_on_error {
                        return Err(Failure::from(error).details(report(answers, Some(refusal))));
                    }
                    json!({ "op": step.name(), "error": refusal })
                }
                Err(step::Refusal::Failure(failure)) => return Err(failure.details(report(answers, None))),
            };
            answers.push(answer);
        }
        let count = answers.len() as u64;
        Ok(Outcome::new(format!("{count} steps")).details(report(answers, None)).processed(count))
    }
}

fn report(answers: Vec<Value>, error: Option<Value>) -> Value {
    json!({ "answers": answers, "error": error })
}

sandglass_sdk::export!(Probe);

#[cfg(test)]
mod tests;
