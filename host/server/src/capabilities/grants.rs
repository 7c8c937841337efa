//! Where the gate looks up what an operator allows.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::model::Digest;
use crate::model::grant::Grant;

/// The grants in force. Asked at each effect, so that a revocation works at the next one: must be quick and not block.
pub trait Grants: Send + Sync + 'static {
    /// None: nothing is granted.
    fn grant_for(&self, template_type: &str, digest: &Digest) -> Option<Arc<Grant>>;
}

/// Grants in memory. Whoever stores them keeps this in step.
#[derive(Debug, Default)]
pub struct GrantTable(RwLock<HashMap<Digest, Vec<Arc<Grant>>>>);

impl GrantTable {
    /// Replaces what the grant's template and digest had.
    pub fn set(&self, grant: Grant) {
        let mut table = self.0.write();
        let grants = table.entry(grant.digest.clone()).or_default();
        grants.retain(|other| other.template_type != grant.template_type);
        grants.push(Arc::new(grant));
    }

    pub fn revoke(&self, template_type: &str, digest: &Digest) {
        if let Some(grants) = self.0.write().get_mut(digest) {
            grants.retain(|grant| grant.template_type != template_type);
        }
    }
}

impl Grants for GrantTable {
    fn grant_for(&self, template_type: &str, digest: &Digest) -> Option<Arc<Grant>> {
        self.0.read().get(digest)?.iter().find(|grant| grant.template_type == template_type).cloned()
    }
}
