//! What the gate lets through, what it records, and what it costs.

use std::sync::Arc;
use std::time::Duration;

use bson::doc;
use sandglass::model::audit::Verdict;
use sandglass::model::grant::{Grant, Limits, Right};
use sandglass::model::{Incarnation, SystemClock};
use sandglass::repository::audit;
use sandglass::sandbox::{Runner as _, Sandbox};
use sandglass_database::Database;
use sandglass_database::embedded::{Embedded, Options};
use serde_json::json;

use crate::world::{Template, World, answers, cache, component, count, gates_over, http, reason, settings};

/// What is wrong with the chain of `host`.
async fn fault(database: &dyn Database, host: &Incarnation, head: &audit::Head) -> Option<audit::Fault> {
    let heads = [(host.0.clone(), vec![head.clone()])].into();
    let reports = audit::verify(database, &heads).await.unwrap();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.into_iter().next().unwrap().fault
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_granted_by_default_and_the_denial_names_the_grant() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    let (run, _) = template.run(json!({ "collection": "orders", "steps": [count("orders"), count("orders")] }));
    let execution = run.execution;
    let answers = answers(&world.sandbox.run(run).await);
    assert_eq!(answers.len(), 2);
    assert_eq!(reason(&answers[0]), "not-granted");
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains(r#"{"capability":"documents","target":"orders","access":["read"]}"#), "{message}");

    let records = world.audit.of_execution(execution).await.unwrap();
    assert_eq!(records.len(), 1, "a repeated denial is one record: {records:?}");
    assert_eq!(records[0].verdict, Verdict::Denied { reason: "not-granted".into() });
    assert_eq!((records[0].capability.as_str(), records[0].target.as_str()), ("documents", "orders"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_reaches_what_the_job_names_and_nothing_else() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read")]).await;
    let steps = json!([
        count("orders"),
        count("customers"),
        count("dynamic_jobs"),
        count("Sandglass_Audit"),
        count("crm/orders"),
        count("a$b"),
        { "op": "insert", "documents": [{ "a": 1 }] },
    ]);
    let answers = world.probe(&template, json!({ "collection": "orders", "steps": steps })).await;
    assert_eq!(answers[0]["ok"]["count"], 0, "{answers:?}");
    let reasons: Vec<&str> = answers[1..].iter().map(reason).collect();
    assert_eq!(
        reasons,
        ["not-asked", "own-collection", "own-collection", "not-asked", "collection-name", "not-granted"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_cannot_name_a_collection_of_sandglass_itself() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "param:/collection", "read write")]).await;
    for own in sandglass::model::grant::OWN_COLLECTIONS {
        let parameters = json!({ "collection": own, "steps": [count(own)] });
        assert_eq!(reason(&world.probe(&template, parameters).await[0]), "own-collection", "{own}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_works_at_the_next_call() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read")]).await;
    let steps = json!([count("orders"), { "op": "log", "message": "now" }, { "op": "wait", "milliseconds": 1_000 }, count("orders")]);
    let (run, heard) = template.run(json!({ "collection": "orders", "steps": steps }));
    let sandbox = world.sandbox.clone();
    let task = tokio::spawn(async move { sandbox.run(run).await });
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while heard.lines.lock().is_empty() {
        assert!(tokio::time::Instant::now() < until, "the run never got to its log line");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.grants.revoke(&template.name, &template.digest);
    let answers = answers(&task.await.unwrap());
    assert_eq!(answers[0]["ok"]["count"], 0);
    assert_eq!(reason(&answers[3]), "not-granted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_on_record_before_it_takes_place_and_completed_after() {
    let world = World::new();
    world.audit.prepare().await.unwrap();
    let template = world.load("test/probe", &[("documents", "*", "read write")]).await;
    let steps = json!([
        { "op": "insert", "documents": [{ "_id": 1, "n": 1 }, { "_id": 2, "n": 2 }, { "_id": 1 }] },
        { "op": "update", "filter": { "n": { "$gte": 1 } }, "change": { "$inc": { "n": 1 } }, "many": true },
        { "op": "delete", "filter": { "_id": 1 } },
        { "op": "find", "filter": {} },
        { "op": "count" },
    ]);
    let (run, heard) = template.run(json!({ "collection": "orders", "steps": steps }));
    let execution = run.execution;
    let finished = world.sandbox.run(run).await;
    let answers = answers(&finished);
    assert_eq!(answers[0]["ok"]["inserted"], 2, "{answers:?}");
    assert_eq!(answers[1]["ok"]["modified"], 2, "{answers:?}");
    assert_eq!(answers[2]["ok"]["deleted"], 1, "{answers:?}");
    assert_eq!(answers[3]["ok"]["documents"], json!([{ "_id": 2, "n": 3 }]), "{answers:?}");

    world.audit.flush().await.unwrap();
    let records = world.audit.of_execution(execution).await.unwrap();
    let seen: Vec<_> = records.iter().map(|record| (record.operation.as_str(), record.usage.items)).collect();
    assert_eq!(seen, [("insert", 2), ("update", 2), ("delete", 1)]);
    assert!(records.iter().all(|record| record.verdict == Verdict::Allowed), "{records:?}");
    assert!(world.audit.may_have_written(execution, 1).await.unwrap());
    assert!(!world.audit.may_have_written(execution, 2).await.unwrap());

    let reads = heard.reads.lock().clone();
    let count = reads.iter().find(|sum| sum.operation == "count").unwrap();
    assert_eq!((count.calls, count.target.as_str()), (1, "orders"));
    let next = reads.iter().find(|sum| sum.operation == "next").unwrap();
    assert_eq!(next.usage.items, 1);
    assert!(finished.metrics.effects >= 6, "{:?}", finished.metrics);
    assert!(finished.metrics.peak_memory_bytes > 0 && finished.metrics.cpu_ms > 0.0, "{:?}", finished.metrics);

    let head = world.audit.head();
    assert_eq!(head.length, 6, "three effects, three ends");
    assert_eq!(fault(&world.database, &world.host, &head).await, None);
    let edit = sandglass_database::Update::one(doc! { "seq": 2i64 }, doc! { "$set": { "target": "elsewhere" } });
    assert_eq!(world.database.update(audit::COLLECTION, edit).await.unwrap().modified, 1);
    let found = fault(&world.database, &world.host, &head).await;
    assert_eq!(found, Some(audit::Fault::Edited { seq: 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_cannot_be_recorded_does_not_take_place() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read write")]).await;
    // An index that no second entry of a host can satisfy: the chain cannot be continued.
    let index = sandglass_database::Index::on(doc! { "host": 1 }).unique();
    world.database.create_index(audit::COLLECTION, index).await.unwrap();
    let insert = |id: i32| json!({ "op": "insert", "documents": [{ "_id": id }] });
    let blocked = doc! { "_id": "blocked", "host": &world.host.0, "seq": -1i64 };
    world.database.insert(audit::COLLECTION, vec![blocked]).await.unwrap();
    let parameters = json!({ "collection": "orders", "steps": [insert(1), insert(2)] });
    let answers = world.probe(&template, parameters).await;
    assert_eq!((reason(&answers[0]), reason(&answers[1])), ("audit-unavailable", "audit-unavailable"));
    assert_eq!(world.database.count("orders", doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_that_finds_nothing_writes_nothing() {
    let world = World::new();
    let template = world.load("database_cleanup", &[("documents", "*", "read write")]).await;
    let parameters = json!({ "collection": "orders", "conditions": { "state": "old" }, "dry_run": false });
    let (run, heard) = template.run(parameters);
    let finished = world.sandbox.run(run).await;
    assert!(matches!(finished.outcome, sandglass::model::outcome::Outcome::Success(_)), "{finished:?}");
    world.audit.flush().await.unwrap();
    assert_eq!(world.database.count(audit::COLLECTION, doc! {}).await.unwrap(), 0);
    assert!(!heard.reads.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_its_lease_does_nothing_more() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read write")]).await;
    let (run, _) = template.run(json!({ "collection": "orders", "steps": [
        count("orders"), { "op": "insert", "documents": [{}] },
    ] }));
    run.lease.extend(Duration::ZERO);
    let answers = answers(&world.sandbox.run(run).await);
    assert_eq!((reason(&answers[0]), reason(&answers[1])), ("lease-lost", "lease-lost"));
    assert_eq!(world.database.count("orders", doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_and_not_passed_on() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read write")]).await;
    let many: Vec<_> = (0..1_001).map(|_| json!({})).collect();
    let steps = json!([
        { "op": "count", "filter": { "$where": "1" } },
        { "op": "find", "filter": { "a": { "$nosuch": 1 } } },
        { "op": "insert", "documents": many },
        { "op": "update", "filter": {}, "change": { "$nosuch": { "a": 1 } } },
    ]);
    let parameters = json!({ "collection": "orders", "steps": steps });
    let answers = world.probe(&template, parameters).await;
    let kinds: Vec<_> = answers.iter().map(|answer| answer["error"]["kind"].as_str().unwrap_or("none")).collect();
    assert_eq!(kinds, ["invalid", "invalid", "limit", "invalid"], "{answers:?}");
    assert_eq!(world.database.count("orders", doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_come_in_batches_and_keep_their_types() {
    let world = World::new();
    let template = world.load("test/probe", &[("documents", "*", "read")]).await;
    let documents = (0..2_500).map(|n| doc! { "_id": n, "long": i64::from(n), "date": bson::DateTime::from_millis(0) });
    world.database.insert("orders", documents.collect()).await.unwrap();
    let steps = json!([{ "op": "find", "filter": {}, "sort": { "_id": 1 } }]);
    let answers = world.probe(&template, json!({ "collection": "orders", "steps": steps })).await;
    let found = answers[0]["ok"]["documents"].as_array().unwrap();
    assert!(found.len() >= 100, "{} documents", found.len());
    assert_eq!(
        found[7],
        json!({ "_id": 7, "long": { "$numberLong": "7" }, "date": { "$date": "1970-01-01T00:00:00Z" } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_knows_its_run() {
    let world = World::new();
    let template = world.load("test/probe", &[]).await;
    let (run, heard) = template.run(json!({ "steps": [
        { "op": "execution" }, { "op": "clock" }, { "op": "random", "length": 32 },
        { "op": "progress", "done": 1, "total": 2, "note": "half\u{1b}[31m" },
        { "op": "progress", "done": 2, "total": 2, "note": "all" },
        { "op": "log", "message": "a\nb", "level": "warn", "fields": { "k": "v" } }, { "op": "should_stop" },
    ] }));
    let execution = run.execution.to_string();
    let answers = answers(&world.sandbox.run(run).await);
    let told = answers[0]["ok"].to_string();
    assert!(told.contains(&execution) && told.contains("a job"), "{told}");
    assert_eq!(answers[2]["ok"]["hex"].as_str().map(str::len), Some(64), "{answers:?}");
    assert_eq!(answers[6]["ok"]["stop"], false, "{answers:?}");
    let notes: Vec<String> = heard.progress.lock().iter().map(|progress| progress.note.clone()).collect();
    assert_eq!(notes, ["half[31m", "all"]);
    let lines = heard.lines.lock();
    assert_eq!(lines[0].message, "a\\nb k=v");
    assert_eq!(lines[0].level, sandglass::model::log::Level::Warning);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_at_once_share_one_unbroken_chain_on_the_embedded_engine() {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::open(folder.path(), Options::default()).unwrap();
    let database: Arc<dyn Database> = Arc::new(database);
    let (gates, grants, audit, host) = gates_over(database.clone(), &http(&[]), tempfile::tempdir().unwrap().path());
    audit.prepare().await.unwrap();
    let sandbox =
        Sandbox::with_compiler(&settings(), cache(), gates, Arc::new(SystemClock), crate::world::program()).unwrap();
    let digest = sandbox.admit(&component("test/probe")).await.unwrap();
    let template = Template { name: "probe".into(), digest: digest.clone() };
    grants.set(Grant {
        template_type: "probe".into(),
        digest,
        rights: vec![Right {
            capability: "documents".into(),
            target: "*".into(),
            access: vec!["read".into(), "write".into()],
            extra: None,
        }],
        limits: Limits::default(),
    });
    let runs: Vec<_> = (0..50)
        .map(|number| {
            let steps = json!([
                { "op": "insert", "documents": [{ "run": number }, { "run": number }] },
                { "op": "delete", "filter": { "run": number }, "limit": 1 },
                { "op": "find", "filter": { "run": number } },
            ]);
            let (run, _) = template.run(json!({ "collection": "orders", "steps": steps }));
            let sandbox = sandbox.clone();
            tokio::spawn(async move { sandbox.run(run).await })
        })
        .collect();
    for run in runs {
        let answers = answers(&run.await.unwrap());
        assert_eq!(answers[1]["ok"]["deleted"], 1, "{answers:?}");
        assert_eq!(answers[2]["ok"]["documents"].as_array().map(Vec::len), Some(1), "{answers:?}");
    }
    audit.flush().await.unwrap();
    let head = audit.head();
    assert_eq!(head.length, 200, "50 runs with two effects, each with its end");
    assert_eq!(fault(&*database, &host, &head).await, None);
    assert_eq!(database.count("orders", doc! {}).await.unwrap(), 50);
}
