//! Grants that are narrower than what a template asks for: what stays, what is denied, what the log says.

use bson::doc;
use sandglass::model::grant::{Grant, Limits, Right};
use sandglass::model::outcome::{Limit, Outcome};
use sandglass_database::{Database, Find, collect};
use serde_json::{Value, json};

use crate::world::{Template, World, answers, count, reason};

fn grant(world: &World, template: &Template, rights: Value) {
    let rights: Vec<Right> = serde_json::from_value(rights).unwrap();
    let (template_type, digest) = (template.name.clone(), template.digest.clone());
    world.grants.set(Grant { template_type, digest, rights, limits: Limits::default() });
}

async fn people(world: &World) {
    let people = [
        doc! { "_id": 1, "name": "Ann", "address": { "city": "Ulm", "street": "Weg 1" }, "salary": 100 },
        doc! { "_id": 2, "name": "Bob", "address": { "city": "Bonn", "street": "Weg 2" }, "salary": 200 },
    ];
    assert_eq!(world.database.insert("people", people.to_vec()).await.unwrap().inserted, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_to_fields_shows_these_and_nothing_can_be_found_out_about_others() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    people(&world).await;
    let fields = json!({ "fields": ["name", "address.city"] });
    grant(
        &world,
        &template,
        json!([{ "capability": "documents", "target": "people", "access": ["read"], "extra": fields }]),
    );
    let steps = json!([
        { "op": "find", "sort": { "name": 1 } },
        { "op": "find", "filter": { "address.city": "Bonn" } },
        { "op": "distinct", "field": "address.city" },
        { "op": "find", "filter": { "salary": { "$gt": 150 } } },
        { "op": "find", "sort": { "salary": 1 } },
        { "op": "count", "filter": { "$or": [{ "salary": 100 }] } },
        { "op": "distinct", "field": "salary" },
        { "op": "find", "filter": { "$expr": { "$gt": ["$salary", 1] } } },
    ]);
    let (finished, heard) = world.run(&template, json!({ "collection": "people", "steps": steps })).await;
    let answers = answers(&finished);
    let ann = json!({ "_id": 1, "name": "Ann", "address": { "city": "Ulm" } });
    let bob = json!({ "_id": 2, "name": "Bob", "address": { "city": "Bonn" } });
    assert_eq!(answers[0]["ok"]["documents"], json!([ann, bob]), "{answers:?}");
    assert_eq!(answers[1]["ok"]["documents"], json!([bob]), "{answers:?}");
    assert_eq!(answers[2]["ok"]["values"].as_array().map(Vec::len), Some(2), "{answers:?}");
    for answer in &answers[3..] {
        assert_eq!((reason(answer), &answer["error"]["kind"]), ("field-not-granted", &json!("denied")), "{answer}");
    }
    let wider = r#"{"access":["read"],"capability":"documents","extra":{"fields":["name","address.city","salary"]},"target":"people"}"#;
    let granted: Value = serde_json::from_str(wider).unwrap();
    let details: Value = serde_json::from_str(answers[3]["error"]["details"].as_str().unwrap()).unwrap();
    assert_eq!(details["grant"], granted, "{answers:?}");

    // The log of the run holds the very grant, to be copied.
    let lines = heard.lines.lock().clone();
    let line = lines.iter().find(|line| line.message.contains("field-not-granted")).unwrap();
    let right = line.message.split("this grant would allow it: ").nth(1).unwrap();
    assert_eq!(serde_json::from_str::<Value>(right).unwrap(), granted, "{line:?}");
    grant(&world, &template, json!([granted]));
    let answers = world.probe(&template, json!({ "collection": "people", "steps": [steps[3], steps[6]] })).await;
    assert_eq!(answers[0]["ok"]["documents"].as_array().map(Vec::len), Some(1), "{answers:?}");
    assert_eq!(answers[1]["ok"]["values"].as_array().map(Vec::len), Some(2), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_to_write_fields_changes_these_and_no_whole_document() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    people(&world).await;
    let fields = json!({ "fields": ["name", "address.city"] });
    grant(
        &world,
        &template,
        json!([{ "capability": "documents", "target": "people", "access": ["write"], "extra": fields }]),
    );
    let steps = json!([
        { "op": "update", "filter": { "name": "Ann" }, "change": { "$set": { "address.city": "Köln" } } },
        { "op": "insert", "documents": [{ "_id": 3, "name": "Cat", "address": { "city": "Kiel" } }] },
        { "op": "update", "filter": {}, "change": { "$set": { "salary": 0 } }, "many": true },
        { "op": "update", "filter": { "salary": 100 }, "change": { "$set": { "name": "x" } } },
        { "op": "update", "filter": { "_id": 1 }, "change": { "name": "all that is left" } },
        { "op": "insert", "documents": [{ "_id": 4, "name": "Dan", "salary": 1 }] },
        { "op": "delete", "filter": { "_id": 1 } },
        { "op": "find" },
    ]);
    let answers = world.probe(&template, json!({ "collection": "people", "steps": steps })).await;
    assert_eq!(answers[0]["ok"]["modified"], 1, "{answers:?}");
    assert_eq!(answers[1]["ok"]["inserted"], 1, "{answers:?}");
    for answer in &answers[2..7] {
        assert_eq!(reason(answer), "field-not-granted", "{answer}");
    }
    assert_eq!(reason(&answers[7]), "not-granted", "writing is not reading");
    let stored = collect(world.database.find("people", Find::by(doc! {}).sorted(doc! { "_id": 1 })).await.unwrap());
    let expected = [
        doc! { "_id": 1, "name": "Ann", "address": { "city": "Köln", "street": "Weg 1" }, "salary": 100 },
        doc! { "_id": 2, "name": "Bob", "address": { "city": "Bonn", "street": "Weg 2" }, "salary": 200 },
        doc! { "_id": 3, "name": "Cat", "address": { "city": "Kiel" } },
    ];
    assert_eq!(stored.await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_to_fields_add_up() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    people(&world).await;
    let right = |target: &str, field: &str| json!({ "capability": "documents", "target": target, "access": ["read"], "extra": { "fields": [field] } });
    grant(&world, &template, json!([right("people", "name"), right("*", "salary"), right("other", "address")]));
    let answers =
        world.probe(&template, json!({ "collection": "people", "steps": [{ "op": "find", "filter": { "_id": 1 } }] }));
    assert_eq!(answers.await[0]["ok"]["documents"], json!([{ "_id": 1, "name": "Ann", "salary": 100 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_run_tells_each_kind_of_denial_once_with_its_grant() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    let steps = json!([
        count("orders"),
        count("orders"),
        { "op": "http", "url": "http://127.0.0.1:9/x", "method": "POST" },
        { "op": "email", "message": { "to": ["ann@example.com"], "subject": "x", "text": "y" } },
    ]);
    let (_, heard) = world.run(&template, json!({ "collection": "orders", "steps": steps })).await;
    let lines: Vec<String> = heard.lines.lock().iter().map(|line| line.message.clone()).collect();
    let denials: Vec<&String> = lines.iter().filter(|line| line.starts_with("denied: ")).collect();
    assert_eq!(denials.len(), 3, "{lines:?}");
    for (denial, grant) in denials.iter().zip([
        json!({ "capability": "documents", "target": "orders", "access": ["read"] }),
        json!({ "capability": "http", "target": "http://127.0.0.1:9", "access": ["send"], "extra": { "methods": ["POST"] } }),
        json!({ "capability": "email", "target": "default", "access": ["send"], "extra": { "recipients": ["ann@example.com"] } }),
    ]) {
        assert!(denial.contains("(not-granted)") && denial.ends_with(&grant.to_string()), "{denial}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lowers_the_size_of_results_and_of_logs() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    let log = |message: &str| json!({ "op": "log", "message": message });
    let steps = json!([log(&"x".repeat(60)), log(&"y".repeat(60)), log("z")]);
    world.grant(&template, &[], Limits { log_bytes: Some(100), ..Limits::default() });
    let (_, heard) = world.run(&template, json!({ "steps": steps })).await;
    let lines: Vec<String> = heard.lines.lock().iter().map(|line| line.message.clone()).collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with('x')).count(), 1, "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with('y') || line.starts_with('z')), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("2 further lines were not kept")), "{lines:?}");

    world.grant(&template, &[], Limits { result_bytes: Some(1_024), ..Limits::default() });
    let (finished, _) = world.run(&template, json!({ "steps": [{ "op": "random", "length": 2_000 }] })).await;
    assert!(matches!(&finished.outcome, Outcome::LimitReached { limit: Limit::ResultSize, .. }), "{finished:?}");
    let (finished, _) = world.run(&template, json!({ "steps": [{ "op": "random", "length": 10 }] })).await;
    assert!(matches!(&finished.outcome, Outcome::Success(_)), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lowers_the_computing_time() {
    let world = World::new();
    let template = world.load("test/hostile", &[]).await;
    world.grant(&template, &[], Limits { cpu_seconds: Some(1), ..Limits::default() });
    let (finished, _) = world.run(&template, json!({ "mode": "endless-loop" })).await;
    assert!(matches!(&finished.outcome, Outcome::LimitReached { limit: Limit::Cpu, .. }), "{finished:?}");
    assert!(finished.metrics.cpu_ms < 5_000.0, "the configuration allows ten seconds: {finished:?}");
}
