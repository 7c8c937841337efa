use std::time::Duration;

use sandglass_sdk::fakes::{self, Credential, Reply, World};
use sandglass_sdk::{Error, ErrorKind, Failure, FailureKind, Outcome};
use serde_json::{Value, json};

use super::WebhookTrigger;

const ID: &str = "0123456789abcdef01234567";

fn run(parameters: Value) -> Result<Outcome, Failure> {
    let mut all = json!({"url": "https://example.com/hook", "retry": {"jitter": 0}});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    fakes::execute::<WebhookTrigger>(all)
}

fn refusal(kind: ErrorKind) -> Error {
    Error { kind, reason: "made-up".into(), message: "no luck".into(), retry_after_ms: None, details: None }
}

fn problems(parameters: Value) -> Vec<String> {
    let problems = fakes::validate::<WebhookTrigger>(parameters);
    problems.into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn a_request_says_who_it_is_and_what_it_carries() {
    let world = World::new();
    world.reply(Reply::new(202).body("accepted").after(Duration::from_millis(40)));
    let outcome = run(json!({
        "url": "https://example.com/hook?x=1#part", "query": {"q": "a b&c"}, "headers": {"X-Source": "test"},
        "body": {"event": "nightly"}, "timeout_seconds": 7
    }))
    .unwrap();
    let [request] = world.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://example.com/hook?x=1&q=a+b%26c"));
    assert_eq!(request.text(), r#"{"event":"nightly"}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-source"), Some("test"));
    assert_eq!(request.header("idempotency-key"), Some(ID));
    assert_eq!(request.header("user-agent"), Some(concat!("Sandglass/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("traceparent"), Some(format!("00-{ID}00000000-0102030405060708-01").as_str()));
    assert_eq!((request.timeout, request.follows_redirects), (Some(Duration::from_secs(7)), false));
    assert_eq!(outcome.message, "POST https://example.com/hook answered with status 202");
    assert_eq!(outcome.details["status"], 202);
    assert_eq!(outcome.details["size_bytes"], 8);
    assert_eq!(outcome.details["duration_ms"], 40);
    assert_eq!(outcome.details["attempts"][0]["duration_ms"], 40);
    assert_eq!(outcome.details["response"], Value::Null);
}

#[test]
fn two_failures_and_an_answer_are_three_tries_with_one_key() {
    let world = World::new();
    world.reply(Reply::new(503));
    world.reply(Reply::error(refusal(ErrorKind::Unavailable)));
    world.reply(Reply::new(200));
    let outcome = run(json!({})).unwrap();
    assert_eq!(outcome.message, "POST https://example.com/hook answered with status 200 at try 3");
    assert_eq!(world.waits(), [Duration::from_secs(1), Duration::from_secs(2)]);
    let requests = world.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.header("idempotency-key") == Some(ID)));
    let spans = requests.iter().map(|request| request.header("traceparent").unwrap().to_owned());
    let spans = spans.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|span| span.starts_with(&format!("00-{ID}00000000-"))));
    let tries = outcome.details["attempts"].as_array().unwrap();
    assert_eq!(
        tries.iter().map(|one| one["status"].clone()).collect::<Vec<_>>(),
        [json!(503), json!(null), json!(200)]
    );
    assert_eq!(tries[1]["error"], "no luck");
    assert_eq!(outcome.details["waited_ms"], 3000);
}

#[test]
fn retry_after_is_kept_when_short_and_handed_on_when_long() {
    let world = World::new();
    world.reply(Reply::new(429).header("Retry-After", "9"));
    world.reply(Reply::new(200));
    run(json!({})).unwrap();
    assert_eq!(world.waits(), [Duration::from_secs(9)]);

    let world = World::new();
    world.reply(Reply::new(503).header("retry-after", "120"));
    let failure = run(json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::Retryable, Some(Duration::from_secs(120))));
    assert!(world.waits().is_empty());
    assert_eq!(failure.details.unwrap()["status"], 503);
}

#[test]
fn waits_within_one_attempt_stay_below_thirty_seconds_together() {
    let world = World::new();
    for _ in 0..10 {
        world.reply(Reply::new(500));
    }
    let retry = json!({"max_attempts": 10, "initial_delay_ms": 4000, "multiplier": 2, "jitter": 0});
    let failure = run(json!({"retry": retry})).unwrap_err();
    assert_eq!(world.waits(), [4, 8, 16].map(Duration::from_secs));
    assert_eq!(failure.retry_after, Some(Duration::from_secs(30)));
    assert_eq!(world.requests().len(), 4);
}

#[test]
fn no_wait_reaches_beyond_the_deadline() {
    let world = World::new();
    world.set_deadline(world.now() + Duration::from_millis(800));
    world.reply(Reply::new(500));
    let failure = run(json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::Retryable, Some(Duration::from_secs(1))));
    assert!(world.waits().is_empty());
}

#[test]
fn when_all_tries_fail_the_host_may_try_again() {
    let world = World::new();
    for _ in 0..3 {
        world.reply(Reply::error(refusal(ErrorKind::Timeout)));
    }
    let failure = run(json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Retryable);
    assert_eq!(failure.message, "POST https://example.com/hook: no luck (tried 3 times)");
    assert_eq!(failure.details.unwrap()["attempts"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_not_to_be_repeated_is_not_repeated() {
    for reply in [
        Reply::new(404),
        Reply::new(301).header("location", "https://elsewhere.example/"),
        Reply::error(refusal(ErrorKind::Denied)),
        Reply::error(refusal(ErrorKind::Invalid)),
        Reply::error(refusal(ErrorKind::Limit)),
    ] {
        let world = World::new();
        world.reply(reply);
        assert_eq!(run(json!({})).unwrap_err().kind, FailureKind::Permanent);
        assert_eq!(world.requests().len(), 1);
    }
    let world = World::new();
    world.reply(Reply::error(refusal(ErrorKind::Timeout)));
    let failure = run(json!({"retry": {"retry_on": ["connection", "500-599"]}})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
}

#[test]
fn a_host_that_stops_is_obeyed() {
    let world = World::new();
    world.stop_after(0);
    world.reply(Reply::new(500));
    assert_eq!(run(json!({})).unwrap_err().kind, FailureKind::Interrupted);
    let world = World::new();
    world.reply(Reply::error(refusal(ErrorKind::Cancelled)));
    assert_eq!(run(json!({})).unwrap_err().kind, FailureKind::Interrupted);
}

#[test]
fn secrets_are_named_and_never_seen() {
    for (auth, expected) in [
        (json!({"type": "bearer", "secret": "s"}), Credential::Bearer("s".into())),
        (
            json!({"type": "basic", "username": "me", "secret": "s"}),
            Credential::Basic { username: "me".into(), secret: "s".into() },
        ),
        (
            json!({"type": "header", "name": "X-Key", "secret": "s"}),
            Credential::Header { name: "X-Key".into(), secret: "s".into() },
        ),
        (
            json!({"type": "hmac", "secret": "s"}),
            Credential::HmacSha256 { header: "X-Signature-256".into(), secret: "s".into() },
        ),
    ] {
        let world = World::new();
        world.secret("s", "hidden");
        world.reply(Reply::new(200));
        let outcome = run(json!({"auth": auth, "body": 1})).unwrap();
        assert_eq!(world.requests()[0].credential, expected);
        assert!(!format!("{outcome:?} {:?} {:?}", world.requests(), world.lines()).contains("hidden"));
        assert!(!world.calls().iter().any(|call| call == "secrets.plaintext"));
    }
    World::new().reply(Reply::new(200));
    let failure = run(json!({"auth": {"type": "bearer", "secret": "nobody"}})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
}

#[test]
fn bodies_are_written_as_asked() {
    for (format, body, text, content_type) in [
        ("text", json!("hello\n"), "hello\n", "text/plain; charset=utf-8"),
        ("form", json!({"a": "x y", "b": [1, true]}), "a=x+y&b=1&b=true", "application/x-www-form-urlencoded"),
        ("json", json!("text"), "\"text\"", "application/json"),
    ] {
        let world = World::new();
        world.reply(Reply::new(200));
        run(json!({"body": body, "body_format": format})).unwrap();
        let [request] = world.requests().try_into().unwrap();
        assert_eq!((request.text().as_str(), request.header("content-type")), (text, Some(content_type)));
    }
    let world = World::new();
    world.reply(Reply::new(200));
    run(json!({"method": "GET", "headers": {"user-agent": "mine", "idempotency-key": "k", "Traceparent": "t"}}))
        .unwrap();
    let [request] = world.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.body), ("GET", None));
    let names = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
    assert_eq!(names, ["traceparent", "idempotency-key", "user-agent"]);
}

#[test]
fn other_status_codes_may_be_expected() {
    for (expected, status, succeeds) in
        [(json!([404]), 404, true), (json!(["300-399", 418]), 418, true), (json!([404]), 200, false)]
    {
        let world = World::new();
        world.reply(Reply::new(status));
        assert_eq!(run(json!({"expected_status": expected})).is_ok(), succeeds);
    }
}

#[test]
fn the_answer_has_to_say_what_is_expected() {
    for (body, problem) in [
        (r#"{"status": "ok", "n": {"count": 2.0}}"#, None),
        (r#"{"status": "busy", "n": {"count": 2}}"#, Some(r#"the answer has "busy" at /status instead of "ok""#)),
        (r#"{"status": "ok"}"#, Some("the answer has nothing at /n/count where 2 was expected")),
        ("<html>", Some("the answer is not JSON")),
    ] {
        let world = World::new();
        world.reply(Reply::new(200).body(body));
        let result = run(json!({"expect": {"/status": "ok", "/n/count": 2}}));
        match (result, problem) {
            (Ok(_), None) => {}
            (Err(failure), Some(problem)) => {
                assert_eq!(failure.kind, FailureKind::Permanent);
                assert!(failure.message.starts_with(problem), "{}", failure.message);
            }
            (result, problem) => panic!("{body}: {problem:?} against {result:?}"),
        }
    }
}

#[test]
fn of_an_answer_only_so_much_is_kept() {
    let reply = || Reply::new(200).header("x-id", "7").body("a".repeat(100_000));
    let world = World::new();
    world.reply(reply());
    let outcome = run(json!({"save_response": "body"})).unwrap();
    let response = &outcome.details["response"];
    assert_eq!(response["headers"]["x-id"], "7");
    assert_eq!(response["body"].as_str().unwrap().len(), 65_536);
    assert_eq!((response["body_is_cut"].clone(), outcome.details["size_bytes"].clone()), (json!(true), json!(100_000)));

    world.reply(reply());
    let outcome = run(json!({"save_response": "headers"})).unwrap();
    assert_eq!(outcome.details["response"], json!({"headers": {"x-id": "7"}}));
}

#[test]
fn a_body_that_breaks_off_matters_only_when_it_was_to_be_checked() {
    let world = World::new();
    world.reply(Reply::new(200));
    world.fail_next("http.read", ErrorKind::Unavailable, "reset");
    assert_eq!(run(json!({})).unwrap().warnings.len(), 1);

    let world = World::new();
    world.reply(Reply::new(200));
    world.reply(Reply::new(200).body(r#"{"a": 1}"#));
    world.fail_next("http.read", ErrorKind::Unavailable, "reset");
    assert!(run(json!({"expect": {"/a": 1}})).is_ok());
    assert_eq!(world.requests().len(), 2);
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    for (url, is_right) in [
        ("https://example.com", true),
        ("http://[::1]:8080/x?y", true),
        ("HTTPS://EXAMPLE.com/", true),
        ("ftp://example.com", false),
        ("example.com", false),
        ("https://", false),
        ("https://:80/", false),
        ("https://me:pw@example.com/", false),
        ("https://example.com:http/", false),
        ("https://example.com/a b", false),
        ("https://example.com\\@evil/", false),
    ] {
        assert_eq!(problems(json!({"url": url})).is_empty(), is_right, "{url}");
    }
    assert_eq!(
        problems(json!({
            "url": "nowhere", "method": "GET", "body": {}, "headers": {"Host": "x", "a b": "", "X-Ok": "1\r\n2"},
            "expect": {"status": 1}, "expected_status": [],
            "retry": {"max_attempts": 0, "multiplier": 0.5, "jitter": 2}
        })),
        [
            "/url",
            "/headers/Host",
            "/headers/X-Ok",
            "/headers/a b",
            "/body",
            "/expected_status",
            "/expect/status",
            "/retry/max_attempts",
            "/retry/multiplier",
            "/retry/jitter"
        ]
    );
    let url = "https://example.com/";
    assert_eq!(problems(json!({"url": url, "auth": {"type": "hmac", "secret": "s"}})), ["/body"]);
    assert_eq!(
        problems(json!({"url": url, "headers": {"authorization": "x"}, "auth": {"type": "bearer", "secret": "s"}})),
        ["/headers/authorization"]
    );
    assert_eq!(
        problems(json!({"url": url, "auth": {"type": "basic", "username": "a:b", "secret": "s"}})),
        ["/auth/username"]
    );
    assert_eq!(
        problems(json!({"url": url, "auth": {"type": "header", "name": "Host", "secret": "s"}})),
        ["/auth/name"]
    );
    for label in ["no label", "sk-live/51H", "-s", "s=", "Bearer abc"] {
        assert_eq!(problems(json!({"url": url, "auth": {"type": "bearer", "secret": label}})), ["/auth/secret"]);
    }
    for name in ["Transfer_Encoding", "expect", "HTTP2-Settings"] {
        assert_eq!(problems(json!({"url": url, "headers": {name: "x"}})), [format!("/headers/{name}")]);
    }
    assert_eq!(problems(json!({"url": url, "body": 1, "body_format": "text"})), ["/body"]);
    assert_eq!(problems(json!({"url": url, "body": {"a": {}}, "body_format": "form"})), ["/body"]);
    assert_eq!(problems(json!({"url": url, "expected_status": [200, "x"]})), ["/expected_status/1"]);
    assert_eq!(problems(json!({"url": url, "retry": {"retry_on": ["sometimes"]}})), ["/retry/retry_on/0"]);
    assert_eq!(problems(json!({"url": url, "retry": {"tries": 1}})), ["/retry/tries"]);
}

#[test]
fn every_field_of_the_form_explains_itself() {
    let schema = sandglass_sdk::schema_of::<super::Parameters>();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["url"]));
    let fields = schema["properties"].as_object().unwrap();
    assert_eq!(fields.len(), 13);
    let nested = fields["retry"]["properties"].as_object().unwrap();
    for (name, field) in fields.iter().chain(nested) {
        for key in ["title", "description", "examples", "x-ui"] {
            assert!(field.get(key).is_some(), "{name} has no {key}: {field}");
        }
        let has_default = field.get("default").is_some();
        assert_eq!(has_default, !["url", "body"].contains(&name.as_str()), "{name}");
    }
    assert_eq!(fields["expected_status"]["default"], json!(["200-299"]));
    assert_eq!(fields["method"]["enum"], json!(["GET", "POST", "PUT", "PATCH", "DELETE"]));
    let kinds = fields["auth"]["oneOf"].as_array().unwrap().iter();
    let kinds = kinds.map(|kind| kind["properties"]["type"]["const"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(kinds, ["none", "bearer", "basic", "header", "hmac"]);
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert_eq!(problems(example.clone()), Vec::<String>::new(), "{example}");
    }
}
