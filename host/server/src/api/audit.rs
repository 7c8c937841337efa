//! The audit: what sandboxes did, what they were refused, and what people changed.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ProblemBody};
use super::execution_view::EffectView;
use super::query::Query;
use super::state::Shared;
use super::time::{self, Time};
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

/// A page of the audit.
#[utoipa::path(get, path = "/api/admin/scheduler/audit", tag = "audit", params(
    ("kind" = Option<String>, Query, description = "`effect` or `change`"),
    ("execution_id" = Option<String>, Query),
    ("job_id" = Option<String>, Query),
    ("actor" = Option<String>, Query, description = "Who made a change"),
    ("action" = Option<String>, Query, description = "A kind of change, such as `job.create`"),
    ("subject" = Option<String>, Query, description = "What was changed: an id or a name"),
    ("capability" = Option<String>, Query, description = "`documents`, `http`, `email`, `files`, `secrets` or `insight`"),
    ("operation" = Option<String>, Query, description = "Such as `delete`"),
    ("target" = Option<String>, Query, description = "Such as the name of a collection"),
    ("refused" = Option<String>, Query, description = "`denied` or `limit`: only what was refused so"),
    ("from" = Option<String>, Query, description = "Inclusive"),
    ("until" = Option<String>, Query, description = "Exclusive"),
    ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses(
    (status = 200, body = AuditList),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
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
