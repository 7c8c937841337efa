//! "Would it run?": what a job would be denied under today's grants.

use serde_json::Value;

use super::Templates;
use crate::capabilities::forecast::{Denial, forecast};
use crate::model::job::Hook;
use crate::model::{Digest, Job};

/// What stands between a job and its run.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Why the template cannot run at all, if so.
    pub hindrance: Option<String>,
    /// What the template cannot do without comes first.
    pub denied: Vec<Denial>,
    /// Of its hooks that are templates, those that would be stopped or denied something.
    pub hooks: Vec<HookForecast>,
}

/// What stands between a hook and its run.
#[derive(Debug, Clone, PartialEq)]
pub struct HookForecast {
    /// Where the hook stands in the job, such as `/hooks/pre/0`.
    pub pointer: String,
    pub template: String,
    /// Why its template cannot run at all, if so.
    pub hindrance: Option<String>,
    pub denied: Vec<Denial>,
    /// A run fails with a hook before it, and not with one behind it.
    pub stops_the_run: bool,
}

impl Forecast {
    /// Whether nothing is known that stops it: what is optional or only possible does not.
    pub fn would_run(&self) -> bool {
        is_free(self.hindrance.as_ref(), &self.denied) && !self.hooks.iter().any(|hook| hook.stops_the_run)
    }
}

fn is_free(hindrance: Option<&String>, denied: &[Denial]) -> bool {
    hindrance.is_none() && !denied.iter().any(|denial| denial.is_certain && !denial.optional)
}

impl Templates {
    /// What a job would be denied, its hooks included; None where there is no such template.
    pub fn forecast(&self, job: &Job) -> Option<Forecast> {
        let (hindrance, denied) = self.foresee(&job.template_type, job.template_digest.as_ref(), &job.parameters)?;
        let lists = [("pre", &job.hooks.pre), ("post", &job.hooks.post)];
        let hooks = lists.into_iter().flat_map(|(list, hooks)| {
            let hooks = hooks.iter().enumerate();
            hooks.filter_map(move |(place, hook)| self.foresee_hook(list, place, hook))
        });
        Some(Forecast { hindrance, denied, hooks: hooks.collect() })
    }

    fn foresee_hook(&self, list: &str, place: usize, hook: &Hook) -> Option<HookForecast> {
        let Hook::Template { template, parameters } = hook else { return None };
        // Hooks run the version in force.
        let (hindrance, denied) = self.foresee(template, None, parameters).unwrap_or_else(|| {
            let missing = self.readiness(template, None).reason().map(str::to_owned);
            (missing, Vec::new())
        });
        (hindrance.is_some() || !denied.is_empty()).then(|| HookForecast {
            pointer: format!("/hooks/{list}/{place}"),
            template: template.clone(),
            stops_the_run: list == "pre" && !is_free(hindrance.as_ref(), &denied),
            hindrance,
            denied,
        })
    }

    fn foresee(
        &self,
        template_type: &str,
        digest: Option<&Digest>,
        parameters: &Value,
    ) -> Option<(Option<String>, Vec<Denial>)> {
        let view = {
            let state = self.state.read();
            let digest = state.resolve(template_type, digest)?;
            self.view(&state, digest)?
        };
        let rights = view.grant.as_ref().map(|grant| grant.rights.as_slice()).unwrap_or_default();
        let denied = forecast(&view.template.metadata.needs, rights, parameters);
        Some((view.readiness.reason().map(str::to_owned), denied))
    }
}
