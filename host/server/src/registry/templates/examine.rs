//! What can be said of a component before anybody runs it: is its schema safe and right, does `validate` answer, does it
//! ask for what it cannot use.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::schema::Schema;
use super::{AdmitError, Components, Described};
use crate::model::template::Metadata;

/// Bound of compiling a schema.
const BOUND: Duration = Duration::from_secs(10);

/// The compiled schema.
///
/// # Errors
/// What is wrong with the schema.
pub(super) async fn schema(described: &Described) -> Result<Schema, AdmitError> {
    let schema = described.schema.clone();
    let compiled = tokio::task::spawn_blocking(move || Schema::compile(&schema));
    match tokio::time::timeout(BOUND, compiled).await {
        Ok(Ok(compiled)) => compiled.map_err(|error| AdmitError::Refused(error.to_string())),
        Ok(Err(error)) => Err(AdmitError::Failed(format!("the schema of the parameters could not be read: {error}"))),
        Err(_) => Err(AdmitError::Refused(format!(
            "the schema of the parameters is refused: reading it takes longer than {} s",
            BOUND.as_secs()
        ))),
    }
}

/// Asks `validate` about parameters that fit the schema, if some are known: its examples, and none at all. What it
/// says against them is its own affair; that it answers is not.
///
/// # Errors
/// When it breaks or takes too long.
pub(super) async fn validate(
    components: &dyn Components,
    described: &Described,
    schema: &Schema,
) -> Result<(), AdmitError> {
    let examples = described.schema.get("examples").and_then(Value::as_array).into_iter().flatten().cloned();
    let fitting = examples
        .chain([json!({})])
        .map(|example| schema.fill(example))
        .find(|example| schema.check(example).is_empty());
    let Some(example) = fitting else { return Ok(()) };
    components.validate(&described.digest, &example.to_string()).await.map(drop)
}

/// What is worth saying to whoever admits it. That it imports what it does not need is not, where its toolchain imports
/// everything (`has_wasi`).
pub(super) fn warnings(metadata: &Metadata, imports: &[String], has_wasi: bool, schema: &Schema) -> Vec<String> {
    let mut warnings = schema.warnings();
    let imported: BTreeSet<&str> = imports.iter().filter_map(|import| capability(import)).collect();
    let needed: BTreeSet<&str> = metadata.needs.iter().map(|need| need.capability.as_str()).collect();
    for need in needed.difference(&imported) {
        warnings.push(format!("it asks for `{need}`, but imports no function of it: the need has no effect"));
    }
    for import in imported.difference(&needed).filter(|_| !has_wasi) {
        warnings.push(format!("it imports functions of `{import}`, but has no need of it: each call will be denied"));
    }
    warnings
}

/// `documents` of `sandglass:documents/write.delete`; none for what every template may use.
fn capability(import: &str) -> Option<&str> {
    let (package, _) = import.strip_prefix("sandglass:")?.split_once('/')?;
    (package != "base").then_some(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::templates::dropin::tests::template;

    #[test]
    fn needs_and_imports_that_do_not_meet_are_named() {
        let schema = Schema::compile(&json!({"type": "object"})).unwrap();
        let found_in = |capabilities: &[&str], imports: &[&str], has_wasi| {
            let template = template("one", capabilities, imports);
            warnings(&template.metadata, &template.imports, has_wasi, &schema)
        };
        let found = |capabilities: &[&str], imports: &[&str]| found_in(capabilities, imports, false);
        let some = found(&["http"], &["sandglass:documents/read.collection.find", "sandglass:base/clock.now"]);
        assert_eq!(some.len(), 2, "{some:?}");
        assert!(some[0].contains("`http`") && some[1].contains("`documents`"), "{some:?}");
        assert_eq!(found(&["http"], &["sandglass:http/client.send"]), [""; 0]);
        // What its toolchain imports is no fault of it; what it asks for in vain is.
        let everything = ["sandglass:documents/read.collection.find", "sandglass:http/client.send"];
        assert_eq!(found_in(&["http"], &everything, true), [""; 0]);
        assert_eq!(found_in(&["email"], &everything, true).len(), 1);
    }
}
