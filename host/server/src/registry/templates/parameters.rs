//! Checks a job's parameters: defaults filled in, the schema, then what only the template itself can say.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::{AdmitError, Entry, Templates};
use crate::model::Digest;
use crate::model::template::Problem;

/// The code of a parameter that the schema does not have.
const UNKNOWN: &str = "unknown_field";

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

/// Bound of one check against a schema.
const BOUND: Duration = Duration::from_secs(5);

impl Entry {
    /// The parameters with the schema's defaults, and what the schema says against them. A hostile schema may take its
    /// time: not on a thread that serves others, not longer than the bound, and not again after that.
    ///
    /// # Errors
    /// When the check takes too long or breaks.
    pub(super) async fn check(self: Arc<Self>, parameters: Value) -> Result<(Value, Vec<Problem>), AdmitError> {
        let too_slow = || {
            let name = &self.template.metadata.name;
            AdmitError::Refused(format!(
                "the check of parameters against the schema of {name:?} takes longer than {} s",
                BOUND.as_secs()
            ))
        };
        if self.is_slow.load(Ordering::Relaxed) {
            return Err(too_slow());
        }
        let entry = Arc::clone(&self);
        let check = tokio::task::spawn_blocking(move || {
            let parameters = entry.schema.fill(parameters);
            let problems = entry.schema.check(&parameters);
            (parameters, problems)
        });
        match tokio::time::timeout(BOUND, check).await {
            Ok(checked) => {
                checked.map_err(|error| AdmitError::Failed(format!("the check of the parameters broke: {error}")))
            }
            Err(_) => {
                self.is_slow.store(!self.template.built_in, Ordering::Relaxed);
                Err(too_slow())
            }
        }
    }
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
        let (parameters, mut problems) = entry.check(parameters).await?;
        // The template is asked only what it can read. What nobody knows it never sees, so that may be left out; any
        // other fault could make it complain of something that is not there, and is told alone.
        if problems.iter().all(|problem| problem.code == UNKNOWN) {
            let mut readable = parameters.clone();
            problems.iter().for_each(|problem| leave_out(&mut readable, &problem.pointer));
            problems.extend(self.components.validate(&digest, &readable.to_string()).await?);
        }
        Ok(Some(CheckedParameters { digest, parameters, problems }))
    }
}

/// Takes out the member that a pointer names.
fn leave_out(parameters: &mut Value, pointer: &str) {
    let Some((around, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = parameters.pointer_mut(around) {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_knows_is_left_out_wherever_it_stands() {
        let mut parameters = json!({"a": 1, "b/c": 2, "csv": {"x": 1, "y": [{"z": 1}]}});
        for pointer in ["/b~1c", "/csv/x", "/csv/y/0/z", "/nowhere/q", ""] {
            leave_out(&mut parameters, pointer);
        }
        assert_eq!(parameters, json!({"a": 1, "csv": {"y": [{}]}}));
    }
}
