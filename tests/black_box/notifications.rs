//! What follows from an outcome: retries, notifications, hooks.

use std::time::Duration;

use sandglass_tests::{Counterpart, Setup, wait_for};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_tried_again_after_its_delay_and_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[(500, ""), (500, "")]).await;
    let ear = Counterpart::answering(&[]).await;
    let body = json!({
        "name": "Twice wrong", "template_type": "webhook_trigger",
        "parameters": {"url": peer.url("/x"), "method": "POST", "retry": {"max_attempts": 1}},
        "schedule": {"type": "interval", "interval_seconds": 3600},
        "retry_policy": {"max_retries": 3, "retry_delay_seconds": 1},
        "notifications": {"on_success": [ear.url("/good")], "on_failure": [ear.url("/bad")]},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    let attempts = run["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 3, "{run}");
    let tries = peer.received();
    assert_eq!(tries.len(), 3);
    assert!(tries.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_secs(1)));
    assert!(tries.iter().all(|received| received.header("idempotency-key") == run["id"].as_str()));
    let told =
        wait_for("notification", 30, || async { Some(ear.received()).filter(|received| !received.is_empty()) }).await;
    assert_eq!((told.len(), told[0].path.as_str()), (1, "/good"));
    let told: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert!(told.to_string().contains(run["id"].as_str().unwrap()) && told.to_string().contains("success"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_run_before_and_after_and_a_failing_one_before_stops_the_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let mut body = json!({
        "name": "Hooked", "template_type": "webhook_trigger",
        "parameters": {"url": peer.url("/work"), "method": "POST"},
        "schedule": {"type": "interval", "interval_seconds": 3600},
        "hooks": {"pre": [{"http": {"url": peer.url("/before")}}], "post": [{"http": {"url": peer.url("/after")}}]},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    let paths = wait_for("post hook", 30, || async {
        Some(peer.received().iter().map(|received| received.path.clone()).collect::<Vec<_>>())
            .filter(|paths| paths.len() == 3)
    })
    .await;
    assert_eq!(paths, ["/before", "/work", "/after"]);

    let gate = Counterpart::answering(&[(403, "no")]).await;
    let work = Counterpart::answering(&[]).await;
    body["name"] = json!("Stopped");
    body["parameters"]["url"] = json!(work.url("/work"));
    body["hooks"] = json!({"pre": [{"http": {"url": gate.url("/may-i")}}]});
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!((run["status"].as_str(), work.received().len()), (Some("failed"), 0), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_is_not_tried_again_and_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let ear = Counterpart::answering(&[]).await;
    let body = json!({
        "name": "Forbidden", "template_type": "database_cleanup",
        "parameters": {"collection": "dynamic_jobs", "conditions": {"a": 1}, "dry_run": false},
        "schedule": {"type": "interval", "interval_seconds": 3600},
        "retry_policy": {"max_retries": 3, "retry_delay_seconds": 1},
        "notifications": {"on_failure": [ear.url("/bad"), "ops@example.com"]},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!((run["status"].as_str(), run["attempts"].as_array().map(Vec::len)), (Some("failed"), Some(1)), "{run}");
    wait_for("notification", 30, || async { (ear.received().len() == 1).then_some(()) }).await;
    let logs = wait_for("word on the mail that cannot be sent", 30, || async {
        let logs = client.get(&format!("/executions/{}/logs", run["id"].as_str().unwrap())).await.ok().to_string();
        logs.contains("ops@example.com").then_some(logs)
    })
    .await;
    assert!(logs.contains("WARNING"), "{logs}");
}
