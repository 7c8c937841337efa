//! What work came to.

use serde_json::{Map, Value};

/// What the work came to.
///
/// ```
/// use sandglass_sdk::Outcome;
///
/// let outcome = Outcome::new("2 of 3 orders sent").processed(3).affected(2).error("order 7: no address");
/// assert_eq!(outcome.errors.len(), 1);
/// ```
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
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// assert_eq!(Outcome::new("nothing to do").records_affected, 0);
    /// ```
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
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// let outcome = Outcome::new("exported").details(serde_json::json!({"file": "orders.csv"}));
    /// assert_eq!(outcome.details["file"], "orders.csv");
    /// ```
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Sets how many items were looked at.
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// assert_eq!(Outcome::new("counted").processed(7).records_processed, 7);
    /// ```
    #[must_use]
    pub fn processed(mut self, records: u64) -> Self {
        self.records_processed = records;
        self
    }

    /// Sets how many items were changed, sent or made.
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// assert_eq!(Outcome::new("deleted").affected(7).records_affected, 7);
    /// ```
    #[must_use]
    pub fn affected(mut self, records: u64) -> Self {
        self.records_affected = records;
        self
    }

    /// Adds something that someone should look at.
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// assert_eq!(Outcome::new("done").warning("1 order has no status").warnings.len(), 1);
    /// ```
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Adds a part that failed although the whole succeeded.
    ///
    /// ```
    /// use sandglass_sdk::Outcome;
    ///
    /// assert_eq!(Outcome::new("done").error("order 7: no address").errors.len(), 1);
    /// ```
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.errors.push(error.into());
        self
    }
}
