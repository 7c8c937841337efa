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
use super::words::{OnLostWord, ReadinessWord, SourceWord};
use crate::model::difference::Difference;
use crate::model::template::{Source, Template};
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
    /// The version of the contract that it was built against; null where it is not loaded.
    #[schema(example = "0.1.0")]
    pub contract: Option<&'static str>,
    /// Whether it imports WASI, which leads nowhere here: its toolchain imports everything, so that its needs say more
    /// than its imports. Null where it is not loaded.
    pub imports_wasi: Option<bool>,
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
    #[schema(value_type = SourceWord)]
    pub source: &'static str,
    /// Its file in the folder of templates, if it came from there.
    pub file: Option<String>,
    /// Since when it is in force, waits or is retired; null for those that come with the server.
    pub since: Option<Time>,
    /// By whose doing.
    pub by: Option<String>,
    /// The version that waits for approval, if one does.
    pub waiting: Option<WaitingView>,
    pub size_bytes: u64,
    pub admitted_at: Time,
    /// What its admission found worth saying.
    pub warnings: Vec<String>,
}

/// A version that takes over when somebody approves it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingView {
    pub digest: String,
    pub version: String,
    /// Why it did not take over by itself.
    pub reason: Option<String>,
    pub since: Option<Time>,
    pub file: Option<String>,
    pub imports: Vec<String>,
    /// The version of the contract that it was built against; null where it is not loaded.
    pub contract: Option<&'static str>,
    /// Whether it imports WASI, which leads nowhere here; null where it is not loaded.
    pub imports_wasi: Option<bool>,
    #[schema(value_type = Vec<Object>)]
    pub needs: Value,
    /// What it asks for beside the version in force: needs and functions that were added, removed or changed.
    #[schema(value_type = Object)]
    pub difference: Value,
    /// The same in words, what is more first.
    pub changes: Vec<String>,
    pub warnings: Vec<String>,
}

/// A file of the folder of templates that was not taken; what was in force stays.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateProblem {
    /// `.` is the folder itself.
    pub file: String,
    pub reason: String,
    pub since: Time,
}

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    pub templates: Vec<TemplateView>,
    /// Those that were taken away. Their jobs are blocked.
    pub retired: Vec<TemplateView>,
    pub problems: Vec<TemplateProblem>,
}

impl From<registry::TemplateView> for TemplateView {
    fn from(view: registry::TemplateView) -> Self {
        let registry::TemplateView { template, grant, readiness, warnings, stand, build, waiting } = view;
        let waiting = waiting.map(|waiting| WaitingView::of(&template, *waiting));
        let metadata = template.metadata;
        let source = stand.as_ref().map_or(Source::BuiltIn, |stand| stand.source.clone());
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
            contract: build.map(|build| build.contract),
            imports_wasi: build.map(|build| build.imports_wasi),
            needs: json!(metadata.needs),
            grant: grant.map_or(Value::Null, |grant| json!({ "rights": grant.rights, "limits": grant.limits })),
            state: readiness.as_str(),
            state_reason: readiness.reason().map(str::to_owned),
            dry_run: metadata.dry_run,
            on_lost: json!(metadata.on_lost),
            built_in: template.built_in,
            source: source.as_str(),
            file: source.file().map(str::to_owned),
            since: stand.as_ref().map(|stand| stand.since.into()),
            by: stand.map(|stand| stand.by),
            waiting,
            size_bytes: template.size_bytes,
            admitted_at: template.admitted_at.into(),
            warnings,
        }
    }
}

impl From<registry::FileProblem> for TemplateProblem {
    fn from(problem: registry::FileProblem) -> Self {
        Self { file: problem.file, reason: problem.reason, since: problem.since.into() }
    }
}

impl WaitingView {
    fn of(in_force: &Template, view: registry::TemplateView) -> Self {
        let registry::TemplateView { template, warnings, stand, build, .. } = view;
        let difference = Difference::between(in_force, &template);
        Self {
            digest: template.digest.to_string(),
            version: template.metadata.version,
            reason: stand.as_ref().and_then(|stand| stand.reason.clone()),
            since: stand.as_ref().map(|stand| stand.since.into()),
            file: stand.and_then(|stand| stand.source.file().map(str::to_owned)),
            imports: template.imports,
            contract: build.map(|build| build.contract),
            imports_wasi: build.map(|build| build.imports_wasi),
            needs: json!(template.metadata.needs),
            changes: difference.words(),
            difference: json!(difference),
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
    let retired = api.templates.out_of_force().into_iter().filter(wanted).map(TemplateView::from).collect();
    let problems = api.drop_in.problems().into_iter().map(TemplateProblem::from).collect();
    Ok(Json(TemplateList { templates, retired, problems }))
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
    let retired = || api.templates.out_of_force().into_iter().find(|view| view.template.metadata.name == name);
    let view = api.templates.get(&name).or_else(retired).ok_or_else(|| ApiError::not_found("template"))?;
    Ok(Json(view.into()))
}
