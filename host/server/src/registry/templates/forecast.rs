//! "Would it run?": what a job would be denied under today's grants.

use serde_json::Value;

use super::Templates;
use crate::capabilities::forecast::{Denial, forecast};
use crate::model::Digest;

/// What stands between a job and its run.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Why the template cannot run at all, if so.
    pub hindrance: Option<String>,
    /// What the template cannot do without comes first.
    pub denied: Vec<Denial>,
}

impl Forecast {
    /// Whether nothing is known that stops it: what is optional or only possible does not.
    pub fn would_run(&self) -> bool {
        self.hindrance.is_none() && !self.denied.iter().any(|denial| denial.is_certain && !denial.optional)
    }
}

impl Templates {
    /// What a job with these parameters would be denied; None where there is no such template.
    pub fn forecast(&self, template_type: &str, digest: Option<&Digest>, parameters: &Value) -> Option<Forecast> {
        let view = {
            let state = self.state.read();
            let digest = state.resolve(template_type, digest)?;
            self.view(&state, digest)?
        };
        let rights = view.grant.as_ref().map(|grant| grant.rights.as_slice()).unwrap_or_default();
        Some(Forecast {
            hindrance: view.readiness.reason().map(str::to_owned),
            denied: forecast(&view.template.metadata.needs, rights, parameters),
        })
    }
}
