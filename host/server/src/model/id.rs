//! Identities. Newtypes, so that a job's id cannot be handed where an execution's is wanted.

use std::fmt;
use std::str::FromStr;

use bson::oid::ObjectId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A text that is no id: not 24 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not an id: 24 hexadecimal digits are expected")]
pub struct InvalidId {
    pub found: String,
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub ObjectId);

        impl $name {
            /// A new id of this instant.
            pub fn generate() -> Self {
                Self(ObjectId::new())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.to_hex())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                ObjectId::parse_str(text).map(Self).map_err(|_| InvalidId { found: text.chars().take(64).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

object_id! {
    /// `_id` in `dynamic_jobs`.
    JobId
}
object_id! {
    /// `_id` in `job_executions`.
    ExecutionId
}

impl ExecutionId {
    /// The one id that the occurrence (job, nominal instant) can have (T1): 4 bytes of the instant's seconds, then
    /// 8 bytes of SHA-256 over job id and instant. Ids stay ObjectIds and sort by time.
    pub fn derive(job: JobId, instant: DateTime<Utc>) -> Self {
        let mut hash = Sha256::new();
        hash.update(job.0.bytes());
        hash.update(instant.timestamp_millis().to_be_bytes());
        let digest = hash.finalize();
        let seconds = u32::try_from(instant.timestamp().clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
        let mut bytes = [0u8; 12];
        for (to, from) in bytes.iter_mut().zip(seconds.to_be_bytes().iter().chain(digest.iter())) {
            *to = *from;
        }
        Self(ObjectId::from_bytes(bytes))
    }
}

/// One start of one host process; new at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Incarnation(pub String);

impl Incarnation {
    pub fn generate() -> Self {
        Self(ObjectId::new().to_hex())
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Grows with every claim of an execution; a write that carries an older one changes nothing (T11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub i64);

impl Token {
    pub const FIRST: Self = Self(1);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// SHA-256 of a component's bytes, in lower-case hexadecimal: which template exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub String);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occurrence_has_one_id_and_ids_sort_by_time() {
        let job = JobId::generate();
        let first = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let second = DateTime::from_timestamp(1_700_000_001, 0).unwrap();
        assert_eq!(ExecutionId::derive(job, first), ExecutionId::derive(job, first));
        assert!(ExecutionId::derive(job, first) < ExecutionId::derive(job, second));
        assert_ne!(ExecutionId::derive(job, first), ExecutionId::derive(JobId::generate(), first));
    }

    #[test]
    fn a_text_that_is_no_id_is_named() {
        let error = "xyz".parse::<JobId>().unwrap_err();
        assert!(error.to_string().contains("\"xyz\""));
    }
}
