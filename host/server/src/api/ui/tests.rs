use axum::Router;
use axum::body::to_bytes;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;

const BUILT: Interface = Interface {
    index: Some("<script nonce=\"__SANDGLASS_NONCE__\"></script><meta nonce=\"__SANDGLASS_NONCE__\">"),
    files: &[File { name: "assets/a-1f.js", plain: b"plain", gzip: Some(b"zipped"), brotli: Some(b"small") }],
};
const ABSENT: Interface = Interface { index: None, files: &[] };

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn ask(interface: Interface, method: Method, path: &str, given: &[(&str, &str)]) -> Seen {
    let router: Router = Router::new()
        .route("/docs", get(|| async { "a route" }))
        .fallback(|| async { (StatusCode::UNAUTHORIZED, "guarded") })
        .layer(from_fn_with_state(interface, offer));
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in given {
        request = request.header(*name, *value);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Seen { status: parts.status, headers: parts.headers, text }
}

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn any_address_that_a_browser_goes_to_gives_the_page_and_a_program_is_asked_for_a_token() {
    for path in ["/", "/jobs", "/jobs/65f1c0ffee65f1c0ffee65f1?tab=why", "/no/such/page"] {
        let seen = ask(BUILT, Method::GET, path, &[BROWSER]).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert_eq!(seen.headers["content-type"], "text/html; charset=utf-8");
    }
    assert_eq!(ask(BUILT, Method::GET, "/", &[]).await.status, StatusCode::OK);
    for (method, path, headers) in [
        (Method::GET, "/jobs", &[("accept", "*/*")][..]),
        (Method::GET, "/jobs", &[]),
        (Method::POST, "/", &[BROWSER]),
        (Method::GET, "/api/admin/scheduler/nothing", &[BROWSER]),
    ] {
        assert_eq!(ask(BUILT, method, path, headers).await.text, "guarded", "{path}");
    }
    assert_eq!(ask(BUILT, Method::GET, "/docs", &[BROWSER]).await.text, "a route");
}

#[tokio::test]
async fn every_page_has_a_nonce_of_its_own_and_a_policy_that_trusts_nothing_else() {
    let mut nonces = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let seen = ask(BUILT, Method::GET, "/", &[BROWSER]).await;
        let policy = seen.headers["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert_eq!(nonce.len(), 22);
        assert_eq!(seen.text.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "{}", seen.text);
        assert!(!seen.text.contains(NONCE));
        for word in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'"] {
            assert!(policy.contains(word), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 20);
}

#[tokio::test]
async fn a_file_comes_in_the_form_that_the_client_takes_and_once_only() {
    for (accepted, encoding, text) in
        [("gzip, br", Some("br"), "small"), ("gzip", Some("gzip"), "zipped"), ("identity", None, "plain")]
    {
        let seen = ask(BUILT, Method::GET, "/assets/a-1f.js", &[("accept-encoding", accepted)]).await;
        assert_eq!((seen.status, seen.text.as_str()), (StatusCode::OK, text));
        assert_eq!(seen.headers.get("content-encoding").map(|value| value.to_str().unwrap()), encoding);
        assert_eq!(seen.headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(seen.headers["vary"], "accept-encoding");
        assert!(seen.headers["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = seen.headers["etag"].to_str().unwrap().to_owned();
        let given = [("accept-encoding", accepted), ("if-none-match", &*tag)];
        let again = ask(BUILT, Method::GET, "/assets/a-1f.js", &given).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(again.headers["etag"], *tag);
    }
    let missing = ask(BUILT, Method::GET, "/assets/b.js", &[BROWSER]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    for path in ["/assets/../Cargo.toml", "/assets/%2e%2e/Cargo.toml", "/assets/"] {
        assert_eq!(ask(BUILT, Method::GET, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_binary_without_the_interface_says_how_to_build_it() {
    let seen = ask(ABSENT, Method::GET, "/", &[BROWSER]).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(seen.text.contains("cargo xtask ui"), "{}", seen.text);
}
