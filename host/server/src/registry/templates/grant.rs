//! What a template may reach, as the gate asks for it.

use std::sync::Arc;

use super::{TemplateView, Templates};
use crate::capabilities::Grants;
use crate::model::Digest;
use crate::model::grant::{Grant, Limits, Right};

impl Templates {
    /// The grant of a digest under this type; none means that nothing is granted.
    pub fn grant_for(&self, template_type: &str, digest: &Digest) -> Option<Arc<Grant>> {
        self.state.read().grants.get(digest).filter(|grant| grant.template_type == template_type).cloned()
    }

    /// The version of a template that a digest names; without one that in force, or the one that waits for approval
    /// where none is.
    pub fn version(&self, template_type: &str, digest: Option<&Digest>) -> Option<TemplateView> {
        let state = self.state.read();
        let meant = || state.in_force.get(template_type).or_else(|| state.waiting.get(template_type));
        let digest = digest.or_else(meant)?;
        self.view(&state, digest).filter(|view| view.template.metadata.name == template_type)
    }

    /// Every digest that is known under a type.
    pub fn digests(&self, template_type: &str) -> Vec<Digest> {
        let state = self.state.read();
        let of_type = |entry: &&Arc<super::Entry>| entry.template.metadata.name == template_type;
        state.entries.values().filter(of_type).map(|entry| entry.template.digest.clone()).collect()
    }

    /// Keeps every other change of grants and every take-over waiting until it is let go.
    pub(in crate::registry) async fn grants_alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.granting.lock().await
    }

    /// Lets a grant hold from the next call on; whoever stores it does so before.
    pub(in crate::registry) fn put_in_force(&self, grant: Grant) {
        self.state.write().grants.insert(grant.digest.clone(), Arc::new(grant));
    }
}

impl Grants for Templates {
    fn grant_for(&self, template_type: &str, digest: &Digest) -> Option<Arc<Grant>> {
        Self::grant_for(self, template_type, digest)
    }
}

/// The default grant of the templates that the binary brings along: every application collection (never Sandglass's
/// own, which the gate refuses whatever a grant says), public HTTP, the `default` identity, the folders `exports` and
/// `backups`, secrets by handle, and figures about runs. Each template gets of it what it asks for. Seeing a secret
/// (`reveal`) and `manage` are not in it. An operator may narrow it.
pub(super) fn built_in(template_type: &str, digest: &Digest) -> Grant {
    let right = |capability: &str, target: &str, access: &[&str]| Right {
        capability: capability.to_owned(),
        target: target.to_owned(),
        access: access.iter().map(|word| (*word).to_owned()).collect(),
        extra: None,
    };
    Grant {
        template_type: template_type.to_owned(),
        digest: digest.clone(),
        rights: vec![
            right("documents", "*", &["read", "write"]),
            right("documents", "*/*", &["read", "write"]),
            right("http", "*", &["send"]),
            right("email", "default", &["send"]),
            right("files", "exports", &["read", "write"]),
            right("files", "backups", &["read", "write"]),
            right("secrets", "*", &["use"]),
            right("insight", "runs", &["read"]),
        ],
        limits: Limits::default(),
    }
}
