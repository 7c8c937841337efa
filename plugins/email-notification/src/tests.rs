use sandglass_sdk::email::{Message, Priority, Receipt};
use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{Error, ErrorKind, Failure, FailureKind, Outcome, schema_of};
use serde_json::{Value, json};

use super::{EmailNotification, Parameters};

fn with(parameters: Value) -> Value {
    let mut all = json!({"recipients": ["anna@example.com"], "subject": "Hello", "body": "Good day"});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    all
}

fn run(parameters: Value) -> Result<Outcome, Failure> {
    fakes::execute::<EmailNotification>(with(parameters))
}

fn sent(world: &World) -> Message {
    world.outbox().pop().unwrap().1
}

fn problems(parameters: Value) -> Vec<String> {
    fakes::validate::<EmailNotification>(with(parameters)).into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn a_plain_message_goes_out_as_it_was_written() {
    let world = World::new();
    let outcome = run(json!({
        "cc": ["Bob <bob@example.com>"], "bcc": ["carol@example.com"], "reply_to": "r@example.com", "priority": "high",
        "identity": "ops",
    }))
    .unwrap();
    let (identity, message) = world.outbox().pop().unwrap();
    assert_eq!(identity, "ops");
    assert_eq!((message.subject.as_str(), message.text.as_str(), message.html), ("Hello", "Good day", None));
    assert_eq!((message.to, message.reply_to), (vec!["anna@example.com".to_owned()], Some("r@example.com".to_owned())));
    assert_eq!(message.priority, Priority::High);
    assert_eq!(outcome.message, "sent “Hello” to 3 recipients");
    assert_eq!((outcome.records_processed, outcome.records_affected), (3, 3));
    assert_eq!(outcome.details["message_id"], "<1@fake.invalid>");
}

#[test]
fn facts_and_rows_fill_subject_and_body_in() {
    let world = World::new();
    world.set_job(json!({"id": "1", "name": "Nightly", "tags": ["a"]}));
    world.collection(
        "crm/orders",
        json!([{"_id": {"$oid": "00000000000000000000000a"}, "n": 1, "s": "x"}, {"_id": 2, "n": 2, "s": "x"}, {"_id": 3, "s": "y"}]),
    );
    let outcome = run(json!({
        "subject": "{{ job.name }}: {{ rows | length }} on {{ scheduled_at | date('%d.%m.%Y') }}",
        "body": "{% for row in rows %}{{ row._id }}={{ row.n }};{% endfor %}{{ execution.id }}#{{ execution.attempt }}",
        "query": {"connection": "crm", "collection": "orders", "filter": {"s": "x"}, "sort": {"n": -1}},
    }))
    .unwrap();
    let message = sent(&world);
    assert_eq!(message.subject, "Nightly: 2 on 15.01.2027");
    assert_eq!(message.text, "2=2;00000000000000000000000a=1;0123456789abcdef01234567#1");
    assert_eq!(outcome.details["rows"], 2);
    assert!(outcome.warnings.is_empty());
}

#[test]
fn rows_beyond_the_limit_are_left_out_with_a_warning() {
    let world = World::new();
    world.collection("orders", (0..30).map(|n| json!({"_id": n})).collect());
    let query = json!({"collection": "orders", "limit": 20});
    let outcome = run(json!({"body": "{{ rows | length }} {{ more_rows }}", "query": query})).unwrap();
    assert_eq!(sent(&world).text, "20 True");
    assert!(outcome.warnings[0].contains("more than 20"), "{:?}", outcome.warnings);
}

#[test]
fn html_always_has_a_text_beside_it_and_data_cannot_become_markup() {
    let world = World::new();
    world.collection("orders", json!([{"_id": "<script>alert(1)</script>"}]));
    let query = json!({"collection": "orders"});
    run(json!({"body_format": "html", "body": "<h1>Orders</h1><p>{{ rows[0]._id }}</p>", "query": query})).unwrap();
    let message = sent(&world);
    let html = message.html.unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert_eq!(message.text, "Orders\n\n<script>alert(1)</script>\n");
    run(json!({"body_format": "html", "body": "<html><body>x</body></html>"})).unwrap();
    assert_eq!(sent(&world).html.unwrap(), "<html><body>x</body></html>");
}

#[test]
fn markdown_becomes_html_and_reads_well_as_text() {
    let world = World::new();
    world.collection("orders", json!([{"_id": "*a* [x](javascript:1) <b>|"}]));
    let query = json!({"collection": "orders"});
    let body = "# Orders\n\n| id |\n| - |\n{% for row in rows %}| {{ row._id }} |\n{% endfor %}\n<i>raw</i>";
    run(json!({"body_format": "markdown", "body": body, "query": query})).unwrap();
    let message = sent(&world);
    let html = message.html.unwrap();
    assert!(html.contains("<h1>Orders</h1>") && html.contains("&lt;i&gt;raw"), "{html}");
    assert!(html.contains("<td>*a* [x](javascript:1) &lt;b&gt;|</td>"), "{html}");
    assert!(message.text.contains("| *a* [x](javascript:1) <b>| |"), "{}", message.text);
}

#[test]
fn a_subject_stays_one_line_whatever_the_data_holds() {
    let world = World::new();
    world.collection(
        "orders",
        json!([{"_id": 1, "s": "a\r\nBcc: evil@example.com\u{2028}=?utf-8?q?x?= \u{202e}b\u{0}"}]),
    );
    let query = json!({"collection": "orders"});
    run(json!({"subject": "{{ rows[0].s }}", "body": "{{ rows[0].s }}", "query": query})).unwrap();
    let message = sent(&world);
    assert_eq!(message.subject, "a Bcc: evil@example.com = ?utf-8?q?x?= b");
    assert!(!message.text.contains('\0'), "{:?}", message.text);
    let outcome = run(json!({"subject": "{{ 'x' * 900 }}"})).unwrap();
    assert!(sent(&world).subject.len() <= 403 && outcome.warnings[0].contains("cut"));
    let outcome = run(json!({"subject": "{{ job.nothing }}"})).unwrap();
    assert_eq!(sent(&world).subject, "A job");
    assert!(outcome.warnings[0].contains("empty"));
}

#[test]
fn files_are_attached_under_their_own_names() {
    let world = World::new();
    let large: Vec<u8> = (0..600_000_u32).flat_map(u32::to_le_bytes).take(600_000).collect();
    world.file("exports", "2027/users-2027-01-15.csv", b"a,b\n");
    world.file("exports", "big.bin", &large);
    let attachments = json!(["2027/users-{{ scheduled_at | date }}.csv", "big.bin"]);
    let outcome = run(json!({"attachments": attachments})).unwrap();
    let message = sent(&world);
    let seen: Vec<_> = message.attachments.iter().map(|one| (one.name.as_str(), one.content_type.as_str())).collect();
    assert_eq!(seen, [("users-2027-01-15.csv", "text/csv; charset=utf-8"), ("big.bin", "application/octet-stream")]);
    assert_eq!((message.attachments[0].bytes.as_slice(), &message.attachments[1].bytes), (&b"a,b\n"[..], &large));
    assert_eq!(outcome.details["attachments"][1]["size_bytes"], 600_000);
}

#[test]
fn a_file_that_is_missing_or_too_large_sends_nothing() {
    let world = World::new();
    world.file("exports", "big.bin", &vec![0; 41 << 20]);
    let failure = run(json!({"attachments": ["none.csv"]})).unwrap_err();
    assert!(failure.kind == FailureKind::Permanent && failure.message.contains("none.csv"), "{failure:?}");
    let failure = run(json!({"attachments": ["big.bin"]})).unwrap_err();
    assert!(failure.kind == FailureKind::Permanent && failure.message.contains("too large"), "{failure:?}");
    assert!(world.outbox().is_empty());
}

#[test]
fn a_refused_recipient_is_a_warning() {
    let world = World::new();
    world.receipt(Receipt {
        message_id: "<m@x>".into(),
        accepted: vec!["anna@example.com".into()],
        refused: vec![("bob@example.com".into(), "550 nobody here".into())],
    });
    let outcome = run(json!({"recipients": ["anna@example.com", "bob@example.com"]})).unwrap();
    assert_eq!(outcome.message, "sent “Hello” to 1 of 2 recipients");
    assert_eq!(outcome.warnings, ["bob@example.com was refused: 550 nobody here"]);
    assert_eq!(outcome.details["refused"][0]["answer"], "550 nobody here");
    assert_eq!((outcome.records_processed, outcome.records_affected), (2, 1));
}

#[test]
fn what_the_mail_server_says_decides_whether_another_try_makes_sense() {
    let world = World::new();
    for (kind, reason, expected) in [
        (ErrorKind::Unavailable, "mail-refused-for-now", FailureKind::Retryable),
        (ErrorKind::Timeout, "mail-timeout", FailureKind::Retryable),
        (ErrorKind::Invalid, "recipients-refused", FailureKind::Permanent),
        (ErrorKind::Denied, "not-granted", FailureKind::Permanent),
        (ErrorKind::NotFound, "unknown-identity", FailureKind::Permanent),
        // It may have been delivered.
        (ErrorKind::Unavailable, "outcome-unknown", FailureKind::Permanent),
    ] {
        let details = Some(r#"{"verb": "RCPT", "code": 450}"#.to_owned());
        let error = Error { kind, reason: reason.into(), message: "text".into(), retry_after_ms: None, details };
        world.fail_next_with("email.send", error);
        let failure = run(json!({})).unwrap_err();
        assert_eq!(failure.kind, expected, "{reason}");
        let details = failure.details.unwrap();
        assert_eq!((&details["error"]["reason"], &details["mail"]["code"]), (&json!(reason), &json!(450)));
    }
}

#[test]
fn a_run_that_should_stop_sends_nothing() {
    let world = World::new();
    world.stop_after(0);
    assert_eq!(run(json!({})).unwrap_err().kind, FailureKind::Interrupted);
    assert!(world.outbox().is_empty());
}

#[test]
fn every_problem_is_reported_at_once_and_pointed_at() {
    let found = problems(json!({
        "recipients": ["anna@example.com", "x", "a@example.com\r\nBcc: b@example.com"], "cc": ["-x@example.com"],
        "bcc": ["b@example.com, c@example.com"], "reply_to": "nobody", "subject": "{{ nope }}", "body": "{% if %}",
        "attachments": ["a", "{{ x"], "query": {"collection": "system.users", "limit": 5000, "sort": {"a": 2}},
    }));
    assert_eq!(
        found,
        [
            "/recipients/1",
            "/recipients/2",
            "/cc/0",
            "/bcc/0",
            "/reply_to",
            "/subject",
            "/body",
            "/attachments/1",
            "/query/collection",
            "/query/limit",
            "/query/sort/a",
        ]
    );
    for (parameters, pointer) in [
        (json!({"recipients": []}), "/recipients"),
        (json!({"cc": vec!["a@example.com"; 50]}), "/recipients"),
        (json!({"subject": " "}), "/subject"),
        (json!({"subject": "a\nb"}), "/subject"),
        (json!({"body": "{{ rows }}"}), "/body"),
        (json!({"query": {"connection": "crm", "collection": "a/b"}}), "/query/collection"),
        (json!({"colour": "red"}), "/colour"),
        (json!({"priority": "extreme"}), "/priority"),
    ] {
        assert_eq!(problems(parameters.clone()), [pointer], "{parameters}");
    }
}

#[test]
fn the_examples_of_the_schema_are_accepted_and_each_field_is_explained() {
    let schema = schema_of::<Parameters>();
    assert_eq!(schema["additionalProperties"], false);
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert!(fakes::validate::<EmailNotification>(example.clone()).is_empty(), "{example}");
    }
    for fields in [&schema["properties"], &schema["properties"]["query"]["properties"]] {
        for (name, field) in fields.as_object().unwrap() {
            for part in ["title", "description", "examples", "x-ui"] {
                assert!(field.get(part).is_some(), "{name} has no {part}: {field}");
            }
        }
    }
    let world = World::new();
    world.collection(
        "orders",
        json!([{"_id": 1, "status": "draft", "placed_at": {"$date": "2027-01-14T08:00:00Z"}, "items": [1, 2]}]),
    );
    world.file("exports", "users-2027-01-15.csv", b"a");
    for example in examples {
        fakes::execute::<EmailNotification>(example.clone()).unwrap();
    }
    assert_eq!(world.outbox().len(), 3);
}
