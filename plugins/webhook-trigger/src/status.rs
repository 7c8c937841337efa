//! Status codes and ranges of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a person writes one: a number, or a text such as `200-299`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusText {
    /// One status
    #[schemars(title = "One status")]
    Code(#[schemars(range(min = 100, max = 599))] u16),
    /// From one status to another
    #[schemars(title = "A range")]
    Range(#[schemars(regex(pattern = r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"))] String),
}

/// Status codes from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "StatusText", into = "StatusText")]
pub struct StatusRange {
    first: u16,
    last: u16,
}

impl StatusRange {
    pub const fn new(first: u16, last: u16) -> Self {
        Self { first, last }
    }

    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl TryFrom<StatusText> for StatusRange {
    type Error = String;

    fn try_from(text: StatusText) -> Result<Self, String> {
        let (first, last) = match &text {
            StatusText::Code(code) => (Some(*code), Some(*code)),
            StatusText::Range(range) => {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                (first.trim().parse().ok(), last.trim().parse().ok())
            }
        };
        match (first, last) {
            (Some(first), Some(last)) if (100..=599).contains(&first) && (first..=599).contains(&last) => {
                Ok(Self { first, last })
            }
            _ => Err(format!("{text:?} is no status: write 204 or \"200-299\", between 100 and 599")),
        }
    }
}

impl From<StatusRange> for StatusText {
    fn from(range: StatusRange) -> Self {
        if range.first == range.last {
            Self::Code(range.first)
        } else {
            Self::Range(format!("{}-{}", range.first, range.last))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_a_number_or_a_range() {
        let read = |value| serde_json::from_value::<StatusRange>(value);
        assert_eq!(read(json!(204)).unwrap(), StatusRange::new(204, 204));
        assert_eq!(read(json!("404")).unwrap(), StatusRange::new(404, 404));
        assert_eq!(read(json!("200-299")).unwrap(), StatusRange::new(200, 299));
        for wrong in [json!(99), json!(600), json!("299-200"), json!("ok"), json!("200-700")] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
