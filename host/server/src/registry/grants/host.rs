//! What this host's configuration offers, as far as grants depend on it.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::model::grant::Limits;
use crate::model::template::Template;

/// Bounds and labels of the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostOffer {
    /// The most that a grant can say; all are there.
    pub limits: Limits,
    pub connections: BTreeSet<String>,
    pub folders: BTreeSet<String>,
    pub identities: BTreeSet<String>,
}

impl HostOffer {
    /// The same for one template: the time of a built-in one is bounded by its job's `timeout_seconds` alone.
    #[must_use]
    pub fn to(mut self, template: &Template) -> Self {
        if template.built_in {
            self.limits.cpu_seconds = None;
        }
        self
    }

    /// Reads the slices that bound what templates do.
    pub fn of(config: &Config, connections: impl IntoIterator<Item = String>) -> Self {
        let number = |bound: usize| Some(u64::try_from(bound).unwrap_or(u64::MAX));
        Self {
            limits: Limits {
                memory_bytes: Some(config.sandbox.memory_bytes),
                cpu_seconds: Some(config.sandbox.cpu_seconds),
                result_bytes: number(config.sandbox.result_bytes),
                log_bytes: number(config.sandbox.log_bytes),
                http_requests: Some(u64::from(config.http.requests)),
                http_body_bytes: number(config.http.body_bytes),
                file_bytes: Some(config.files.file_bytes),
                files: Some(config.files.files_per_run),
            },
            connections: connections.into_iter().collect(),
            folders: config.folders.keys().cloned().collect(),
            identities: config.email.identities.keys().cloned().collect(),
        }
    }
}
