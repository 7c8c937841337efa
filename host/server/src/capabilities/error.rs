//! Why a capability did not do what it was asked for, cut like the contract's `error`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::repository::SecretsError;

/// Which way out a caller has; the contract's `error-kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Denied,
    Invalid,
    NotFound,
    Conflict,
    Limit,
    Timeout,
    Unavailable,
    Cancelled,
    Internal,
}

/// An effect that did not take place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct GateError {
    pub kind: ErrorKind,
    /// A stable slug for programs; an open set.
    pub reason: &'static str,
    /// A sentence for people. Never holds a secret.
    pub message: String,
    pub retry_after: Option<Duration>,
    /// Facts for programs, a JSON object.
    pub details: Option<Value>,
}

impl GateError {
    pub fn new(kind: ErrorKind, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind, reason, message: message.into(), retry_after: None, details: None }
    }

    pub fn denied(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, reason, message)
    }

    pub fn invalid(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, reason, message)
    }

    pub fn limit(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, reason, message)
    }

    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl From<SecretsError> for GateError {
    fn from(error: SecretsError) -> Self {
        let message = error.to_string();
        match error {
            SecretsError::Database(error) => error.into(),
            SecretsError::Contended(_) => Self::new(ErrorKind::Unavailable, "secret-contended", message),
            SecretsError::Damaged { .. } => Self::new(ErrorKind::Internal, "secret-damaged", message),
            SecretsError::WrongKey { .. } | SecretsError::Key(_) => {
                Self::new(ErrorKind::Internal, "secret-key", message)
            }
        }
    }
}

impl From<sandglass_database::Error> for GateError {
    fn from(error: sandglass_database::Error) -> Self {
        use sandglass_database::Error;
        let message = error.to_string();
        match error {
            Error::DuplicateKey { index, .. } => {
                Self::new(ErrorKind::Conflict, "duplicate-key", message).with_details(json!({ "index": index }))
            }
            Error::Unsupported { .. } => Self::new(ErrorKind::Invalid, "unsupported", message),
            Error::Invalid { .. } => Self::new(ErrorKind::Invalid, "invalid-command", message),
            Error::NotFound { .. } => Self::new(ErrorKind::NotFound, "not-found", message),
            Error::Unavailable { .. } => Self::new(ErrorKind::Unavailable, "database-unavailable", message),
            Error::Timeout => Self::new(ErrorKind::Timeout, "database-timeout", message),
            Error::TooLarge { .. } => Self::new(ErrorKind::Limit, "too-large", message),
            Error::Corrupted { .. } => Self::new(ErrorKind::Internal, "database-damaged", message),
        }
    }
}
