//! What a template says of itself and what the host keeps of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;

/// What the host does with an attempt whose host died (T12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLost {
    Retry,
    Fail,
}

/// One thing a template asks for, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// `documents`, `http`, `email`, `files`, `secrets`, …
    pub capability: String,
    /// A name, a pattern, or `param:/pointer` into the job's parameters.
    pub target: String,
    /// `read`, `write`, `send`, `reveal`, …
    pub access: String,
    pub reason: String,
    pub optional: bool,
    pub extra: Option<Value>,
}

/// The answer of `describe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The template's type, as jobs name it.
    pub name: String,
    pub version: String,
    pub title: String,
    pub description: String,
    pub icon: String,
    pub category: String,
    pub tags: Vec<String>,
    pub needs: Vec<Need>,
    pub on_lost: OnLost,
    /// JSON pointer of the parameter that switches a dry run.
    pub dry_run: Option<String>,
    pub extra: Option<Value>,
}

/// A fault in parameters, at a JSON pointer into them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub pointer: String,
    pub code: String,
    pub message: String,
}

/// Where a component came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// The binary itself.
    BuiltIn,
    /// Somebody sent it.
    Upload,
    /// A file of this name in the folder of templates.
    Folder { file: String },
}

impl Source {
    /// As it stands in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Upload => "upload",
            Self::Folder { .. } => "folder",
        }
    }

    /// The file it stands for, if it came from the folder.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Folder { file } => Some(file),
            Self::BuiltIn | Self::Upload => None,
        }
    }
}

/// How a digest stands to its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// What new jobs run.
    InForce,
    /// A person has to say yes before it takes over.
    AwaitingApproval,
    /// Another one took over; jobs that were approved for it run on.
    Replaced,
    /// Taken away: no job runs it.
    Retired,
    /// It waited, and a person said no.
    Declined,
}

/// Since when a digest has its standing, and by whose doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    pub standing: Standing,
    pub since: DateTime<Utc>,
    pub by: String,
    pub source: Source,
    /// Why it waits or was taken away, for people.
    pub reason: Option<String>,
}

/// What a component was built against, as its bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The version of the contract: `0.1.0`.
    pub contract: &'static str,
    /// Whether it imports WASI, which leads nowhere here. What does was made by a toolchain that imports the whole
    /// contract, called or not, so that its needs say more than its imports.
    pub imports_wasi: bool,
}

/// A component that was admitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub digest: Digest,
    pub metadata: Metadata,
    /// JSON Schema 2020-12 of the parameters.
    pub schema: Value,
    /// Imported functions, as the bytes name them: `sandglass:documents/write.delete`.
    pub imports: Vec<String>,
    pub size_bytes: u64,
    pub built_in: bool,
    pub admitted_at: DateTime<Utc>,
}
