//! Grants on the real server: narrowed and taken away while a run is on, and what is told about it.

use std::path::Path;

use sandglass_tests::{Client, Counterpart, Setup, command, wait_for};
use serde_json::{Value, json};

fn import(folder: &Path, collection: &str, documents: &[Value]) {
    let file = folder.join(format!("{collection}.jsonl"));
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = command(folder).args(["data", "import", "--collection", collection]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn job(client: &Client, body: Value) -> String {
    let mut whole = json!({ "name": "A job", "schedule": { "type": "interval", "interval_seconds": 86_400 } });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    client.post("/jobs", &whole).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn ended(client: &Client, execution: &str) -> Value {
    wait_for("the end of the run", 60, || async {
        let run = client.get(&format!("/executions/{execution}")).await.ok();
        (run["completed_at"].is_string() && run["status"] != "running").then_some(run)
    })
    .await
}

/// The right in the log of a run that would allow what was denied.
async fn right_in_log(client: &Client, execution: &str) -> Value {
    let log = client.get(&format!("/executions/{execution}/logs?limit=1000")).await.ok();
    let lines = log["logs"].as_array().unwrap_or_else(|| panic!("{log}"));
    let line = lines.iter().filter_map(|line| line["message"].as_str()).find(|line| line.starts_with("denied: "));
    let line = line.unwrap_or_else(|| panic!("no denial in {log:#}"));
    serde_json::from_str(line.split("this grant would allow it: ").nth(1).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_in_the_middle_ends_the_run_and_the_log_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let old = |number: i64| json!({ "_id": number, "created_at": { "$date": "2020-01-01T00:00:00Z" } });
    import(folder.path(), "visits", &(0..400).map(old).collect::<Vec<_>>());
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let parameters = |batch: u32| json!({ "collection": "visits", "days_old": 30, "batch_size": batch, "pause_ms": 50, "dry_run": false });
    let body = json!({ "template_type": "database_cleanup", "parameters": parameters(1) });
    let id = job(&client, body.clone()).await;
    let started = client.post(&format!("/jobs/{id}/run"), &json!({})).await.ok();
    let execution = started["id"].as_str().unwrap().to_owned();
    let effects = || async {
        let effects = client.get(&format!("/executions/{execution}/effects")).await.ok();
        effects["effects"].as_array().unwrap().clone()
    };
    let is_delete = |effect: &&Value| effect["operation"] == "delete" && effect["outcome"]["verdict"] == "allowed";
    wait_for("the first deletions", 60, || async {
        (effects().await.iter().filter(is_delete).count() >= 3).then_some(())
    })
    .await;

    // Reading stays, and writing elsewhere.
    let narrow = json!([
        { "capability": "documents", "target": "visits", "access": ["read"] },
        { "capability": "documents", "target": "elsewhere", "access": ["write"] },
    ]);
    let seen = client.get("/templates/database_cleanup/grant").await.ok();
    assert_eq!(seen["is_default"], true, "{seen}");
    let put = client.request("PUT", "/templates/database_cleanup/grant").header("if-match", "\"1\"");
    let set = client.send(put.json(&json!({ "rights": narrow }))).await.ok();
    assert_eq!((&set["version"], &set["set_by"], &set["warnings"]), (&json!(2), &json!("admin"), &json!([])), "{set}");

    let run = ended(&client, &execution).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().is_some_and(|error| error.contains("nothing that is granted allows this")), "{run}");
    let deleted = effects().await.iter().filter(is_delete).count();
    assert!((3..400).contains(&deleted), "{deleted} were deleted");
    let denied = client.get(&format!("/audit?refused=denied&execution_id={execution}")).await.ok();
    let [entry] = denied["entries"].as_array().unwrap().as_slice() else { panic!("{denied:#}") };
    assert_eq!((&entry["operation"], &entry["target"]), (&json!("delete"), &json!("visits")), "{entry}");
    assert_eq!(entry["outcome"], json!({ "verdict": "denied", "reason": "not-granted" }));
    let changes = client.get("/audit?kind=change&action=grant.set").await.ok();
    assert_eq!(changes["entries"][0]["details"]["after"]["rights"], narrow, "{changes:#}");

    // The same is known before the next run, and afterwards beside what was used.
    let right = right_in_log(&client, &execution).await;
    assert_eq!(right, json!({ "capability": "documents", "target": "visits", "access": ["write"] }));
    let mut asked = body.clone();
    asked["name"] = json!("Asked");
    asked["schedule"] = json!({ "type": "interval", "interval_seconds": 60 });
    let forecast = client.post("/jobs/validate", &asked).await.ok()["forecast"].clone();
    assert_eq!(forecast["would_run"], false, "{forecast:#}");
    assert_eq!(forecast["denied"][0]["grant_that_would_allow"], right, "{forecast:#}");
    let whole = client.get("/templates/database_cleanup/capabilities").await.ok();
    let documents =
        whole["capabilities"].as_array().unwrap().iter().find(|one| one["capability"] == "documents").unwrap();
    let delete = documents["functions"].as_array().unwrap().iter().find(|one| one["operation"] == "delete").unwrap();
    assert_eq!(delete["used"]["count"].as_u64(), Some(deleted as u64), "{delete:#}");
    assert_eq!(
        (&delete["denied"]["count"], &delete["denied"]["targets"]),
        (&json!(1), &json!(["visits"])),
        "{delete:#}"
    );
    let find = documents["functions"].as_array().unwrap().iter().find(|one| one["operation"] == "next").unwrap();
    assert!(find["used"]["count"].as_u64() > Some(0), "{find:#}");

    // The line of the log, granted, lets the next run do the rest.
    let mut rights = narrow.as_array().unwrap().clone();
    rights.push(right);
    client.put("/templates/database_cleanup/grant", &json!({ "rights": rights })).await.ok();
    assert_eq!(client.post("/jobs/validate", &asked).await.ok()["forecast"]["would_run"], true);
    let run = client.post(&format!("/jobs/{id}/run?wait=120"), &json!({ "parameters": parameters(500) })).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(run["result"]["details"]["deleted"].as_u64(), Some(400 - deleted as u64), "{run}");

    // A grant outlives the server, and its history too.
    assert_eq!(server.terminate(60).await, Some(0));
    let server = Setup::on(folder.path()).start().await;
    let kept = server.client().get("/templates/database_cleanup/grant").await.ok();
    assert_eq!((&kept["version"], &kept["rights"]), (&json!(3), &json!(rights)), "{kept}");
    assert_eq!(server.terminate(60).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_narrowed_between_two_tries_sends_no_second_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[(503, "later"); 50]).await;
    let body = json!({
        "template_type": "webhook_trigger",
        "parameters": { "url": peer.url("/hook"), "method": "POST", "body": { "a": 1 } },
        "retry_policy": { "max_retries": 3, "retry_delay_seconds": 3 },
    });
    let id = job(&client, body).await;
    let started = client.post(&format!("/jobs/{id}/run"), &json!({})).await.ok();
    let execution = started["id"].as_str().unwrap();
    wait_for("the first try", 60, || async { (!peer.received().is_empty()).then_some(()) }).await;
    let only_get =
        json!([{ "capability": "http", "target": peer.url(""), "access": ["send"], "extra": { "methods": ["GET"] } }]);
    client.put("/templates/webhook_trigger/grant", &json!({ "rights": only_get })).await.ok();
    let sent = peer.received().len();
    let run = ended(&client, execution).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(peer.received().len() <= sent + 1, "one may have been on its way, no further one was sent: {run}");
    let right = right_in_log(&client, execution).await;
    let expected =
        json!({ "capability": "http", "target": peer.url(""), "access": ["send"], "extra": { "methods": ["POST"] } });
    assert_eq!(right, expected);

    let fine = Counterpart::answering(&[]).await;
    let narrowed =
        json!([{ "capability": "http", "target": fine.url(""), "access": ["send"], "extra": { "methods": ["POST"] } }]);
    client.put("/templates/webhook_trigger/grant", &json!({ "rights": narrowed })).await.ok();
    let there = json!({ "parameters": { "url": fine.url("/hook"), "method": "POST", "body": { "a": 1 } } });
    let run = client.post(&format!("/jobs/{id}/run?wait=60"), &there).await.ok();
    assert_eq!((&run["status"], fine.received().len()), (&json!("success"), 1), "{run}");

    // Nothing at all: it does not even start.
    client.delete("/templates/webhook_trigger/grant").await.ok();
    let refused = client.post(&format!("/jobs/{id}/run"), &there).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("template_not_ready")), "{refused:?}");
    assert_eq!(fine.received().len(), 1);
    client.put("/templates/webhook_trigger/grant", &json!({ "as_asked": true })).await.ok();
    let run = client.post(&format!("/jobs/{id}/run?wait=60"), &there).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(server.terminate(60).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_narrowed_to_fields_holds_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let people: Vec<Value> =
        (0..50).map(|n| json!({ "_id": n, "name": format!("p{n}"), "salary": 1_000 + n })).collect();
    import(folder.path(), "people", &people);
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let right =
        json!({ "capability": "documents", "target": "people", "access": ["read"], "extra": { "fields": ["name"] } });
    client.put("/templates/data_export/grant", &json!({ "rights": [right] })).await.ok();
    let export = |more: Value| {
        let mut parameters = json!({ "collection": "people", "format": "json", "destination": "memory" });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let client = client.clone();
        async move {
            let id = job(&client, json!({ "template_type": "data_export", "parameters": parameters })).await;
            client.post(&format!("/jobs/{id}/run?wait=60"), &json!({})).await.ok()
        }
    };
    let run = export(json!({})).await;
    assert_eq!(run["status"], "success", "{run}");
    let text = run["result"].to_string();
    assert!(text.contains("p49") && !text.contains("salary") && !text.contains("1049"), "{text}");
    let refused = export(json!({ "filter": { "salary": { "$gt": 1_040 } } })).await;
    assert_eq!(refused["status"], "failed", "{refused}");
    let wider = right_in_log(&client, refused["id"].as_str().unwrap()).await;
    assert_eq!(wider["extra"]["fields"], json!(["name", "salary"]));
    client.put("/templates/data_export/grant", &json!({ "rights": [wider] })).await.ok();
    let run = export(json!({ "filter": { "salary": { "$gt": 1_040 } } })).await;
    assert_eq!((&run["status"], &run["result"]["records_processed"]), (&json!("success"), &json!(9)), "{run}");
    assert_eq!(server.terminate(60).await, Some(0));
}
