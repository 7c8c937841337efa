//! What stands around every request, seen from outside.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::Value;
use tower::ServiceExt as _;

use super::scene::Scene;
use crate::api::frame;

async fn around(path: &str, timeout: Duration) -> (StatusCode, Value, String) {
    let (mut state, _) = Scene::state().await;
    state.request_timeout = timeout;
    let router: Router = Router::new()
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("a secret of the house")
                }
            }),
        )
        .route("/hang", get(std::future::pending::<()>))
        .layer(from_fn_with_state(Arc::new(state), frame::around));
    let response = router.oneshot(Request::builder().uri(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (status, serde_json::from_str(&text).unwrap(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_answers_500_with_the_request_id_and_nothing_of_its_reason() {
    let (status, problem, text) = around("/panic", Duration::from_secs(60)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &Value::from("internal")));
    assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_takes_too_long_answers_408() {
    let (status, problem, _) = around("/hang", Duration::from_millis(20)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::REQUEST_TIMEOUT, &Value::from("timeout")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_request_id_of_the_caller_is_kept_and_another_is_not() {
    let scene = Scene::start().await;
    for (given, kept) in [("trace-42", true), ("a b", false), (&*"x".repeat(65), false)] {
        let answer = scene.call_with(Method::GET, "/jobs", None, &[("x-request-id", given)]).await;
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(id == given, kept, "{given}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}
