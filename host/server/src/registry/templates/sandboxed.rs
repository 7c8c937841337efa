//! The sandbox as the source of components.

use std::sync::Arc;

use async_trait::async_trait;

use super::{AdmitError, Components, Described};
use crate::model::Digest;
use crate::model::template::{Build, Problem};
use crate::sandbox::{Inspection, Sandbox, SandboxError};

/// Components, run by the real sandbox.
#[derive(Clone)]
pub struct SandboxComponents(pub Arc<Sandbox>);

#[async_trait]
impl Components for SandboxComponents {
    async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        let inspection = inspected(bytes).await?;
        self.0.admit_built_in(bytes).await.map_err(explain)?;
        self.described(inspection).await
    }

    async fn admit_foreign(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
        let inspection = inspected(bytes).await?;
        self.0.admit(bytes).await.map_err(explain)?;
        let described = self.described(inspection).await?;
        let metadata = self.0.describe_anew(&described.digest).await.map_err(explain)?;
        let schema = self.0.schema(&described.digest).await.map_err(explain)?;
        for (function, is_same) in
            [("describe", metadata == described.metadata), ("schema", schema == described.schema)]
        {
            if !is_same {
                return Err(AdmitError::Refused(format!(
                    "`{function}` gave two different answers to the same question: what a template says of itself must \
                     not depend on time, chance or anything else"
                )));
            }
        }
        Ok(described)
    }

    fn forget(&self, digest: &Digest) {
        self.0.unload(digest);
    }

    async fn validate(&self, digest: &Digest, parameters: &str) -> Result<Vec<Problem>, AdmitError> {
        self.0.validate(digest, parameters).await.map_err(explain)
    }

    fn is_loaded(&self, digest: &Digest) -> bool {
        self.0.is_loaded(digest)
    }

    fn build(&self, digest: &Digest) -> Option<Build> {
        self.0.build(digest)
    }
}

/// What the bytes say, before anything is done with them: its bounds and its words come first.
async fn inspected(bytes: &[u8]) -> Result<Inspection, AdmitError> {
    let copy = bytes.to_vec();
    let inspection = tokio::task::spawn_blocking(move || Sandbox::inspect(&copy)).await;
    inspection.map_err(|error| AdmitError::Failed(error.to_string()))?.map_err(explain)
}

impl SandboxComponents {
    async fn described(&self, inspection: Inspection) -> Result<Described, AdmitError> {
        let digest = inspection.digest;
        Ok(Described {
            metadata: self.0.describe(&digest).await.map_err(explain)?,
            schema: self.0.schema(&digest).await.map_err(explain)?,
            imports: inspection.imports,
            has_wasi: !inspection.wasi.is_empty(),
            size_bytes: inspection.size_bytes,
            digest,
        })
    }
}

pub(super) fn explain(error: SandboxError) -> AdmitError {
    let message = error.to_string();
    match error {
        SandboxError::Host(_) | SandboxError::NotLoaded(_) => AdmitError::Failed(message),
        _ => AdmitError::Refused(message),
    }
}
