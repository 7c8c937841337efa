//! Against fakes of everything the host offers: no server, no component.

use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{ErrorKind, Failure, FailureKind, Outcome, schema_of};
use serde_json::json;

use super::Fresh;
use crate::Parameters;

/// Runs the template as the host does: the parameters are read and validated first.
fn run() -> Result<Outcome, Failure> {
    let parameters = json!({"collection": "orders", "field": "status"});
    fakes::execute::<Fresh>(parameters)
}

#[test]
fn every_value_is_counted() {
    let world = World::new();
    world.collection(
        "orders",
        json!([{"_id": 1, "status": "open"}, {"_id": 2, "status": "paid"}, {"_id": 3, "status": "open"}, {"_id": 4}]),
    );
    let outcome = run().unwrap();
    assert_eq!(outcome.details, json!({"counts": {"(none)": 1, "open": 2, "paid": 1}}));
    assert_eq!(outcome.records_processed, 4);
}

#[test]
fn a_run_that_is_asked_to_stop_ends_between_batches() {
    let world = World::new();
    world.collection("orders", json!([{"_id": 1, "status": "open"}]));
    world.stop_after(0);
    let failure = run().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted);
}

#[test]
fn what_no_grant_covers_is_not_tried_again() {
    let world = World::new();
    world.fail_next("documents.open", ErrorKind::Denied, "not-granted");
    let failure = run().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = fakes::validate::<Fresh>(json!({"collection": "system.users", "field": "a.b"}));
    let pointers = problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>();
    assert_eq!(pointers, ["/collection", "/field"]);
}

#[test]
fn the_form_asks_for_a_collection_and_a_field() {
    assert_eq!(schema_of::<Parameters>()["required"], json!(["collection", "field"]));
}
