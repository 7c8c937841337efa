//! The audit: what sandboxes did, what they were refused, and what people changed.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use super::execution_view::EffectView;
use super::query::Query;
use super::state::Shared;
use super::time::{self, Time};
use super::words::{AuditKindWord, RefusalWord};
use crate::registry::fields::instant;
use crate::repository::audit::{AuditFilter, Listed, Record};

/// A page of the audit, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditList {
    pub entries: Vec<AuditEntryView>,
    pub page_size: u32,
    /// Where the next page begins (`?cursor=`); null on the last one.
    pub next_cursor: Option<String>,
}

/// One entry: `effect` is what crossed a sandbox or was refused, `change` what a person or their program did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AuditEntryView {
    Effect(AuditedEffectView),
    Change(AuditedChangeView),
}

/// A write, or a denial. Reads are summed in `/executions/{id}/effects`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditedEffect)]
pub struct AuditedEffectView {
    /// Incarnation of the host and place in its chain.
    pub id: String,
    pub execution_id: String,
    pub job_id: String,
    /// The component that asked.
    pub template_digest: String,
    #[serde(flatten)]
    pub effect: EffectView,
}

/// A change with its author.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditedChange)]
pub struct AuditedChangeView {
    /// Incarnation of the host and place in its chain.
    pub id: String,
    pub at: Time,
    pub actor: String,
    #[schema(example = "job.create")]
    pub action: String,
    /// What was changed: an id or a name.
    pub subject: String,
    #[schema(value_type = Object)]
    pub details: Value,
}

/// What the audit is asked for.
#[expect(dead_code, reason = "documents the query, which is read one by one to tell every problem at once")]
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditParams {
    #[param(value_type = Option<AuditKindWord>)]
    kind: Option<String>,
    execution_id: Option<String>,
    job_id: Option<String>,
    /// Who made a change.
    actor: Option<String>,
    /// A kind of change.
    #[param(example = "job.create")]
    action: Option<String>,
    /// What was changed: an id or a name.
    subject: Option<String>,
    #[param(example = "documents")]
    capability: Option<String>,
    #[param(example = "delete")]
    operation: Option<String>,
    /// The component that asked.
    template_digest: Option<String>,
    /// A collection, host, folder, identity or label.
    target: Option<String>,
    /// Only what was refused in this way.
    #[param(value_type = Option<RefusalWord>)]
    refused: Option<String>,
    /// Inclusive.
    from: Option<String>,
    /// Exclusive.
    until: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    page_size: Option<u32>,
}

/// A page of the audit: writes, denials and changes, newest first.
#[utoipa::path(get, path = "/api/admin/scheduler/audit", tag = "audit", params(AuditParams), responses(
    (status = 200, body = AuditList),
))]
pub(super) async fn list(State(api): State<Shared>, mut query: Query) -> Result<Json<AuditList>, ApiError> {
    let filter = AuditFilter {
        kind: query.word("kind", &[("effect", "effect"), ("change", "change")]),
        execution: query.parsed("execution_id"),
        job: query.parsed("job_id"),
        actor: query.text("actor"),
        action: query.text("action"),
        subject: query.text("subject"),
        capability: query.text("capability"),
        operation: query.text("operation"),
        digest: query.text("template_digest"),
        target: query.text("target"),
        refused: query.word("refused", &[("denied", "denied"), ("limit", "limit")]),
        from: query.instant("from"),
        until: query.instant("until"),
    };
    let after = cursor(&mut query);
    let page_size = query.page_size();
    query.finish()?;
    let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
    let page = api.audit.list(&filter, after, u64::from(page_size)).await?;
    Ok(Json(AuditList {
        entries: page.entries.into_iter().map(AuditEntryView::from).collect(),
        page_size,
        next_cursor: page.next.map(|(at, id)| format!("{}~{id}", time::text(at))),
    }))
}

/// Time and id, as `next_cursor` gave them.
fn cursor(query: &mut Query) -> Option<(DateTime<Utc>, String)> {
    let text = query.text("cursor")?;
    let found = text.split_once('~').and_then(|(at, id)| Some((instant(at)?, id.to_owned())));
    if found.is_none() {
        query.fault("cursor", "malformed", "is none that an earlier page gave");
    }
    found
}

impl From<Listed> for AuditEntryView {
    fn from(Listed { id, record }: Listed) -> Self {
        match record {
            Record::Effect(effect) => Self::Effect(AuditedEffectView {
                id,
                execution_id: effect.execution.to_string(),
                job_id: effect.job.to_string(),
                template_digest: effect.digest.to_string(),
                effect: EffectView::from(&effect),
            }),
            Record::Change(change) => Self::Change(AuditedChangeView {
                id,
                at: change.at.into(),
                actor: change.actor,
                action: change.action,
                subject: change.subject,
                details: change.details,
            }),
        }
    }
}
