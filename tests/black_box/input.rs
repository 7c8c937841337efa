//! Bad input on every route: a clear problem, and never a fault of the server.

use sandglass_tests::{Answer, Client, Setup};
use serde_json::{Value, json};

/// Bodies that no route takes.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!("{}{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let long = json!({"name": "x", "template_type": "database_cleanup", "parameters": {},
        "schedule": {"type": "cron", "expression": "* ".repeat(500_000)}})
    .to_string();
    let valid = json!({"name": "x", "template_type": "database_cleanup",
        "parameters": {"collection": "logs", "days_old": 1, "date_field": "at"},
        "schedule": {"type": "interval", "interval_seconds": 60}});
    let mut cases: Vec<(&'static str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("no JSON", b"{".to_vec()),
        ("an array", b"[]".to_vec()),
        ("a number", b"7".to_vec()),
        ("invalid UTF-8", vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']),
        ("deep", deep.into_bytes()),
        ("a megabyte of cron", long.into_bytes()),
        ("duplicate keys", br#"{"name":"a","name":"b"}"#.to_vec()),
        ("a huge integer", br#"{"timeout_seconds":123456789012345678901234567890}"#.to_vec()),
        ("an unknown field", br#"{"nmae":"x"}"#.to_vec()),
        ("a NUL", b"{\"name\":\"a\\u0000b\"}".to_vec()),
    ];
    for (what, pointer, value) in [
        ("a name that is a number", "/name", json!(7)),
        ("an empty name", "/name", json!("")),
        ("an unknown template", "/template_type", json!("nope")),
        ("parameters that are a list", "/parameters", json!([])),
        (
            "an unknown parameter",
            "/parameters",
            json!({"collection": "logs", "days_old": 1, "date_field": "at", "x": 1}),
        ),
        ("a negative age", "/parameters", json!({"collection": "logs", "days_old": -1, "date_field": "at"})),
        (
            "a zone that does not exist",
            "/schedule",
            json!({"type": "cron", "expression": "* * * * *", "timezone": "Mars/Base"}),
        ),
        ("an hour that does not exist", "/schedule", json!({"type": "cron", "expression": "0 25 * * *"})),
        ("a date that never comes", "/schedule", json!({"type": "cron", "expression": "0 0 31 2 *"})),
        ("an interval of nothing", "/schedule", json!({"type": "interval", "interval_seconds": 0})),
        ("a schedule of no kind", "/schedule", json!({"type": "sometimes"})),
        ("an enabled that is a word", "/enabled", json!("yes")),
        ("a time-out of nothing", "/timeout_seconds", json!(0)),
        ("a priority beyond nine", "/priority", json!(10)),
        ("an unknown overlap policy", "/overlap_policy", json!("maybe")),
        ("a retry policy that is text", "/retry_policy", json!("often")),
        ("a notification to nobody", "/notifications", json!({"on_failure": ["not an address"]})),
    ] {
        let mut body = valid.clone();
        body[pointer.trim_start_matches('/')] = value;
        cases.push((what, body.to_string().into_bytes()));
    }
    cases
}

fn assert_problem(what: &str, answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    assert_eq!(answer.content_type, "application/problem+json", "{what}: {answer:?}");
    let problem = answer.json();
    for member in ["type", "title", "status", "detail", "code", "request_id"] {
        assert!(!problem[member].is_null(), "{what}: {member} is missing in {problem}");
    }
}

async fn raw(client: &Client, method: &str, path: &str, body: Vec<u8>) -> Answer {
    client.send(client.request(method, path).header("content-type", "application/json").body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bodies_on_every_route_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let document: Value = client.get("/openapi.json").await.ok();
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("requestBody").is_none() {
                continue;
            }
            let path = path.replace("{id}", "65f000000000000000000001").replace("{type}", "database_cleanup");
            for (what, body) in malformed() {
                let answer = raw(&client, &method.to_uppercase(), &path, body).await;
                if what == "empty" && (200..300).contains(&answer.status) {
                    continue;
                }
                // Some bodies are right for some routes; none may be the server's fault.
                assert!(answer.status > 0 && answer.status < 500, "{method} {path}, {what}: {answer:?}");
                if answer.status >= 400 {
                    assert_problem(&format!("{method} {path}, {what}"), &answer);
                }
                tried += 1;
            }
        }
    }
    assert!(tried >= 140, "only {tried} bodies were tried");
    assert!(server.client().get("/readyz").await.status == 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_right_is_refused_with_a_pointer_to_each_fault() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let mut refused = 0;
    for (what, body) in malformed().into_iter().skip(10) {
        let answer = raw(&client, "POST", "/jobs", body).await;
        assert_problem(what, &answer);
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        assert!(!errors.is_empty(), "{what}: {answer:?}");
        for error in errors {
            assert!(
                error["pointer"].is_string() && error["message"].is_string() && error["code"].is_string(),
                "{what}: {error}"
            );
        }
        refused += 1;
    }
    assert!(refused >= 15, "{refused}");
    let many = json!({"name": "", "template_type": "database_cleanup", "parameters": {"days_old": -3},
        "schedule": {"type": "cron", "expression": "99 * * * *", "timezone": "Nowhere"}, "priority": 11});
    let problem = client.post("/jobs", &many).await.json();
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect();
    for expected in ["/name", "/parameters", "/schedule/expression", "/schedule/timezone", "/priority"] {
        assert!(pointers.iter().any(|pointer| pointer.starts_with(expected)), "{expected} is missing in {problem}");
    }
    assert_eq!(client.get("/jobs").await.ok()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_get_the_status_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let jobs = || client.request("POST", "/jobs").body("{}");
    for (what, request, status) in [
        ("no such route", client.request("GET", "/nothing"), 404),
        ("no such method", client.request("PATCH", "/jobs"), 405),
        ("no such job", client.request("GET", "/jobs/65f000000000000000000001"), 404),
        ("an id that is none", client.request("GET", "/jobs/zzz"), 404),
        ("no such execution", client.request("GET", "/executions/65f000000000000000000001"), 404),
        ("another content type", jobs().header("content-type", "text/plain"), 415),
        (
            "too large",
            client.request("POST", "/jobs").header("content-type", "application/json").body("x".repeat(2 << 20)),
            413,
        ),
        ("an unknown query parameter", client.request("GET", "/jobs?colour=red"), 400),
        ("a page that is too large", client.request("GET", "/jobs?page_size=100000"), 400),
        ("a status that does not exist", client.request("GET", "/executions?status=lucky"), 400),
    ] {
        let answer = client.send(request).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_problem(what, &answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_the_shape_of_another_system_is_answered_with_the_shape_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let told = async |change: Value| {
        let mut body = json!({
            "name": "x", "template_type": "database_cleanup", "parameters": {"collection": "logs", "days_old": 1},
            "schedule": {"type": "interval", "interval_seconds": 60},
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = client.post("/jobs/validate", &body).await;
        assert_eq!(answer.status, 422, "{change}: {answer:?}");
        answer.json()["errors"].as_array().unwrap().clone()
    };
    for (change, pointer, part) in [
        (json!({"schedule": "0 8 * * *"}), "/schedule", "{\"type\": \"cron\", \"expression\": \"0 8 * * *\"}"),
        (json!({"schedule": {"cron": "0 8 * * *"}}), "/schedule/cron", "did you mean `expression`?"),
        (json!({"schedule": {"cron": "0 8 * * *"}}), "/schedule/type", "{\"type\": \"interval\""),
        (json!({"schedule": {"type": "interval", "seconds": 60}}), "/schedule/seconds", "\"interval_seconds\": 60}"),
        (json!({"schedule": {"type": "interval", "every": 60}}), "/schedule/every", "did you mean `interval_seconds`?"),
        (json!({"cron": "0 8 * * *"}), "/cron", "it belongs into the schedule"),
        (json!({"interval_seconds": 60}), "/interval_seconds", "it belongs into the schedule"),
        (json!({"params": {}}), "/params", "did you mean `parameters`?"),
    ] {
        let errors = told(change.clone()).await;
        let is_told = |error: &Value| error["pointer"] == pointer && error["message"].as_str().unwrap().contains(part);
        assert!(errors.iter().any(is_told), "{change}: expected {pointer} “{part}” in {errors:?}");
    }
    for path in ["/jobs?limit=5", "/executions?limit=5"] {
        let answer = client.get(path).await;
        assert!(answer.status == 400 && answer.text.contains("did you mean `page_size`?"), "{path}: {answer:?}");
    }
}
