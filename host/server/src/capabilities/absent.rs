//! Capabilities that this host does not offer yet. They pass the gate like all others, and then say so.

use super::guard::{Gate, Target};
use super::operation::Operation;
use super::{ErrorKind, GateError};
use crate::model::grant::{Scope, fits};

/// A label: identity, folder or secret.
struct Label<'a>(&'a str);

impl Target for Label<'_> {
    fn name(&self) -> &str {
        self.0
    }

    fn is_in(&self, scope: &Scope, _extra: Option<&serde_json::Value>, _parameters: &serde_json::Value) -> bool {
        match scope {
            Scope::Pattern(pattern) => fits(pattern, self.0),
            Scope::Literal(label) => label == self.0,
        }
    }
}

/// Asks the gate and then refuses.
pub async fn absent(gate: &mut Gate, operation: &'static Operation, label: &str) -> GateError {
    let label: String = label.chars().take(200).collect();
    match gate.pass(operation, &Label(&label)).await {
        Err(error) => error,
        Ok(_) => GateError::new(
            ErrorKind::Unavailable,
            "capability-not-available",
            format!("this host does not offer {} yet", operation.capability),
        ),
    }
}
