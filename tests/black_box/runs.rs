//! Runs while they last: overlap, time-outs, cancel, stopping the server, the stream of events.

use std::time::{Duration, Instant};

use sandglass_tests::{Client, Counterpart, Setup, wait_for};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A peer that takes the connection and never answers.
async fn silent_peer() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}/", listener.local_addr().unwrap()), listener)
}

async fn create(client: &Client, url: &str, timeout_seconds: u64, overlap_policy: &str) -> String {
    let body = json!({
        "name": "Waits", "template_type": "webhook_trigger",
        "parameters": {"url": url, "method": "POST", "timeout_seconds": 30, "retry": {"max_attempts": 1}},
        "schedule": {"type": "interval", "interval_seconds": 3600},
        "timeout_seconds": timeout_seconds, "overlap_policy": overlap_policy,
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn status(client: &Client, execution: &str) -> Value {
    client.get(&format!("/executions/{execution}")).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_manual_run_is_refused_with_the_first_ones_id_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let (url, _peer) = silent_peer().await;
    let job = create(&client, &url, 60, "skip").await;
    let first = client.post(&format!("/jobs/{job}/run"), &json!({})).await.ok();
    let second = client.post(&format!("/jobs/{job}/run"), &json!({})).await;
    assert_eq!(second.status, 409, "{second:?}");
    assert!(second.text.contains(first["id"].as_str().unwrap()), "{second:?}");
    let forced = client.post(&format!("/jobs/{job}/run"), &json!({"force": true})).await.ok();
    for run in [&first, &forced] {
        let cancelled = client.post(&format!("/executions/{}/cancel", run["id"].as_str().unwrap()), &json!({})).await;
        assert!((200..300).contains(&cancelled.status), "{cancelled:?}");
    }
    for run in [first, forced] {
        let id = run["id"].as_str().unwrap();
        wait_for("cancelled run", 20, || async { (status(&client, id).await["status"] == "cancelled").then_some(()) })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_blocked_in_a_host_call_ends_at_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let (url, _peer) = silent_peer().await;
    let job = create(&client, &url, 1, "skip").await;
    let run = client.post(&format!("/jobs/{job}/run?wait=60"), &json!({})).await.ok();
    assert_eq!(run["status"], "timeout", "{run}");
    let duration = run["duration_seconds"].as_f64().unwrap();
    assert!((1.0..20.0).contains(&duration), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let (url, peer) = silent_peer().await;
    let job = create(&client, &url, 300, "skip").await;
    let run = client.post(&format!("/jobs/{job}/run"), &json!({})).await.ok();
    let id = run["id"].as_str().unwrap();
    let _connection = peer.accept().await.unwrap();
    let began = Instant::now();
    client.post(&format!("/executions/{id}/cancel"), &json!({})).await.ok();
    wait_for("cancelled run", 20, || async { (status(&client, id).await["status"] == "cancelled").then_some(()) })
        .await;
    assert!(began.elapsed() < Duration::from_secs(20));
    let again = client.post(&format!("/executions/{id}/cancel"), &json!({})).await;
    assert_eq!(again.status, 409, "{again:?}");
    let rerun = client.post(&format!("/executions/{id}/rerun"), &json!({})).await.ok();
    assert_eq!((rerun["trigger"].as_str(), rerun["rerun_of"].as_str()), (Some("rerun"), Some(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_run_end_and_stores_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[(503, "")]).await;
    let body = json!({
        "name": "Almost done", "template_type": "webhook_trigger",
        "parameters": {"url": peer.url("/"), "method": "POST",
            "retry": {"max_attempts": 2, "initial_delay_ms": 1500, "jitter": 0}},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run", job["id"].as_str().unwrap()), &json!({})).await.ok();
    wait_for("first try", 30, || async { (peer.received().len() == 1).then_some(()) }).await;
    assert_eq!(server.terminate(60).await, Some(0));
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let id = run["id"].as_str().unwrap();
    // It either ended in time, or was handed over and is run again: it is never lost.
    wait_for("ended run", 60, || async { (status(&client, id).await["status"] == "success").then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_hear_of_a_run_from_its_start_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let mut stream = client.request("GET", "/events").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let peer = Counterpart::answering(&[]).await;
    let job = create(&client, &peer.url("/"), 30, "skip").await;
    let run = client.post(&format!("/jobs/{job}/run"), &json!({})).await.ok();
    let id = run["id"].as_str().unwrap();
    let mut heard = String::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !(heard.contains(id) && heard.contains("\"success\"")) {
        assert!(Instant::now() < deadline, "heard only {heard}");
        if let Ok(Ok(Some(chunk))) = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await {
            heard.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
    assert!(heard.contains("event: job"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_walks_the_checks_for_an_instant() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let job = create(&client, &peer.url("/"), 30, "skip").await;
    client.post(&format!("/jobs/{job}/disable"), &json!({})).await.ok();
    let why = client.get(&format!("/jobs/{job}/why?at=2030-01-01T00:00:00Z")).await.ok();
    assert!(why["answer"].as_str().unwrap().contains("disabled"), "{why}");
    assert!(why["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_status_count_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let job = create(&client, &peer.url("/"), 30, "skip").await;
    client.post(&format!("/jobs/{job}/run?wait=60"), &json!({})).await.ok();
    let status = client.get("/status").await.ok();
    assert_eq!(status["jobs"]["total"].as_u64().or(status["total_jobs"].as_u64()), Some(1), "{status}");
    let metrics = client.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text.contains("sandglass_") && !metrics.text.contains(&job), "{}", metrics.text);
}
