//! The sandbox as this room needs it: admit bytes, and ask a component about parameters.

use async_trait::async_trait;
use serde_json::Value;

use super::AdmitError;
use crate::model::Digest;
use crate::model::template::{Build, Metadata, Problem};

/// What a component says of itself, and what its bytes say.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub digest: Digest,
    pub metadata: Metadata,
    /// JSON Schema of the parameters.
    pub schema: Value,
    /// Imported functions.
    pub imports: Vec<String>,
    /// Whether it imports WASI: then its toolchain imported the whole contract, and `imports` says little.
    pub has_wasi: bool,
    pub size_bytes: u64,
}

#[async_trait]
pub trait Components: Send + Sync + 'static {
    /// Checks the bytes, compiles and keeps them, and lets the component describe itself.
    ///
    /// # Errors
    /// [`AdmitError::Refused`] is the component's fault, [`AdmitError::Failed`] the host's.
    async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError>;

    /// As [`admit`](Self::admit), for a component of somebody else: bounded as the configuration says, and questioned
    /// twice, for one that describes itself in two ways is refused.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    async fn admit_foreign(&self, bytes: &[u8]) -> Result<Described, AdmitError>;

    /// Lets go of a component that was admitted to the sandbox and is not wanted after all.
    fn forget(&self, digest: &Digest);

    /// What the component's own `validate` finds in parameters that fit the schema.
    ///
    /// # Errors
    /// When the component breaks or takes too long.
    async fn validate(&self, digest: &Digest, parameters: &str) -> Result<Vec<Problem>, AdmitError>;

    fn is_loaded(&self, digest: &Digest) -> bool;

    /// What a loaded component was built against; None where it is not loaded.
    fn build(&self, digest: &Digest) -> Option<Build>;
}
