//! Who may call: every route, without a token, with a wrong one, with the right one.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use super::scene::{Scene, authorised};
use crate::api::access::{Need, RULES};
use crate::api::router::routes;

/// Static files; not part of the interface.
const STATIC: [&str; 3] = ["/docs", "/docs/reference.js", "/docs/reference.css"];

fn documented() -> BTreeSet<(String, String)> {
    let document = routes().into_openapi();
    let methods = |path: &str, item: &utoipa::openapi::PathItem| {
        [
            (Method::GET, item.get.is_some()),
            (Method::POST, item.post.is_some()),
            (Method::PUT, item.put.is_some()),
            (Method::DELETE, item.delete.is_some()),
        ]
        .into_iter()
        .filter(|(_, there)| *there)
        .map(|(method, _)| (method.to_string(), path.to_owned()))
        .collect::<Vec<_>>()
    };
    document.paths.paths.iter().flat_map(|(path, item)| methods(path, item)).collect()
}

pub(super) fn address(path: &str) -> String {
    path.replace("{id}", "65f1c0ffee65f1c0ffee65f1")
        .replace("{type}", "database_cleanup")
        .replace("{label}", "none")
        .replace("{name}", "nobody-here")
}

#[test]
fn the_access_table_and_the_openapi_document_know_the_same_routes() {
    let table: BTreeSet<(String, String)> = RULES
        .iter()
        .filter(|(_, path, _)| !STATIC.contains(path))
        .map(|(method, path, _)| (method.to_string(), (*path).to_owned()))
        .collect();
    assert_eq!(table, documented());
    assert!(table.len() >= 28, "{}", table.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_every_route_but_probes_and_pages_answers_401() {
    let scene = Scene::start().await;
    let mut closed = 0;
    for (method, path, need) in RULES {
        for token in [None, Some("Bearer wrong"), Some("Bearer "), Some("Basic YWRtaW46YWRtaW4="), Some("garbage")] {
            let mut request = Request::builder().method(method.clone()).uri(address(path));
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let answer = scene.send(request.body(Body::empty()).unwrap()).await;
            if *need == Need::Open {
                // Signing in and set-up ask for a body.
                let expected = if method == Method::GET { StatusCode::OK } else { StatusCode::BAD_REQUEST };
                assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
                continue;
            }
            closed += 1;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {token:?}");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.json["code"], "unauthenticated");
            assert_eq!(answer.json["request_id"], answer.headers["x-request-id"].to_str().unwrap());
        }
    }
    assert!(closed >= 25 * 5, "{closed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_do_not_exist_ask_for_a_token_before_they_say_so() {
    let scene = Scene::start().await;
    for path in
        ["/nothing", "/api/admin/scheduler/nothing", "/api/admin/scheduler/jobs/x/y/z", "/docs/../metrics", "//metrics"]
    {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        assert_eq!(scene.send(request).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let answer = scene.send(authorised(Method::GET, &format!("!{path}")).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json["code"], "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_method_than_a_route_takes_is_405_and_names_those_it_takes() {
    let scene = Scene::start().await;
    let answer = scene.call(Method::PATCH, "/jobs", None).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.json["code"], "method_not_allowed");
    let allow = answer.headers["allow"].to_str().unwrap();
    assert!(allow.contains("POST") && allow.contains("GET"), "{allow}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_page_needs_no_inline_script_and_nothing_from_elsewhere() {
    let scene = Scene::start().await;
    let answer = scene.send(Request::builder().uri("/docs").body(Body::empty()).unwrap()).await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!answer.text.contains("http://") && !answer.text.contains("https://"));
    assert!(answer.text.matches("<script").count() == answer.text.matches("<script src=\"/docs/").count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_ends_when_the_server_stops_and_liveness_does_not() {
    let scene = Scene::start().await;
    assert_eq!(scene.get("!/readyz").await.status, StatusCode::OK);
    scene.stopping.cancel();
    let answer = scene.get("!/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(scene.get("!/healthz").await.status, StatusCode::OK);
}
