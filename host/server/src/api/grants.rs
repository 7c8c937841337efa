//! Grants: what a template may have. Changes hold from the next call on, also in runs that are on.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::Principal;
use super::error::{ApiError, ProblemBody, ProblemItem};
use super::headers::{Name, if_match, tagged};
use super::json::Json as Body;
use super::query::{NoQuery, Query};
use super::state::Shared;
use super::time::Time;
use super::words::{AccessWord, CapabilityWord};
use crate::model::Digest;
use crate::model::grant::{Limits, Right};
use crate::model::template::Problem;
use crate::registry::{GrantInfo, HostOffer};

/// What a digest of a template may have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub struct GrantView {
    pub template_type: String,
    /// The version of the template that it belongs to.
    pub digest: String,
    /// Empty: nothing is granted.
    pub rights: Vec<RightView>,
    pub limits: LimitsView,
    /// The ETag; 0 where nothing was ever granted.
    pub version: i64,
    /// Whether it is the one that a built-in template comes with, untouched.
    pub is_default: bool,
    /// Who changed it last; null if nobody has.
    pub set_by: Option<String>,
    pub set_at: Option<Time>,
    /// What is right in form but may not do what was meant.
    pub warnings: Vec<ProblemItem>,
    /// What this host has to give.
    pub offer: OfferView,
}

/// What this host has to give, as it is configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GrantOffer)]
pub struct OfferView {
    /// The most that a grant can say; null: its job's `timeout_seconds` alone bounds it.
    pub limits: LimitsView,
    pub connections: Vec<String>,
    pub folders: Vec<String>,
    /// From which mail can be sent.
    pub identities: Vec<String>,
}

/// One right.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Right)]
pub struct RightView {
    #[schema(value_type = CapabilityWord)]
    pub capability: String,
    /// A collection (as in `orders`; with its connection as in `crm/orders`), a host (as in `*.example.com`), an e-mail
    /// identity, a folder or the label of a secret. A star stands for any characters but a slash, and a JSON pointer
    /// behind `param:` follows the parameter of a job.
    #[schema(example = "orders")]
    pub target: String,
    #[schema(value_type = Vec<AccessWord>)]
    pub access: Vec<String>,
    /// Narrows further: `fields` of documents, `methods` of HTTP, `recipients` of e-mail, each a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub extra: Option<Value>,
}

/// Bounds of a run, lower than the configuration's; null: as configured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub struct LimitsView {
    /// Of all memories of a run together.
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub result_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
    /// That one run may send.
    pub http_requests: Option<u64>,
    /// Of one request, and of one answer.
    pub http_body_bytes: Option<u64>,
    /// Of one file.
    pub file_bytes: Option<u64>,
    /// That one run may begin.
    pub files: Option<u64>,
}

/// A grant as it is set: `rights`, or `as_asked`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field, so that all its faults are told at once")]
pub struct GrantRequest {
    /// The version of the template; the one in force if absent.
    digest: Option<String>,
    /// Grants exactly what the template asks for, optional needs included.
    as_asked: Option<bool>,
    /// Takes the place of all rights before.
    rights: Option<Vec<RightView>>,
    /// Takes the place of all limits before; what is left out is as configured.
    limits: Option<LimitsView>,
}

impl From<Right> for RightView {
    fn from(right: Right) -> Self {
        let Right { capability, target, access, extra } = right;
        Self { capability, target, access, extra }
    }
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let Limits {
            memory_bytes,
            cpu_seconds,
            result_bytes,
            log_bytes,
            http_requests,
            http_body_bytes,
            file_bytes,
            files,
        } = limits;
        Self { memory_bytes, cpu_seconds, result_bytes, log_bytes, http_requests, http_body_bytes, file_bytes, files }
    }
}

impl From<HostOffer> for OfferView {
    fn from(offer: HostOffer) -> Self {
        let HostOffer { limits, connections, folders, identities } = offer;
        let list = |labels: BTreeSet<String>| labels.into_iter().collect();
        Self {
            limits: limits.into(),
            connections: list(connections),
            folders: list(folders),
            identities: list(identities),
        }
    }
}

impl From<GrantInfo> for GrantView {
    fn from(info: GrantInfo) -> Self {
        let GrantInfo { grant, version, is_default, set, warnings, offer } = info;
        let (set_by, set_at) = set.unzip();
        let item = |Problem { pointer, code, message }| ProblemItem { pointer, code, message };
        Self {
            template_type: grant.template_type,
            digest: grant.digest.to_string(),
            rights: grant.rights.into_iter().map(RightView::from).collect(),
            limits: grant.limits.into(),
            version,
            is_default,
            set_by,
            set_at: set_at.map(Time),
            warnings: warnings.into_iter().map(item).collect(),
            offer: offer.into(),
        }
    }
}

fn answer(info: GrantInfo) -> Response {
    tagged(info.version, Json(GrantView::from(info)))
}

fn digest(query: &mut Query) -> Option<Digest> {
    query.text("digest").map(Digest)
}

/// What a template may have.
#[utoipa::path(get, path = "/api/admin/scheduler/templates/{type}/grant", tag = "templates", params(
    ("type" = String, Path),
    ("digest" = Option<String>, Query, description = "The version of the template; the one in force if absent"),
), responses((status = 200, body = GrantView)))]
pub(super) async fn get(State(api): State<Shared>, Name(name): Name, mut query: Query) -> Result<Response, ApiError> {
    let digest = digest(&mut query);
    query.finish()?;
    Ok(answer(api.grants.get(&name, digest.as_ref()).await?))
}

/// Grants what the body says, in the place of what was granted before; holds from the next call of a run on.
#[utoipa::path(put, path = "/api/admin/scheduler/templates/{type}/grant", tag = "templates", request_body = GrantRequest, params(
    ("type" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The version that was seen, in quotes"),
), responses(
    (status = 200, body = GrantView),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn set(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    headers: HeaderMap,
    _: NoQuery,
    Body(body): Body,
) -> Result<Response, ApiError> {
    Ok(answer(api.grants.set(&name, &body, if_match(&headers)?, &principal.name).await?))
}

/// Takes every right away; runs that are on are denied at their next call, and jobs wait until something is granted.
#[utoipa::path(delete, path = "/api/admin/scheduler/templates/{type}/grant", tag = "templates", params(
    ("type" = String, Path),
    ("digest" = Option<String>, Query, description = "The version of the template; the one in force if absent"),
    ("If-Match" = Option<String>, Header, description = "The version that was seen, in quotes"),
), responses(
    (status = 200, body = GrantView),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn revoke(
    State(api): State<Shared>,
    principal: Principal,
    Name(name): Name,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, ApiError> {
    let digest = digest(&mut query);
    query.finish()?;
    Ok(answer(api.grants.revoke(&name, digest.as_ref(), if_match(&headers)?, &principal.name).await?))
}
