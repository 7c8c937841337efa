//! Secrets: set, list and delete. Their texts come in and never go out.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Principal;
use super::error::{ApiError, ProblemBody};
use super::headers::Name;
use super::json::Json as Body;
use super::query::{NoQuery, Query};
use super::state::Shared;
use super::time::Time;
use crate::model::{JobId, SecretInfo};

/// What is known of a secret. Its text is not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Secret)]
pub struct SecretView {
    /// As templates name it.
    #[schema(example = "shop-token")]
    pub label: String,
    pub description: Option<String>,
    /// Patterns of hosts that HTTP may send it to; empty: wherever a grant lets the request go.
    pub hosts: Vec<String>,
    /// Rises with each replacement.
    pub version: i64,
    /// Names the key that it is sealed under.
    pub key: String,
    pub created_at: Time,
    pub created_by: String,
    pub updated_at: Time,
    pub updated_by: String,
}

impl From<SecretInfo> for SecretView {
    fn from(info: SecretInfo) -> Self {
        let SecretInfo { label, description, hosts, version, key, created_at, created_by, updated_at, updated_by } =
            info;
        Self {
            label: label.to_string(),
            description,
            hosts,
            version,
            key,
            created_at: created_at.into(),
            created_by,
            updated_at: updated_at.into(),
            updated_by,
        }
    }
}

/// A page of secrets, by label.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretList {
    pub secrets: Vec<SecretView>,
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// A secret as it is set.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct SecretRequest {
    /// Letters, digits, dots, hyphens and underscores, beginning with a letter or digit, at most 64.
    #[schema(example = "shop-token")]
    label: String,
    /// The text, from 1 byte to 64 KiB. Texts of fewer than four bytes are not masked in logs: they would turn up by
    /// chance.
    #[schema(write_only, max_length = 65_536)]
    value: String,
    /// What it is for, at most 500 bytes. Left out: as it was.
    description: Option<String>,
    /// Patterns of hosts that HTTP may send it to, as in grants: `api.example.com`, `*.example.com`,
    /// `http://intranet:8080` (https, unless the pattern says otherwise). Left out: as it was. Empty: wherever a grant
    /// lets the request go.
    hosts: Option<Vec<String>>,
}

/// What is left of a secret that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretDeleted {
    pub label: String,
    pub deleted: bool,
    /// Jobs that name it, and will fail until it is set again.
    pub jobs: Vec<SecretUser>,
}

/// A job that names a secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretUser {
    pub id: String,
    pub name: String,
}

fn users(jobs: Vec<(JobId, String)>) -> Vec<SecretUser> {
    jobs.into_iter().map(|(id, name)| SecretUser { id: id.to_string(), name }).collect()
}

/// A page of secrets: labels and dates, never texts.
#[utoipa::path(get, path = "/api/admin/scheduler/secrets", tag = "secrets", params(
    ("page" = Option<u32>, Query, minimum = 1),
    ("page_size" = Option<u32>, Query, minimum = 1, maximum = 200),
), responses(
    (status = 200, body = SecretList),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(State(api): State<Shared>, mut query: Query) -> Result<Json<SecretList>, ApiError> {
    let (page, page_size) = query.page();
    query.finish()?;
    let all = api.secrets.list().await?;
    let total = all.len() as u64;
    let before = (page as usize - 1).saturating_mul(page_size as usize);
    let secrets = all.into_iter().skip(before).take(page_size as usize).map(SecretView::from).collect();
    Ok(Json(SecretList { secrets, total, page, page_size }))
}

/// Sets a secret, or gives one that is there another text; its hosts and description stay unless others are given.
#[utoipa::path(post, path = "/api/admin/scheduler/secrets", tag = "secrets", request_body = SecretRequest, responses(
    (status = 200, body = SecretView),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn set(
    State(api): State<Shared>,
    principal: Principal,
    _: NoQuery,
    Body(body): Body,
) -> Result<Json<SecretView>, ApiError> {
    Ok(Json(api.secrets.set(body, &principal.name).await?.into()))
}

/// Deletes a secret. One that jobs name is kept, unless `force` is true.
#[utoipa::path(delete, path = "/api/admin/scheduler/secrets/{label}", tag = "secrets", params(
    ("label" = String, Path),
    ("force" = Option<bool>, Query, description = "Also when jobs name it"),
), responses(
    (status = 200, body = SecretDeleted),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn delete(
    State(api): State<Shared>,
    principal: Principal,
    Name(label): Name,
    mut query: Query,
) -> Result<Json<SecretDeleted>, ApiError> {
    let force = query.boolean("force").unwrap_or(false);
    query.finish()?;
    let jobs = users(api.secrets.delete(&label, force, &principal.name).await?);
    Ok(Json(SecretDeleted { label, deleted: true, jobs }))
}
