//! The template `fresh`: counts how often each value of a field occurs in a collection.
//!
//! A beginning to be replaced. Its shape is worth keeping: parameters with their checks in a file of their own, the
//! work in batches that can be stopped in between, and tests that run without a host.

mod parameters;

use std::collections::BTreeMap;

use sandglass_sdk::documents::{Collection, FindOptions};
use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template, execution, log};
use serde_json::{Value, json};

pub use parameters::Parameters;

/// Documents that are asked for at a time.
const BATCH: u32 = 1_000;
/// Different values that are kept apart; a run has little memory.
const MOST_VALUES: usize = 1_000;

/// The template.
#[derive(Debug)]
pub struct Fresh;

impl Template for Fresh {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("fresh", env!("CARGO_PKG_VERSION"), "Fresh")
            .description("Counts how often each value of a field occurs in a collection.")
            .icon("🔎")
            .category("Database")
            .tags(&["count"])
            .need(Need::new("documents", "param:/collection", "read", "To read the field that is counted."))
            .on_lost(OnLost::Retry)
    }

    fn validate(parameters: &Parameters) -> Problems {
        parameters.problems()
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let collection = Collection::open(&parameters.collection)?;
        let options = FindOptions { projection: Some(json!({ &parameters.field: 1 })), ..FindOptions::default() };
        let cursor = collection.find(&Value::Object(parameters.filter), &options)?;

        let mut counts = BTreeMap::<String, u64>::new();
        let mut read = 0;
        loop {
            let batch = cursor.next_batch(BATCH)?;
            if batch.is_empty() {
                break;
            }
            for document in &batch {
                *counts.entry(name(document.get(&parameters.field))).or_default() += 1;
            }
            if counts.len() > MOST_VALUES {
                return Err(Failure::permanent(format!(
                    "{} has more than {MOST_VALUES} different values: choose a field with fewer",
                    parameters.field
                )));
            }
            read += batch.len() as u64;
            execution::progress(read, None, "documents read");
            if execution::should_stop() {
                return Err(Failure::interrupted(format!("stopped after {read} documents, as the host asked")));
            }
        }

        log::info("counted", &[("documents", &read), ("values", &counts.len())]);
        Ok(Outcome::new(format!("{read} documents with {} different values of {}", counts.len(), parameters.field))
            .details(json!({ "counts": counts }))
            .processed(read))
    }
}

/// A value as a key of the result: a text as it is, anything else as JSON.
fn name(value: Option<&Value>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

sandglass_sdk::export!(Fresh);

#[cfg(test)]
mod tests;
