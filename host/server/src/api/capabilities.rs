//! What a template asks for, gets and uses, side by side.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::error::ApiError;
use super::grants::RightView;
use super::headers::Name;
use super::query::NoQuery;
use super::state::Shared;
use super::time::Time;
use super::words::{AccessWord, CapabilityWord};
use crate::registry::{CapabilityUse, FunctionUse, Met};

/// What a template asks for, gets and uses.
#[derive(Debug, Serialize, ToSchema)]
pub struct CapabilityList {
    pub template_type: String,
    pub digest: String,
    /// Uses and denials since then: thirty days.
    pub since: Time,
    /// Runs that the figures of use stand on: the newest of each job. Denials are counted whether in these or not.
    pub runs: u64,
    /// Whether these are all runs of that time.
    pub is_complete: bool,
    /// Those that are imported, needed, granted or used.
    pub capabilities: Vec<CapabilityView>,
}

/// One capability.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapabilityUse)]
pub struct CapabilityView {
    #[schema(value_type = CapabilityWord)]
    pub capability: &'static str,
    /// What the template asks for, with reasons.
    #[schema(value_type = Vec<Object>)]
    pub needs: Value,
    /// What is granted.
    pub rights: Vec<RightView>,
    pub functions: Vec<FunctionView>,
}

/// One function, as the audit calls it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FunctionUse)]
pub struct FunctionView {
    #[schema(example = "delete")]
    pub operation: &'static str,
    /// As the component imports it; null: it cannot call it.
    #[schema(example = "sandglass:documents/write.delete")]
    pub import: Option<String>,
    /// Any of these allows it.
    #[schema(value_type = Vec<AccessWord>)]
    pub access: &'static [&'static str],
    /// Whether a need asks for it.
    pub is_declared: bool,
    /// Whether a right allows it, on whatever target.
    pub is_granted: bool,
    pub used: Option<MetView>,
    pub denied: Option<MetView>,
}

/// How often something was met.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Met)]
pub struct MetView {
    pub count: u64,
    pub last: Time,
    /// The first twenty by name.
    pub targets: Vec<String>,
    /// Why it was refused the last time.
    pub reason: Option<String>,
}

impl From<CapabilityUse> for CapabilityView {
    fn from(one: CapabilityUse) -> Self {
        let CapabilityUse { capability, needs, rights, functions } = one;
        Self {
            capability,
            needs: json!(needs),
            rights: rights.into_iter().map(RightView::from).collect(),
            functions: functions.into_iter().map(FunctionView::from).collect(),
        }
    }
}

impl From<FunctionUse> for FunctionView {
    fn from(function: FunctionUse) -> Self {
        let FunctionUse { operation, import, access, is_declared, is_granted, used, denied } = function;
        let view = |Met { count, last, targets, reason }| MetView { count, last: last.into(), targets, reason };
        Self { operation, import, access, is_declared, is_granted, used: used.map(view), denied: denied.map(view) }
    }
}

/// What a template asks for, what is granted to it, and what it used and was denied in the last thirty days.
#[utoipa::path(get, path = "/api/admin/scheduler/templates/{type}/capabilities", tag = "templates", params(
    ("type" = String, Path),
), responses((status = 200, body = CapabilityList)))]
pub(super) async fn list(
    State(api): State<Shared>,
    Name(name): Name,
    _: NoQuery,
) -> Result<Json<CapabilityList>, ApiError> {
    let uses = api.uses.of(&name).await?;
    Ok(Json(CapabilityList {
        template_type: uses.template_type,
        digest: uses.digest.to_string(),
        since: uses.since.into(),
        runs: uses.runs,
        is_complete: uses.is_complete,
        capabilities: uses.capabilities.into_iter().map(CapabilityView::from).collect(),
    }))
}
