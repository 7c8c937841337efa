//! The whole interface at a glance.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ApiError;
use super::state::Shared;
use super::{
    ApiState, access, audit, auth, capabilities, docs, events, executions, frame, grant_check, grants, health,
    installation, jobs, logs, metrics, openapi, runs, schedules, secrets, status, templates, timeline, ui,
};

/// Every route of the interface, with its documentation.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(openapi::head())
        // Templates
        .routes(routes!(templates::list, installation::install))
        .routes(routes!(templates::get, installation::retire))
        .routes(routes!(installation::approve))
        .routes(routes!(grants::get, grants::set, grants::revoke))
        .routes(routes!(grant_check::check))
        .routes(routes!(capabilities::list))
        // Jobs
        .routes(routes!(jobs::create, jobs::list))
        .routes(routes!(jobs::validate))
        .routes(routes!(jobs::get, jobs::change, jobs::delete))
        .routes(routes!(jobs::restore))
        .routes(routes!(jobs::enable))
        .routes(routes!(jobs::disable))
        .routes(routes!(jobs::why))
        .routes(routes!(runs::run))
        // Executions
        .routes(routes!(executions::of_job))
        .routes(routes!(executions::list))
        .routes(routes!(executions::get, executions::delete))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::rerun))
        .routes(routes!(logs::read))
        .routes(routes!(executions::effects))
        // Secrets
        .routes(routes!(secrets::list, secrets::set))
        .routes(routes!(secrets::delete))
        .routes(routes!(audit::list))
        // Who may call
        .routes(routes!(auth::setup::state, auth::setup::run))
        .routes(routes!(auth::invitation::accept))
        .routes(routes!(auth::sign_in::sign_in))
        .routes(routes!(auth::sign_in::sign_out))
        .routes(routes!(auth::me::read))
        .routes(routes!(auth::me::change_password))
        .routes(routes!(auth::sessions::list, auth::sessions::end_others))
        .routes(routes!(auth::sessions::end))
        .routes(routes!(auth::tokens::list, auth::tokens::create))
        .routes(routes!(auth::tokens::revoke))
        .routes(routes!(auth::users::list, auth::users::create))
        .routes(routes!(auth::users::change, auth::users::delete))
        .routes(routes!(auth::users::invite))
        .routes(routes!(auth::users::end_sessions))
        // Schedules, the whole, what happens
        .routes(routes!(schedules::preview))
        .routes(routes!(status::read))
        .routes(routes!(timeline::read))
        .routes(routes!(events::stream))
        // For machines
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::scrape))
        .routes(routes!(openapi::document))
}

/// The interface as a service.
pub fn router(state: ApiState) -> Router {
    let body_limit = state.body_limit_bytes;
    let state: Shared = Arc::new(state);
    let (router, document) = routes().split_for_parts();
    router
        .route("/docs", get(docs::page))
        .route("/docs/reference.js", get(docs::script))
        .route("/docs/reference.css", get(docs::style))
        .fallback(|| async { ApiError::not_found("address") })
        .layer(Extension(openapi::Document::of(&openapi::complete(document))))
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(Arc::clone(&state), access::decide))
        // Outside the guard: what has no route may be a page, and pages are open.
        .layer(from_fn_with_state(ui::EMBEDDED, ui::offer))
        .layer(from_fn_with_state(Arc::clone(&state), frame::around))
        .with_state(state)
}
