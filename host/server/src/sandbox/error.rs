//! Why a component was not admitted or could not be asked.

use crate::model::Digest;

/// What a caller can act on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SandboxError {
    /// The bytes are no component that this host takes; the message says what is wrong and what to do.
    #[error("{0}")]
    Refused(String),
    /// Larger than `sandbox.component_bytes`.
    #[error("the component has {size} bytes, at most {limit} are admitted (sandbox.component_bytes)")]
    TooLarge { size: usize, limit: usize },
    /// Built against versions of the contract that this host does not offer.
    #[error(
        "the component was built against another version of the contract: {}; this host offers {offered}: build it \
         against wit/ of this release (a Rust template: with this release's sandglass-sdk)",
        names.join(", ")
    )]
    ContractVersion { names: Vec<String>, offered: String },
    /// Imports that no contract of this host offers.
    #[error("the component imports what this host does not offer: {}", imports.join(", "))]
    ForeignImports { imports: Vec<String> },
    /// Compiling did not end well: time, memory, or code that cannot be translated.
    #[error("the component could not be compiled: {0}")]
    Compile(String),
    /// The component does not fit the contract: wrong types, or exports that are missing.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// `describe`, `schema` or `validate` did not answer properly.
    #[error("{function} failed: {message}")]
    Definition { function: &'static str, message: String },
    /// No component of this digest was admitted here.
    #[error("no component {0} is loaded")]
    NotLoaded(Digest),
    /// The host's own fault.
    #[error("the sandbox failed: {0}")]
    Host(String),
}
