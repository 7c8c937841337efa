//! Why work was not done, and what should follow.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Error, ErrorKind};

/// What should follow a failure.
///
/// ```
/// use sandglass_sdk::{Failure, FailureKind};
///
/// assert_eq!(Failure::retryable("the shop is closed").kind, FailureKind::Retryable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Another try may succeed; the job's retry policy decides.
    Retryable,
    /// Another try would fail the same way; none is made.
    Permanent,
    /// Stopped because the host asked to. Does not count as a try.
    Interrupted,
}

/// Why the work was not done.
///
/// ```
/// use sandglass_sdk::{Failure, FailureKind};
///
/// let failure = Failure::permanent("there is no such report").details(serde_json::json!({"report": "x"}));
/// assert_eq!(failure.retry_after, None);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What should follow.
    pub kind: FailureKind,
    /// What happened and what to do about it, for people.
    pub message: String,
    /// Wait at least this long before another try.
    pub retry_after: Option<Duration>,
    /// Facts for programs: a JSON object.
    pub details: Option<Value>,
}

impl Failure {
    /// Another try may succeed.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::retryable("the shop is closed").kind, FailureKind::Retryable);
    /// ```
    #[must_use]
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Retryable, message)
    }

    /// Another try would fail the same way.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::permanent("there is no such report").kind, FailureKind::Permanent);
    /// ```
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Permanent, message)
    }

    /// Stopped because [`should_stop`](crate::execution::should_stop) or [`wait`](crate::execution::wait) asked to.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::interrupted("stopped after 3 of 10").kind, FailureKind::Interrupted);
    /// ```
    #[must_use]
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Interrupted, message)
    }

    fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, details: None }
    }

    /// Asks to wait before another try.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// use std::time::Duration;
    ///
    /// let failure = Failure::retryable("too many requests").retry_after(Duration::from_secs(60));
    /// assert_eq!(failure.retry_after, Some(Duration::from_secs(60)));
    /// # assert_eq!(failure.kind, FailureKind::Retryable);
    /// ```
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets the facts for programs.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// let failure = Failure::permanent("2 rows are wrong").details(serde_json::json!({"rows": [3, 7]}));
    /// assert_eq!(failure.details.unwrap()["rows"][1], 7);
    /// # assert_eq!(failure.kind, FailureKind::Permanent);
    /// ```
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Says before the message what was being done.
    ///
    /// ```
    /// use sandglass_sdk::{Failure, FailureKind};
    ///
    /// let failure = Failure::permanent("not found").during("opening the report");
    /// assert_eq!(failure.message, "opening the report: not found");
    /// # assert_eq!(failure.kind, FailureKind::Permanent);
    /// ```
    #[must_use]
    pub fn during(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

/// Keeps the message; the kind follows from what another try could change.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Denied | ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Limit => {
                FailureKind::Permanent
            }
            // It may have taken place: another try could do it twice.
            ErrorKind::Timeout | ErrorKind::Unavailable if error.reason == "outcome-unknown" => FailureKind::Permanent,
            ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Internal => FailureKind::Retryable,
            ErrorKind::Cancelled => FailureKind::Interrupted,
        };
        Self {
            kind,
            message: error.message,
            retry_after: error.retry_after_ms.map(Duration::from_millis),
            details: Some(json!({ "error": { "kind": error.kind.name(), "reason": error.reason } })),
        }
    }
}

impl ErrorKind {
    /// The name of the kind as the contract spells it.
    ///
    /// ```
    /// use sandglass_sdk::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::NotFound.name(), "not-found");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error { kind, reason: "why".into(), message: "text".into(), retry_after_ms: Some(1500), details: None }
    }

    #[test]
    fn only_what_another_try_can_change_is_retryable() {
        assert_eq!(Failure::from(error(ErrorKind::Denied)).kind, FailureKind::Permanent);
        assert_eq!(Failure::from(error(ErrorKind::Limit)).kind, FailureKind::Permanent);
        assert_eq!(Failure::from(error(ErrorKind::Unavailable)).kind, FailureKind::Retryable);
        assert_eq!(Failure::from(error(ErrorKind::Cancelled)).kind, FailureKind::Interrupted);
    }

    #[test]
    fn what_may_have_taken_place_is_not_tried_again() {
        let unknown = Error { reason: "outcome-unknown".into(), ..error(ErrorKind::Unavailable) };
        assert_eq!(Failure::from(unknown).kind, FailureKind::Permanent);
    }

    #[test]
    fn reason_and_retry_after_survive() {
        let failure = Failure::from(error(ErrorKind::NotFound)).during("opening");
        assert_eq!(failure.message, "opening: text");
        assert_eq!(failure.retry_after, Some(Duration::from_millis(1500)));
        assert_eq!(failure.details, Some(json!({"error": {"kind": "not-found", "reason": "why"}})));
    }
}
