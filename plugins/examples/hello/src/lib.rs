//! The template `hello`: greets somebody and counts a collection.
//!
//! It does not come with Sandglass: drop its component into the folder of templates, or upload it, grant what it needs,
//! and give it a job.

use std::time::Duration;

use sandglass_sdk::{Failure, Metadata, Need, Outcome, Template, documents, execution};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the template.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Who is greeted.
    #[serde(default = "everybody")]
    #[schemars(title = "Addressee", length(min = 1), example = &"world")]
    pub addressee: String,
    /// The collection whose documents are counted.
    #[schemars(title = "Collection", length(min = 1), example = &"orders")]
    pub collection: String,
    /// How long the run takes its time, in milliseconds.
    #[serde(default)]
    #[schemars(title = "Pause", range(max = 60_000))]
    pub pause_milliseconds: u32,
}

fn everybody() -> String {
    "world".to_owned()
}

/// The template.
#[derive(Debug)]
pub struct Hello;

impl Template for Hello {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("hello", env!("CARGO_PKG_VERSION"), "Hello")
            .description("Greets somebody and says how many documents a collection holds.")
            .icon("👋")
            .category("Examples")
            .tags(&["example"])
            .need(Need::new("documents", "param:/collection", "read", "To count its documents."))
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let Parameters { addressee, collection, pause_milliseconds } = parameters;
        let count = documents::Collection::open(&collection)?.count(&json!({}))?;
        if pause_milliseconds > 0 && !execution::wait(Duration::from_millis(pause_milliseconds.into())) {
            return Err(Failure::interrupted("told to stop while it paused"));
        }
        let message = format!("Hello, {addressee}: {collection} holds {count} documents");
        Ok(Outcome::new(message).details(json!({ "count": count })).processed(count))
    }
}

sandglass_sdk::export!(Hello);

#[cfg(test)]
mod tests {
    use super::*;
    use sandglass_sdk::fakes;

    #[test]
    fn it_greets_and_counts() {
        fakes::World::new().collection("orders", json!([{"_id": 1}, {"_id": 2}]));
        let outcome = fakes::execute::<Hello>(json!({"addressee": "Ada", "collection": "orders"})).unwrap();
        assert_eq!(outcome.message, "Hello, Ada: orders holds 2 documents");
    }
}
