//! Checks a job's parameters: defaults filled in, the schema, then what only the template itself can say.

use std::sync::Arc;

use serde_json::Value;

use super::{AdmitError, Templates};
use crate::model::Digest;
use crate::model::template::Problem;

/// Parameters that were looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedParameters {
    /// What they were checked against.
    pub digest: Digest,
    /// With the schema's defaults.
    pub parameters: Value,
    /// Pointers into the parameters; empty: they are good.
    pub problems: Vec<Problem>,
}

impl Templates {
    /// `None`: there is no such template. `digest` as a job carries it; `None` means the one in force.
    ///
    /// # Errors
    /// When the component breaks on the question.
    pub async fn check(
        &self,
        template_type: &str,
        digest: Option<&Digest>,
        parameters: Value,
    ) -> Result<Option<CheckedParameters>, AdmitError> {
        let found = {
            let state = self.state.read();
            state.resolve(template_type, digest).cloned().and_then(|digest| {
                let entry = state.entries.get(&digest).map(Arc::clone)?;
                Some((digest, entry))
            })
        };
        let Some((digest, entry)) = found else { return Ok(None) };
        // A hostile schema may take its time: not on a thread that serves others.
        let (parameters, mut problems) = tokio::task::spawn_blocking(move || {
            let parameters = entry.schema.fill(parameters);
            let problems = entry.schema.check(&parameters);
            (parameters, problems)
        })
        .await
        .map_err(|error| AdmitError::Failed(format!("the check of the parameters broke: {error}")))?;
        if problems.is_empty() {
            problems = self.components.validate(&digest, &parameters.to_string()).await?;
        }
        Ok(Some(CheckedParameters { digest, parameters, problems }))
    }
}
