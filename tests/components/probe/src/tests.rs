use sandglass_sdk::fakes::{self, Reply, World};
use sandglass_sdk::{ErrorKind, FailureKind};
use serde_json::json;

use super::Probe;

#[test]
fn each_step_is_taken_in_order_and_its_answer_reported() {
    let world = World::new();
    world.reply(Reply::new(201).body("hello"));
    let outcome = fakes::execute::<Probe>(json!({"collection": "c", "steps": [
        {"op": "insert", "documents": [{"_id": 1, "a": 1}, {"_id": 1}]},
        {"op": "update", "filter": {"_id": 1}, "change": {"$set": {"a": 2}}},
        {"op": "find", "filter": {"a": 2}},
        {"op": "count"},
        {"op": "delete", "filter": {"_id": 1}},
        {"op": "http", "url": "https://example.com/", "body": "x", "method": "POST"},
        {"op": "wait", "milliseconds": 5},
        {"op": "log", "message": "m", "level": "warn"},
        {"op": "progress", "done": 1, "total": 2},
        {"op": "should_stop"}
    ]}))
    .unwrap();
    let answers = outcome.details.pointer("/answers").unwrap().as_array().unwrap().clone();
    let answer = |index: usize| answers[index]["ok"].clone();
    assert_eq!(answers.len(), 10);
    assert_eq!(answer(0), json!({"inserted": 1, "failed": [{"position": 1, "reason": "duplicate-key"}]}));
    assert_eq!(answer(1)["modified"], 1);
    assert_eq!(answer(2), json!({"documents": [{"_id": 1, "a": 2}]}));
    assert_eq!(answer(3), json!({"count": 1}));
    assert_eq!(answer(4), json!({"deleted": 1}));
    assert_eq!((answer(5)["status"].clone(), answer(5)["body"].clone()), (json!(201), json!("hello")));
    assert_eq!(answer(6), json!({"continues": true}));
    assert_eq!(answer(9), json!({"stop": false}));
    assert_eq!(world.requests()[0].text(), "x");
}

#[test]
fn a_message_goes_out_field_by_field() {
    let world = World::new();
    let message = json!({
        "to": ["a@example.com"], "subject": "s", "priority": "high", "headers": [["X-A", "b"]],
        "attachments": [{"name": "a.txt", "content_type": "text/plain", "text": "t"}],
    });
    let steps = json!([{"op": "email", "identity": "ops", "message": message}]);
    let outcome = fakes::execute::<Probe>(json!({"steps": steps})).unwrap();
    assert_eq!(outcome.details.pointer("/answers/0/ok/accepted/0").unwrap(), "a@example.com");
    let (identity, sent) = world.outbox().pop().unwrap();
    assert_eq!(
        (identity.as_str(), sent.subject.as_str(), sent.attachments[0].bytes.as_slice()),
        ("ops", "s", &b"t"[..])
    );
}

#[test]
fn an_error_is_reported_or_ends_the_run_as_asked() {
    let world = World::new();
    world.fail_next("documents.find", ErrorKind::Denied, "no-grant");
    let outcome = fakes::execute::<Probe>(json!({"steps": [{"op": "find"}, {"op": "count"}]})).unwrap();
    assert_eq!(outcome.details.pointer("/answers/0/error/kind"), Some(&json!("denied")));
    assert_eq!(outcome.details.pointer("/answers/1/ok/count"), Some(&json!(0)));

    world.fail_next("documents.find", ErrorKind::Unavailable, "down");
    let failure = fakes::execute::<Probe>(json!({"fail_on_error": true, "steps": [{"op": "find"}]})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Retryable);
}

#[test]
fn it_fails_only_before_the_attempt_that_is_named() {
    let world = World::new();
    let run = || fakes::execute::<Probe>(json!({"steps": [{"op": "fail", "kind": "retryable", "before_attempt": 3}]}));
    for attempt in [1, 2] {
        world.set_attempt(attempt);
        assert_eq!(run().unwrap_err().kind, FailureKind::Retryable);
    }
    world.set_attempt(3);
    assert!(run().is_ok());
}
