//! A component looked at by whoever has only its file: what an admission checks, with nothing stored and nothing granted.

use std::sync::Arc;

use serde_json::Value;

use super::sandboxed::explain;
use super::schema::Schema;
use super::{AdmitError, CheckedParameters, Components as _, Described, SandboxComponents, examine};
use crate::model::template::Metadata;
use crate::sandbox::{Inspection, Sandbox};

/// A component that would be admitted.
#[derive(Debug)]
pub struct Trial {
    /// What its bytes say.
    pub inspection: Inspection,
    /// What it says of itself.
    pub metadata: Metadata,
    /// JSON Schema of the parameters.
    pub schema: Value,
    /// What the admission would find worth saying.
    pub warnings: Vec<String>,
    compiled: Schema,
}

impl Trial {
    /// Loads a component into the sandbox and lets it describe itself.
    ///
    /// # Errors
    /// What an admission would refuse it for.
    pub async fn of(sandbox: &Sandbox, bytes: &[u8]) -> Result<Self, AdmitError> {
        let inspection = Sandbox::inspect(bytes).map_err(explain)?;
        let components = SandboxComponents(Arc::new(sandbox.clone()));
        let described = components.admit_foreign(bytes).await?;
        let compiled = examine::schema(&described).await?;
        examine::validate(&components, &described, &compiled).await?;
        let warnings = examine::warnings(&described.metadata, &described.imports, described.has_wasi, &compiled);
        let Described { metadata, schema, .. } = described;
        Ok(Self { inspection, metadata, schema, warnings, compiled })
    }

    /// Checks parameters as a job's are checked: defaults, schema, then the component's own `validate`.
    ///
    /// # Errors
    /// When the component breaks on the question.
    pub async fn check(&self, sandbox: &Sandbox, parameters: Value) -> Result<CheckedParameters, AdmitError> {
        let digest = self.inspection.digest.clone();
        let parameters = self.compiled.fill(parameters);
        let mut problems = self.compiled.check(&parameters);
        if problems.is_empty() {
            problems = sandbox.validate(&digest, &parameters.to_string()).await.map_err(explain)?;
        }
        Ok(CheckedParameters { digest, parameters, problems })
    }

    /// The parameters that the schema gives as examples.
    pub fn examples(&self) -> impl Iterator<Item = &Value> {
        self.schema.get("examples").and_then(Value::as_array).into_iter().flatten()
    }
}
