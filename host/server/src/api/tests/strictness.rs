//! Whatever is sent, on whatever route: a clear refusal with a place, and never a failure of the server.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{Answer, Scene, authorised, sample};
use crate::api::access::RULES;

fn pointers(answer: &Answer) -> Vec<String> {
    let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

/// Texts that are no body for anybody.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing but a brace", b"{".to_vec()),
        ("no JSON", b"name=x".to_vec()),
        ("invalid UTF-8", b"{\"name\": \"\xff\xfe\"}".to_vec()),
        ("deep lists", [b"[".repeat(5_000), b"]".repeat(5_000)].concat()),
        ("deep objects", [br#"{"a":"#.repeat(2_000), b"1".to_vec(), b"}".repeat(2_000)].concat()),
        ("duplicate keys", br#"{"name": "a", "name": "b"}"#.to_vec()),
        ("duplicate keys inside", br#"{"schedule": {"type": "cron", "type": "once"}}"#.to_vec()),
        ("a huge integer", br#"{"timeout_seconds": 100000000000000000000000000000}"#.to_vec()),
        ("a huge exponent", br#"{"timeout_seconds": 1e999}"#.to_vec()),
        ("a lone surrogate", br#"{"name": "\ud800"}"#.to_vec()),
        ("two bodies", b"{} {}".to_vec()),
        ("a NUL", b"{\"name\": \"a\0b\"}".to_vec()),
        ("NaN", br#"{"priority": NaN}"#.to_vec()),
        ("a body of 1 MB", [br#"{"name": ""#.to_vec(), b"x".repeat(1 << 20), br#""}"#.to_vec()].concat()),
    ]
}

/// JSON that is right in itself and wrong as a body.
fn wrong() -> Vec<Value> {
    let mut bodies = vec![json!(null), json!([]), json!("text"), json!(7), json!(true), json!({"unknown": 1})];
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_993_i64),
        json!(""),
        json!("x"),
        json!([]),
        json!([1]),
        json!([null]),
        json!({}),
        json!({"unknown": 1}),
        json!({"a\u{0}b": 1}),
        json!("\u{0}"),
        json!("x".repeat(20_000)),
    ];
    let fields = [
        "name",
        "description",
        "template_type",
        "parameters",
        "schedule",
        "enabled",
        "timeout_seconds",
        "retry_policy",
        "notifications",
        "tags",
        "overlap_policy",
        "max_concurrent",
        "misfire",
        "priority",
        "on_lost",
        "hooks",
        "run_now",
        "force",
        "after",
        "count",
    ];
    for field in fields {
        for value in &values {
            bodies.push(json!({field: value}));
        }
    }
    bodies
}

/// Routes that read a body, with ids that exist.
async fn readers(scene: &Scene) -> Vec<(Method, String)> {
    let job = scene.job().await;
    vec![
        (Method::POST, "/jobs".into()),
        (Method::POST, "/jobs/validate".into()),
        (Method::PUT, format!("/jobs/{job}")),
        (Method::POST, format!("/jobs/{job}/run")),
        (Method::POST, "/schedules/preview".into()),
    ]
}

fn must_be_a_refusal(answer: &Answer, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
    assert!(answer.json["code"].is_string() && answer.json["request_id"].is_string(), "{what}: {}", answer.text);
    assert!(answer.text.len() < 20_000, "{what}: an answer of {} bytes", answer.text.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_bodies_are_refused_on_every_route_that_reads_one() {
    let scene = Scene::start().await;
    let mut seen = 0;
    for (method, path) in readers(&scene).await {
        for (what, body) in malformed() {
            let request = authorised(method.clone(), &path).header("content-type", "application/json");
            let answer = scene.send(request.body(Body::from(body)).unwrap()).await;
            let expected = if what.contains("1 MB") { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            assert_eq!(answer.status, expected, "{method} {path}, {what}: {}", answer.text);
            must_be_a_refusal(&answer, what);
            if expected == StatusCode::BAD_REQUEST {
                assert_eq!(pointers(&answer).len(), 1, "{what}: {}", answer.text);
            }
            seen += 1;
        }
        for media_type in [None, Some("text/plain"), Some("application/xml"), Some("multipart/form-data; boundary=x")] {
            let mut request = authorised(method.clone(), &path);
            if let Some(media_type) = media_type {
                request = request.header("content-type", media_type);
            }
            let answer = scene.send(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{method} {path} {media_type:?}");
            must_be_a_refusal(&answer, "media type");
            seen += 1;
        }
    }
    assert_eq!(seen, 5 * (14 + 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_bodies_never_make_the_server_fail_on_any_route() {
    let scene = Scene::start().await;
    let (job, execution) = (scene.job().await, scene.execution().await);
    let (mut seen, mut refused) = (0, 0);
    for (method, path, _) in RULES.iter().filter(|(_, path, _)| !path.ends_with("/events")) {
        let id = if path.contains("/executions/{id}") { &execution } else { &job };
        let address = format!("!{}", path.replace("{id}", id).replace("{type}", "database_cleanup"));
        for body in wrong() {
            let answer = scene.call(method.clone(), &address, Some(body.clone())).await;
            assert!(!answer.status.is_server_error(), "{method} {path} {body}: {} {}", answer.status, answer.text);
            seen += 1;
            if !answer.status.is_success() {
                must_be_a_refusal(&answer, path);
                refused += 1;
            }
        }
    }
    assert!(seen > 8_000 && refused > 1_000, "{seen} requests, {refused} refusals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_job_is_told_at_once_with_its_place() {
    let scene = Scene::start().await;
    let body = json!({
        "name": "",
        "nmae": "x",
        "template_type": "no_such_template",
        "parameters": [],
        "schedule": {"type": "cron", "expression": "61 * * * *", "timezone": "Mars/Olympus"},
        "timeout_seconds": 0,
        "retry_policy": {"max_retries": 1000, "retries": 1},
        "priority": 10,
        "tags": [""],
        "overlap_policy": "sometimes",
        "notifications": {"on_failure": ["not an address", 5]},
        "hooks": {"pre": [{"http": {"url": "ftp://x"}}], "post": [{"template": "none"}, {}]},
    });
    let answer = scene.post("/jobs", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let found = pointers(&answer);
    for expected in [
        "/name",
        "/nmae",
        "/template_type",
        "/parameters",
        "/schedule/expression",
        "/schedule/timezone",
        "/timeout_seconds",
        "/retry_policy/max_retries",
        "/retry_policy/retries",
        "/priority",
        "/tags/0",
        "/overlap_policy",
        "/notifications/on_failure/0",
        "/notifications/on_failure/1",
        "/hooks/pre/0/http/url",
        "/hooks/post/0/template",
        "/hooks/post/1",
    ] {
        assert!(found.iter().any(|pointer| pointer == expected), "{expected} is not among {found:?}");
    }
    assert_eq!(scene.get("/jobs").await.json["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_that_cannot_be_are_refused_where_the_fault_stands() {
    let scene = Scene::start().await;
    let cases = [
        (json!({"type": "cron", "expression": "* ".repeat(500_000)}), ["/schedule/expression"].as_slice()),
        (json!({"type": "cron", "expression": "x".repeat(300)}), &["/schedule/expression"]),
        (json!({"type": "cron", "expression": "0 0 30 2 *"}), &["/schedule/expression"]),
        (json!({"type": "cron", "expression": "0 8 * * *", "timezone": "Europe/Atlantis"}), &["/schedule/timezone"]),
        (json!({"type": "cron"}), &["/schedule/expression"]),
        (json!({"type": "interval", "interval_seconds": 0}), &["/schedule/interval_seconds"]),
        (json!({"type": "interval", "interval_seconds": 1.5}), &["/schedule/interval_seconds"]),
        (json!({"type": "interval", "interval_seconds": "3600"}), &["/schedule/interval_seconds"]),
        (json!({"type": "interval", "interval_seconds": i64::MAX}), &["/schedule/interval_seconds"]),
        (json!({"type": "interval", "interval_seconds": 60, "expression": "* * * * *"}), &["/schedule/expression"]),
        (json!({"type": "once", "run_at": "2020-01-01T00:00:00Z"}), &["/schedule/run_at"]),
        (json!({"type": "once", "run_at": "tomorrow"}), &["/schedule/run_at"]),
        (json!({"type": "sometimes"}), &["/schedule/type"]),
        (json!({}), &["/schedule/type"]),
        (json!("0 8 * * *"), &["/schedule"]),
    ];
    let mut seen = 0;
    for (schedule, expected) in cases {
        for path in ["/jobs", "/schedules/preview"] {
            let mut body = if path == "/jobs" { sample() } else { json!({}) };
            body["schedule"] = schedule.clone();
            let answer = scene.post(path, body).await;
            let short: String = schedule.to_string().chars().take(80).collect();
            if answer.status == StatusCode::PAYLOAD_TOO_LARGE {
                assert!(schedule.to_string().len() > 262_144);
            } else {
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {short}: {}", answer.text);
                assert_eq!(pointers(&answer), expected, "{path} {short}: {}", answer.text);
            }
            must_be_a_refusal(&answer, &short);
            seen += 1;
        }
    }
    assert_eq!(seen, 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_are_checked_by_the_schema_and_then_by_the_template() {
    let scene = Scene::start().await;
    let mut body = sample();
    body["parameters"] = json!({"days_old": 0, "dry_run": "no", "extra": 1});
    let answer = scene.post("/jobs", body.clone()).await;
    let mut found = pointers(&answer);
    found.sort();
    assert_eq!(found, ["/parameters/collection", "/parameters/days_old", "/parameters/dry_run", "/parameters/extra"]);
    body["parameters"] = json!({"collection": "dynamic_jobs"});
    let answer = scene.post("/jobs/validate", body).await;
    assert_eq!(pointers(&answer), ["/parameters/collection"]);
    assert_eq!(answer.json["errors"][0]["code"], "not_allowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_are_read_as_strictly_as_bodies() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    for (path, pointer) in [
        ("/jobs?page_size=201".to_owned(), "?page_size"),
        ("/jobs?page=0".into(), "?page"),
        ("/jobs?page=99999999999999999999".into(), "?page"),
        ("/jobs?enabled=maybe".into(), "?enabled"),
        ("/jobs?status=active&status=blocked".into(), "?status"),
        ("/jobs?colour=red".into(), "?colour"),
        ("/jobs?search=a%00b".into(), "?search"),
        ("/executions?search=a%00b".into(), "?search"),
        ("/jobs?sort=size".into(), "?sort"),
        ("/templates?x=1".into(), "?x"),
        (format!("/jobs/{job}?x=1"), "?x"),
        (format!("/jobs/{job}/why?at=noon"), "?at"),
        (format!("/jobs/{job}/run?wait=301"), "?wait"),
        ("/executions?from=yesterday".into(), "?from"),
        ("/executions?cursor=zzz".into(), "?cursor"),
        ("/executions?page=51&page_size=200".into(), "?page"),
        ("/executions?job_id=1".into(), "?job_id"),
        ("/status?verbose=1".into(), "?verbose"),
        ("/events?job_id=x".into(), "?job_id"),
    ] {
        let method = if path.contains("/run") { Method::POST } else { Method::GET };
        let answer = scene.call(method, &path, None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        assert_eq!(pointers(&answer), [pointer], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_reads_as_another_is_refused_at_its_place() {
    let scene = Scene::start().await;
    for letter in ['\u{202e}', '\u{2028}', '\u{2029}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{61c}', '\u{7}'] {
        let text = format!("pay{letter}load");
        let mut body = sample();
        (body["name"], body["description"], body["tags"]) = (json!(text), json!(text), json!(["ok", text]));
        let answer = scene.post("/jobs", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{letter:?}: {}", answer.text);
        assert_eq!(pointers(&answer), ["/name", "/description", "/tags/1"], "{letter:?}");
        assert!(answer.text.contains(&format!("u{{{:x}}}", u32::from(letter))), "{}", answer.text);
    }
    let mut body = sample();
    (body["name"], body["description"]) = (json!("Nächtlich – 夜間 🌙"), json!("two\nlines"));
    assert_eq!(scene.post("/jobs", body.clone()).await.status, StatusCode::OK);
    body["name"] = json!("two\nlines");
    assert_eq!(pointers(&scene.post("/jobs", body).await), ["/name"]);
}
