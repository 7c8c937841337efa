//! The OpenAPI document, made from the handlers.

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::OpenApi as OpenApiDocument;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::query::NoQuery;
use super::{refusals, words};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sandglass",
        description = "Jobs, schedules and runs whose templates are WebAssembly components. Times are RFC 3339 in UTC; \
                       every refusal is `application/problem+json`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(super::error::ProblemBody)),
    tags(
        (name = "templates", description = "What can be run"),
        (name = "jobs", description = "What is run, and when"),
        (name = "executions", description = "What was run"),
        (name = "secrets", description = "What templates use without seeing it"),
        (name = "access", description = "Who may call: signing in, accounts, sessions, tokens"),
        (name = "scheduler", description = "The whole"),
        (name = "machines", description = "For probes and programs"),
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Proofs),
)]
struct Head;

/// What callers show.
struct Proofs;

impl Modify for Proofs {
    fn modify(&self, document: &mut OpenApiDocument) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token")).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        let cookie = ApiKeyValue::with_description(
            "__Host-sandglass",
            "The session of a browser; changes have to come from pages of this server (`Origin`, `Sec-Fetch-Site`)",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        words::enter(components);
    }
}

/// The document without its paths.
pub(super) fn head() -> OpenApiDocument {
    Head::openapi()
}

/// The document of all routes, with what any of them may answer.
pub(super) fn complete(mut document: OpenApiDocument) -> OpenApiDocument {
    refusals::enter(&mut document);
    document
}

/// The document as it is sent.
#[derive(Clone)]
pub(super) struct Document(Arc<str>);

impl Document {
    pub fn of(document: &OpenApiDocument) -> Self {
        // A document that was built in memory can always be written.
        Self(text(document).into())
    }
}

/// Laid out for people and for diffs.
pub(super) fn text(document: &OpenApiDocument) -> String {
    serde_json::to_string_pretty(document).map(|text| text + "\n").unwrap_or_default()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "machines", responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(super) async fn document(Extension(document): Extension<Document>, _: NoQuery) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.0.to_string())
}

/// The whole document as text, without a server.
pub fn rendered() -> String {
    text(&complete(super::router::routes().split_for_parts().1))
}
