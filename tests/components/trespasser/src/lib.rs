//! Tries what it may not, and reports how each attempt was answered.
//!
//! It asks for everything, so that only what was granted decides. Two lists: every function of the contract, tried with
//! handles that were given while a grant held; and acts against targets that the job names.

mod act;
mod every;

use sandglass_sdk::{Error, Failure, Metadata, Need, Outcome, Template};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use act::Act;

/// Parameters of the component.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// What to try, in order.
    #[serde(default)]
    #[schemars(title = "Acts")]
    pub acts: Vec<Act>,
    /// Takes a handle of each kind, waits until nothing is granted any more, and then calls every function.
    #[serde(default)]
    #[schemars(title = "Every function, once the grant is gone")]
    pub every_function: bool,
    /// Where the request for a response in hand goes.
    #[serde(default)]
    #[schemars(title = "Address")]
    pub url: String,
}

/// The component.
#[derive(Debug)]
pub struct Trespasser;

/// Each capability with every access it knows.
const EVERYTHING: [(&str, &[&str]); 6] = [
    ("documents", &["read", "write", "manage"]),
    ("http", &["send"]),
    ("email", &["send"]),
    ("files", &["read", "write"]),
    ("secrets", &["use", "reveal"]),
    ("insight", &["read"]),
];

impl Template for Trespasser {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        let mut metadata = Metadata::new("trespasser", env!("CARGO_PKG_VERSION"), "Trespasser")
            .description("Tries what it may not. For tests only.")
            .icon("🚷")
            .category("Tests");
        for (capability, accesses) in EVERYTHING {
            for access in accesses {
                metadata = metadata.need(Need::new(capability, "*", access, "To try it.").optional());
            }
        }
        // `*` stays within the default connection.
        metadata.need(Need::new("documents", "*/*", "read", "To try other databases.").optional())
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let mut answers: Vec<Value> = parameters.acts.iter().map(|act| answer(act.name(), act.attempt())).collect();
        if parameters.every_function {
            answers.extend(every::function(&parameters.url)?.into_iter().map(|(name, tried)| answer(name, tried)));
        }
        let count = answers.len() as u64;
        Ok(Outcome::new(format!("{count} attempts")).details(json!({ "answers": answers })).processed(count))
    }
}

fn answer(name: &str, tried: Result<(), Error>) -> Value {
    match tried {
        Ok(()) => json!({ "tried": name, "allowed": true }),
        Err(error) => json!({
            "tried": name, "kind": error.kind.name(), "reason": error.reason, "message": error.message,
            "details": error.details.as_deref().and_then(|details| serde_json::from_str::<Value>(details).ok()),
        }),
    }
}

sandglass_sdk::export!(Trespasser);
