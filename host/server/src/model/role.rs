//! What a person or program is here for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Roles by what they may: a later one may all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything.
    Auditor,
    /// Runs and pauses; changes no definition.
    Operator,
    /// Everything.
    Admin,
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no role: `admin`, `operator` and `auditor` are")]
pub struct InvalidRole {
    pub found: String,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Operator, Self::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| InvalidRole { found: text.chars().take(64).collect() })
    }
}
