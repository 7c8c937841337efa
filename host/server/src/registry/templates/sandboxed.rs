//! The sandbox as the source of components.

use std::sync::Arc;

use async_trait::async_trait;

use super::{AdmitError, Components, Described};
use crate::model::Digest;
use crate::model::template::Problem;
use crate::sandbox::{Sandbox, SandboxError};

/// Components that the binary brings along, run by the real sandbox.
#[derive(Clone)]
pub struct SandboxComponents(pub Arc<Sandbox>);

#[async_trait]
impl Components for SandboxComponents {
    async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        let inspection = Sandbox::inspect(bytes).map_err(explain)?;
        let digest = self.0.admit_built_in(bytes).await.map_err(explain)?;
        Ok(Described {
            metadata: self.0.describe(&digest).await.map_err(explain)?,
            schema: self.0.schema(&digest).await.map_err(explain)?,
            imports: inspection.imports,
            size_bytes: inspection.size_bytes,
            digest,
        })
    }

    async fn validate(&self, digest: &Digest, parameters: &str) -> Result<Vec<Problem>, AdmitError> {
        self.0.validate(digest, parameters).await.map_err(explain)
    }

    fn is_loaded(&self, digest: &Digest) -> bool {
        self.0.is_loaded(digest)
    }
}

pub(super) fn explain(error: SandboxError) -> AdmitError {
    let message = error.to_string();
    match error {
        SandboxError::Host(_) | SandboxError::NotLoaded(_) => AdmitError::Failed(message),
        _ => AdmitError::Refused(message),
    }
}
