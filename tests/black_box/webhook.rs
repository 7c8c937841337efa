//! A webhook job against a real HTTP server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sandglass_tests::{Counterpart, Setup};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_twice_is_tried_three_times_under_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[(503, "not now"), (500, "still not")]).await;
    let body = json!({
        "name": "Tell the shop", "template_type": "webhook_trigger",
        "parameters": {"url": peer.url("/hook?x=1"), "method": "POST", "body": {"order": 7},
            "retry": {"max_attempts": 3, "initial_delay_ms": 200, "multiplier": 2, "jitter": 0}},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");

    let received = peer.received();
    assert_eq!(received.len(), 3);
    for request in &received {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook?x=1"));
        assert_eq!(request.header("idempotency-key"), run["id"].as_str());
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("Sandglass/")));
        assert!(request.header("traceparent").is_some());
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&request.body).unwrap(), json!({"order": 7}));
    }
    let first = received[1].at - received[0].at;
    let second = received[2].at - received[1].at;
    assert!(first >= Duration::from_millis(200) && second >= Duration::from_millis(400), "{first:?}, {second:?}");
    assert_eq!(run["result"]["details"]["status"], 200, "{run}");
    assert_eq!(run["result"]["details"]["attempts"].as_array().map(Vec::len), Some(3), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_cannot_reach_the_hosts_own_network() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).with("SANDGLASS_HTTP__ALLOWED_NETWORKS", "").start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let port = peer.url("").rsplit(':').next().unwrap().to_owned();
    let mut tried = 0;
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
        let body = json!({
            "name": format!("To {host}"), "template_type": "webhook_trigger",
            "parameters": {"url": format!("http://{host}:{port}/"), "method": "GET", "retry": {"max_attempts": 1}},
            "schedule": {"type": "interval", "interval_seconds": 3600},
        });
        let job = client.post("/jobs", &body).await.ok();
        let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
        assert_eq!(run["status"], "failed", "{host}: {run}");
        tried += 1;
    }
    assert_eq!((tried, peer.received().len()), (8, 0));
}

/// Sends its headers at once and then a byte every 50 ms, for as long as somebody reads. Gives its address and the number
/// of bytes it has sent.
async fn dripping() -> (String, Arc<AtomicU64>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if socket.read(&mut buffer).await.is_ok() {
                    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
                    let mut open = socket.write_all(head).await.is_ok();
                    while open {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        open = socket.write_all(b"x").await.is_ok();
                        count.fetch_add(u64::from(open), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    (url, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeout_of_a_try_covers_a_body_that_drips() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let (url, sent) = dripping().await;
    let body = json!({
        "name": "Drip", "template_type": "webhook_trigger", "timeout_seconds": 300,
        "parameters": {"url": url, "method": "GET", "timeout_seconds": 2, "expect": {"/a": 1},
            "retry": {"max_attempts": 1}},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = client.post("/jobs", &body).await.ok();
    let began = std::time::Instant::now();
    let run = client.post(&format!("/jobs/{}/run?wait=120", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "failed", "{run}");
    let tries = run["result"]["details"]["attempts"].clone();
    let details = run.to_string();
    assert!(details.contains("the body did not come in time"), "{run}");
    // Each drop comes well within the two seconds; only a bound over all of them can end this.
    assert!(sent.load(Ordering::Relaxed) >= 5, "{} drops", sent.load(Ordering::Relaxed));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}, {tries}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Counterpart::answering(&[]).await;
    let mut setup = Setup::on(folder.path());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        setup = setup.with(name, &proxy.url(""));
    }
    let server = setup.with("NO_PROXY", "").start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    // The second one leads nowhere: a proxy would have been glad to help.
    for (url, expected) in [(peer.url("/"), "success"), ("http://nowhere.invalid/".to_owned(), "failed")] {
        let body = json!({
            "name": "Past the proxy", "template_type": "webhook_trigger",
            "parameters": {"url": url, "method": "GET", "retry": {"max_attempts": 1}},
            "schedule": {"type": "interval", "interval_seconds": 3600},
        });
        let job = client.post("/jobs", &body).await.ok();
        let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
        assert_eq!(run["status"], expected, "{run}");
    }
    assert_eq!((peer.received().len(), proxy.received().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_a_body_and_has_none_says_that_it_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    for (number, (method, length)) in
        [("POST", Some("0")), ("PUT", Some("0")), ("PATCH", Some("0")), ("GET", None), ("DELETE", None)]
            .into_iter()
            .enumerate()
    {
        let body = json!({
            "name": method, "template_type": "webhook_trigger", "parameters": {"url": peer.url("/"), "method": method},
            "schedule": {"type": "interval", "interval_seconds": 3600},
        });
        let job = client.post("/jobs", &body).await.ok();
        let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
        assert_eq!(run["status"], "success", "{run}");
        let received = peer.received().remove(number);
        assert_eq!((received.method.as_str(), received.header("content-length")), (method, length));
    }
}
