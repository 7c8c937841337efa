//! Templates: what can be run, what it asks for, what it may have.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::error::ApiError;
use super::headers::Name;
use super::query::{NoQuery, Query};
use super::state::Shared;
use super::time::Time;
use super::words::{OnLostWord, ReadinessWord};
use crate::registry;

/// A template.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Template)]
pub struct TemplateView {
    /// As jobs name it.
    #[serde(rename = "type")]
    #[schema(example = "database_cleanup")]
    pub kind: String,
    /// For people.
    pub name: String,
    pub description: String,
    pub icon: String,
    pub category: String,
    pub version: String,
    pub tags: Vec<String>,
    /// SHA-256 of the component's bytes.
    pub digest: String,
    /// JSON Schema 2020-12 of the parameters.
    #[schema(value_type = Object)]
    pub parameter_schema: Value,
    /// Functions that the component can call, as its bytes say.
    pub imports: Vec<String>,
    /// What it asks for, with reasons.
    #[schema(value_type = Vec<Object>)]
    pub needs: Value,
    /// What it may have; null: nothing.
    #[schema(value_type = Option<Object>)]
    pub grant: Value,
    #[schema(value_type = ReadinessWord)]
    pub state: &'static str,
    pub state_reason: Option<String>,
    /// JSON pointer of the parameter that makes a run harmless.
    pub dry_run: Option<String>,
    #[schema(value_type = OnLostWord)]
    pub on_lost: Value,
    pub built_in: bool,
    pub size_bytes: u64,
    pub admitted_at: Time,
    /// What its admission found worth saying.
    pub warnings: Vec<String>,
}

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    pub templates: Vec<TemplateView>,
}

impl From<registry::TemplateView> for TemplateView {
    fn from(view: registry::TemplateView) -> Self {
        let registry::TemplateView { template, grant, readiness, warnings } = view;
        let metadata = template.metadata;
        Self {
            kind: metadata.name,
            name: metadata.title,
            description: metadata.description,
            icon: metadata.icon,
            category: metadata.category,
            version: metadata.version,
            tags: metadata.tags,
            digest: template.digest.to_string(),
            parameter_schema: template.schema,
            imports: template.imports,
            needs: json!(metadata.needs),
            grant: grant.map_or(Value::Null, |grant| json!({ "rights": grant.rights, "limits": grant.limits })),
            state: readiness.as_str(),
            state_reason: readiness.reason().map(str::to_owned),
            dry_run: metadata.dry_run,
            on_lost: json!(metadata.on_lost),
            built_in: template.built_in,
            size_bytes: template.size_bytes,
            admitted_at: template.admitted_at.into(),
            warnings,
        }
    }
}

/// Every template, or those of one category.
#[utoipa::path(get, path = "/api/admin/scheduler/templates", tag = "templates", params(
    ("category" = Option<String>, Query, description = "Only this category, in any case"),
), responses((status = 200, body = TemplateList)))]
pub(super) async fn list(State(api): State<Shared>, mut query: Query) -> Result<Json<TemplateList>, ApiError> {
    let category = query.text("category");
    query.finish()?;
    let wanted = |view: &registry::TemplateView| {
        category.as_ref().is_none_or(|category| view.template.metadata.category.eq_ignore_ascii_case(category))
    };
    let templates = api.templates.list().into_iter().filter(wanted).map(TemplateView::from).collect();
    Ok(Json(TemplateList { templates }))
}

/// One template.
#[utoipa::path(get, path = "/api/admin/scheduler/templates/{type}", tag = "templates", params(
    ("type" = String, Path, description = "As jobs name it"),
), responses((status = 200, body = TemplateView)))]
pub(super) async fn get(
    State(api): State<Shared>,
    Name(name): Name,
    _: NoQuery,
) -> Result<Json<TemplateView>, ApiError> {
    let view = api.templates.get(&name).ok_or_else(|| ApiError::not_found("template"))?;
    Ok(Json(view.into()))
}
