//! When a try is repeated, and how soon.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::{StatusRange, StatusText};

/// What a try can fail of that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No answer in time.
    Timeout,
    /// No connection.
    Connection,
    /// An answer with this status.
    Status(u16),
}

/// A cause as a job names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "CauseText", into = "CauseText")]
pub enum RetryOn {
    /// No answer in time.
    Timeout,
    /// No connection.
    Connection,
    /// An answer with such a status.
    Status(StatusRange),
}

/// How a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CauseText {
    /// One status
    #[schemars(title = "One status")]
    Code(#[schemars(range(min = 100, max = 599))] u16),
    /// `timeout`, `connection`, or a range of status codes
    #[schemars(title = "A kind of failure, or a range of status codes")]
    Name(#[schemars(regex(pattern = r"^(timeout|connection|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$"))] String),
}

impl TryFrom<CauseText> for RetryOn {
    type Error = String;

    fn try_from(text: CauseText) -> Result<Self, String> {
        match text {
            CauseText::Code(code) => StatusRange::try_from(StatusText::Code(code)).map(Self::Status),
            CauseText::Name(name) => match name.as_str() {
                "timeout" => Ok(Self::Timeout),
                "connection" => Ok(Self::Connection),
                _ => StatusRange::try_from(StatusText::Range(name))
                    .map(Self::Status)
                    .map_err(|error| format!("{error}; or write \"timeout\" or \"connection\"")),
            },
        }
    }
}

impl From<RetryOn> for CauseText {
    fn from(cause: RetryOn) -> Self {
        match cause {
            RetryOn::Timeout => Self::Name("timeout".to_owned()),
            RetryOn::Connection => Self::Name("connection".to_owned()),
            RetryOn::Status(range) => match range.into() {
                StatusText::Code(code) => Self::Code(code),
                StatusText::Range(range) => Self::Name(range),
            },
        }
    }
}

/// When a try is repeated, and how soon.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// How many times the request is sent at most, the first time included.
    #[schemars(title = "Tries", range(min = 1, max = 10), example = 3,
        extend("x-ui" = {"order": 1, "widget": "number", "help": "1 sends it once."}))]
    pub max_attempts: u32,
    /// The wait before the second try, in milliseconds.
    #[schemars(title = "First wait (ms)", range(min = 0, max = 600_000), example = 1000,
        extend("x-ui" = {"order": 2, "widget": "number", "help": "What the other side asks for with Retry-After goes first when it is longer."}))]
    pub initial_delay_ms: u64,
    /// How much longer each further wait is than the one before.
    #[schemars(title = "Growth", range(min = 1, max = 10), example = 2,
        extend("x-ui" = {"order": 3, "widget": "number", "help": "2 doubles the wait each time."}))]
    pub multiplier: f64,
    /// No wait is longer than this, in milliseconds, unless the other side asks for it.
    #[schemars(title = "Longest wait (ms)", range(min = 0, max = 3_600_000), example = 30_000,
        extend("x-ui" = {"order": 4, "widget": "number", "help": "Waits that come to 30 seconds together are left to the job's own retries."}))]
    pub max_delay_ms: u64,
    /// How far a wait may differ by chance, as a share of it, so that many jobs do not come back at the same moment.
    #[schemars(title = "Jitter", range(min = 0, max = 1), example = 0.1,
        extend("x-ui" = {"order": 5, "widget": "number", "help": "0.1 stands for up to 10 % longer or shorter."}))]
    pub jitter: f64,
    /// What is tried again: `timeout`, `connection`, and status codes.
    #[schemars(title = "Retry on", with = "Vec<CauseText>", length(max = 50), example = serde_json::json!(["timeout", "connection", 429, "500-599"]),
        extend("x-ui" = {"order": 6, "widget": "tags", "help": "Anything else that is not expected fails for good."}))]
    pub retry_on: Vec<RetryOn>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_delay_ms: 1000,
            multiplier: 2.0,
            max_delay_ms: 30_000,
            jitter: 0.1,
            retry_on: vec![
                RetryOn::Timeout,
                RetryOn::Connection,
                RetryOn::Status(StatusRange::new(408, 408)),
                RetryOn::Status(StatusRange::new(425, 425)),
                RetryOn::Status(StatusRange::new(429, 429)),
                RetryOn::Status(StatusRange::new(500, 599)),
            ],
        }
    }
}

impl Retry {
    /// Whether a failure of this cause is worth another try.
    pub fn covers(&self, cause: Cause) -> bool {
        self.retry_on.iter().any(|known| match (known, cause) {
            (RetryOn::Timeout, Cause::Timeout) | (RetryOn::Connection, Cause::Connection) => true,
            (RetryOn::Status(range), Cause::Status(status)) => range.contains(status),
            _ => false,
        })
    }
}
