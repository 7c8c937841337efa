//! What goes wrong while an export runs, and what is left then.

use std::time::{Duration, Instant};

use sandglass_tests::wait_for;
use serde_json::json;

use super::{Scene, numbers, people};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_collection_is_a_clear_failure_and_an_empty_match_a_warning() {
    let scene = Scene::with(&[("people", people())]).await;
    for format in ["jsonl", "csv", "xlsx"] {
        let run = scene.export(json!({"collection": "poeple", "format": format})).await;
        assert_eq!(run["status"], "failed", "{run}");
        let error = run["error"].to_string();
        assert!(error.contains("no collection poeple in the connection default"), "{run}");
        assert_eq!(run["attempts"].as_array().map(Vec::len), Some(1), "{run}");
    }
    let run = scene.export(json!({"collection": "dynamic_jobs"})).await;
    assert_eq!(run["status"], "failed", "{run}");
    let run = scene.export(json!({"collection": "people", "folder": "etc"})).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(scene.files(), [""; 0]);
    let run = scene.export(json!({"collection": "people", "filter": {"name": "Nobody"}, "format": "json"})).await;
    assert_eq!(run["status"], "success", "{run}");
    assert!(run["result"]["warnings"].to_string().contains("no document matched"), "{run}");
    assert_eq!(std::fs::read_to_string(scene.path(&run["result"]["details"])).unwrap(), "[]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_ends_within_a_second_and_leaves_nothing() {
    let scene = Scene::with(&[("many", numbers(60_000))]).await;
    for format in ["jsonl", "csv", "xlsx"] {
        let parameters = json!({"collection": "many", "format": format, "file_name": "many-{execution}"});
        let job = scene.job(&format!("Long {format}"), parameters).await;
        let run = scene.client.post(&format!("/jobs/{job}/run"), &json!({})).await.ok();
        let path = format!("/executions/{}", run["id"].as_str().unwrap());
        wait_for("export under way", 120, || async {
            let run = scene.client.get(&path).await.ok();
            assert!(["queued", "running"].contains(&run["status"].as_str().unwrap()), "it ended too early: {run}");
            // What is half written stands in a hidden folder.
            (!scene.files().is_empty()).then_some(())
        })
        .await;
        let asked = Instant::now();
        assert_eq!(scene.client.post(&format!("{path}/cancel"), &json!({})).await.status / 100, 2);
        let run = wait_for("end of the export", 30, || async {
            let run = scene.client.get(&path).await.ok();
            // That it runs is stored a little after it does.
            (!["queued", "running"].contains(&run["status"].as_str().unwrap())).then_some(run)
        })
        .await;
        assert_eq!(run["status"], "cancelled", "{run}");
        // A second on a quiet machine; a busy one gets some more.
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        wait_for("nothing half-written", 10, || async { scene.files().is_empty().then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_folder_is_a_clear_failure_and_leaves_nothing() {
    let scene = Scene::set_up(&[("many", numbers(2_000)), ("people", people())], |setup| {
        setup.with("SANDGLASS_FOLDERS__EXPORTS__QUOTA_BYTES", "200000")
    })
    .await;
    for format in ["json", "jsonl", "csv"] {
        let run = scene.export(json!({"collection": "many", "format": format})).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(run["error"].to_string().contains("quota"), "{run}");
        assert_eq!(run["attempts"].as_array().map(Vec::len), Some(1), "{run}");
    }
    wait_for("nothing half-written", 10, || async { scene.files().is_empty().then_some(()) }).await;
    // What compresses well still fits.
    assert_eq!(scene.exported(json!({"collection": "many", "compression": "gzip"})).await["rows"], 2_000);
    assert_eq!(scene.exported(json!({"collection": "people"})).await["rows"], 3);
    assert!(scene.server.log().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_in_the_middle_of_an_export_ends_it_and_leaves_nothing() {
    let scene = Scene::with(&[("many", numbers(60_000)), ("people", people())]).await;
    let client = &scene.client;
    let documents = json!({"capability": "documents", "target": "*", "access": ["read"]});
    let files = json!({"capability": "files", "target": "exports", "access": ["read", "write"]});
    // What is left, and what the run is denied then; with nothing left at all it is its next read.
    let cases = [
        (json!({"rights": [files]}), "documents", "many", "read"),
        (json!({"rights": [documents]}), "files", "exports", "write"),
        (json!({"rights": []}), "documents", "many", "read"),
    ];
    for (left, capability, target, access) in cases {
        client.put("/templates/data_export/grant", &json!({"rights": [documents, files]})).await.ok();
        let parameters = json!({"collection": "many", "format": "csv", "file_name": "many-{execution}"});
        let job = scene.job(&format!("Long without {capability}"), parameters).await;
        let run = client.post(&format!("/jobs/{job}/run"), &json!({})).await.ok();
        let path = format!("/executions/{}", run["id"].as_str().unwrap());
        wait_for("export under way", 120, || async {
            let run = client.get(&path).await.ok();
            assert!(["queued", "running"].contains(&run["status"].as_str().unwrap()), "it ended too early: {run}");
            (!scene.files().is_empty()).then_some(())
        })
        .await;
        client.put("/templates/data_export/grant", &left).await.ok();
        let run = wait_for("end of the export", 60, || async {
            let run = client.get(&path).await.ok();
            (!["queued", "running"].contains(&run["status"].as_str().unwrap())).then_some(run)
        })
        .await;
        assert_eq!(run["status"], "failed", "{run}");
        let right = json!({"capability": capability, "target": target, "access": [access]});
        let error = run["error"].as_str().unwrap();
        assert!(error.contains("nothing that is granted allows this") && error.contains(&right.to_string()), "{error}");
        assert_eq!(run["attempts"].as_array().map(Vec::len), Some(1), "it is not tried again: {run}");
        let id = run["id"].as_str().unwrap();
        let denied = client.get(&format!("/audit?refused=denied&execution_id={id}")).await.ok();
        let entries = denied["entries"].as_array().unwrap();
        let is_it = |entry: &&serde_json::Value| entry["capability"] == capability && entry["target"] == target;
        assert!(entries.iter().any(|entry| is_it(&entry)), "{denied:#}");
        wait_for("nothing half-written", 10, || async { scene.files().is_empty().then_some(()) }).await;
    }
    client.put("/templates/data_export/grant", &json!({"rights": [documents, files]})).await.ok();
    assert_eq!(scene.exported(json!({"collection": "people"})).await["rows"], 3, "granted again it goes on");
}
