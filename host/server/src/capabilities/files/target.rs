//! What a right to files covers: a folder, by its label.

use serde_json::Value;

use crate::capabilities::guard::Target;
use crate::model::grant::{Scope, fits};

/// Characters of a label that are kept; no configured one is longer.
const LONGEST: usize = 200;

/// The label of a folder, which may not exist.
#[derive(Debug, Clone)]
pub(super) struct Label(String);

impl Label {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().take(LONGEST).collect())
    }
}

impl Target for Label {
    fn name(&self) -> &str {
        &self.0
    }

    fn is_in(&self, scope: &Scope, _extra: Option<&Value>, _parameters: &Value) -> bool {
        match scope {
            Scope::Pattern(pattern) => fits(pattern, &self.0),
            Scope::Literal(label) => *label == self.0,
        }
    }
}
