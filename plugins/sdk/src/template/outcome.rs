//! What work came to.

use serde_json::{Map, Value};

/// What the work came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was done, in a sentence for people.
    pub message: String,
    /// Facts for programs: a JSON object.
    pub details: Value,
    /// Items that were looked at.
    pub records_processed: u64,
    /// Items that were changed, sent or made.
    pub records_affected: u64,
    /// Parts that failed although the whole succeeded.
    pub errors: Vec<String>,
    /// What someone should look at.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// An outcome with a message and nothing else.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: Value::Object(Map::new()),
            records_processed: 0,
            records_affected: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Sets the facts for programs.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Sets how many items were looked at.
    #[must_use]
    pub fn processed(mut self, records: u64) -> Self {
        self.records_processed = records;
        self
    }

    /// Sets how many items were changed, sent or made.
    #[must_use]
    pub fn affected(mut self, records: u64) -> Self {
        self.records_affected = records;
        self
    }

    /// Adds something that someone should look at.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Adds a part that failed although the whole succeeded.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.errors.push(error.into());
        self
    }
}
