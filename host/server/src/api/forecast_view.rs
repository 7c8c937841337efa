//! "Would it run?" as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::grants::RightView;
use super::words::{AccessWord, CapabilityWord};
use crate::capabilities::forecast::Denial;
use crate::registry::{Forecast, HookForecast};

/// What stands between a job and its run, under today's grants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    /// False: its template is not ready, or something that it cannot do without would be denied.
    pub would_run: bool,
    /// Why its template is not ready.
    pub hindrance: Option<String>,
    /// What the template cannot do without comes first.
    pub denied: Vec<DenialView>,
    /// Of its hooks that are templates, those that would be stopped or denied something.
    pub hooks: Vec<HookForecastView>,
}

/// What stands between a hook and its run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HookForecast)]
pub struct HookForecastView {
    /// Where the hook stands in the job, such as `/hooks/pre/0`.
    pub pointer: String,
    /// The template that the hook runs.
    pub template: String,
    /// Why its template is not ready.
    pub hindrance: Option<String>,
    /// What the template cannot do without comes first.
    pub denied: Vec<DenialView>,
    /// Whether the run would fail with it: a run does with a hook before it, and not with one behind it.
    pub stops_the_run: bool,
}

/// Something that a run would ask for and not get.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Denial)]
pub struct DenialView {
    #[schema(value_type = CapabilityWord)]
    pub capability: String,
    /// With the parameter filled in.
    pub target: String,
    #[schema(value_type = AccessWord)]
    pub access: String,
    /// Why the template asks for it.
    pub reason: String,
    /// Whether the template is of use without it.
    pub optional: bool,
    /// False: a part is granted (some targets, fields, methods or recipients), and the run decides.
    pub is_certain: bool,
    /// The right that would allow it; null where none can.
    pub grant_that_would_allow: Option<RightView>,
}

impl From<Forecast> for ForecastView {
    fn from(forecast: Forecast) -> Self {
        let would_run = forecast.would_run();
        let Forecast { hindrance, denied, hooks } = forecast;
        let hooks = hooks.into_iter().map(HookForecastView::from).collect();
        Self { would_run, hindrance, denied: denied.into_iter().map(DenialView::from).collect(), hooks }
    }
}

impl From<HookForecast> for HookForecastView {
    fn from(hook: HookForecast) -> Self {
        let HookForecast { pointer, template, hindrance, denied, stops_the_run } = hook;
        let denied = denied.into_iter().map(DenialView::from).collect();
        Self { pointer, template, hindrance, denied, stops_the_run }
    }
}

impl From<Denial> for DenialView {
    fn from(denial: Denial) -> Self {
        let Denial { capability, target, access, reason, optional, is_certain, grant } = denial;
        Self {
            capability,
            target,
            access,
            reason,
            optional,
            is_certain,
            grant_that_would_allow: grant.map(RightView::from),
        }
    }
}
