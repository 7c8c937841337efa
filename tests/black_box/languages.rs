//! Templates in JavaScript and Python on the real server: sent, granted, run, refused.

use sandglass_tests::{Answer, Client, Setup, root, wait_for};
use serde_json::{Value, json};

/// A component that `cargo xtask plugins --examples` builds.
fn component(name: &str) -> Vec<u8> {
    let path = root().join("target/test-data/components").join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask plugins --examples builds it", path.display()))
}

async fn upload(client: &Client, bytes: Vec<u8>) -> Answer {
    client.send(client.request("POST", "/templates").header("content-type", "application/wasm").body(bytes)).await
}

async fn grant(client: &Client, kind: &str, rights: Value) {
    client.put(&format!("/templates/{kind}/grant"), &json!({ "rights": rights })).await.ok();
}

async fn job(client: &Client, kind: &str, parameters: Value) -> String {
    let body = json!({
        "name": "A job", "template_type": kind, "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3_600},
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn run(client: &Client, job: &str) -> Value {
    client.post(&format!("/jobs/{job}/run?wait=60"), &json!({})).await.ok()
}

/// The lines of a run's log, once they are stored.
async fn log(client: &Client, run: &Value) -> String {
    let path = format!("/executions/{}", run["id"].as_str().unwrap());
    wait_for("log of the run", 30, || {
        let (client, path) = (client.clone(), path.clone());
        async move {
            let logs = client.get(&path).await.ok()["logs"].take();
            (!logs.is_null()).then(|| logs.to_string())
        }
    })
    .await
}

/// Eight orders, five of them open.
fn fill(folder: &std::path::Path) {
    let orders: Vec<String> = (0..8)
        .map(|number| json!({ "number": number, "status": if number < 5 { "open" } else { "paid" } }).to_string())
        .collect();
    let file = folder.join("orders.jsonl");
    std::fs::write(&file, orders.join("\n")).unwrap();
    let import = sandglass_tests::command(folder)
        .args(["data", "import", "--collection", "orders"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_in_javascript_counts_warns_and_fails_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let template = upload(&client, component("collection_watch")).await.ok();
    assert_eq!(template["type"].as_str().or(template["name"].as_str()), Some("collection_watch"), "{template:#}");
    assert_eq!(template["warnings"], json!([]), "what its toolchain imports is no fault of it");
    let wrong = json!({
        "name": "Wrong", "template_type": "collection_watch",
        "parameters": {"collection": "orders", "filter": {"$where": "1"}},
        "schedule": {"type": "interval", "interval_seconds": 3_600},
    });
    let refused = client.post("/jobs", &wrong).await;
    assert!(refused.status == 422 && refused.text.contains("/filter/$where"), "{refused:?}");

    // Granted something else first: the call is denied, and the run says so in the words of the host.
    grant(&client, "collection_watch", json!([{"capability": "documents", "target": "users", "access": ["read"]}]))
        .await;
    let parameters = json!({"collection": "orders", "filter": {"status": "open"}, "warn_above": 4});
    let job = job(&client, "collection_watch", parameters).await;
    let denied = run(&client, &job).await;
    assert_eq!(denied["status"], "failed", "{denied:#}");
    assert!(denied.to_string().contains(r#"\"target\":\"orders\""#), "{denied:#}");

    grant(&client, "collection_watch", json!([{"capability": "documents", "target": "*", "access": ["read"]}])).await;
    let ran = run(&client, &job).await;
    assert_eq!((&ran["status"], &ran["template_digest"]), (&json!("success"), &template["digest"]), "{ran:#}");
    assert!(ran.to_string().contains("orders holds 5 documents, more than 4."), "{ran:#}");
    let log = log(&client, &ran).await;
    assert!(log.contains("counted collection=orders documents=5"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_in_python_writes_its_report_and_its_output_is_the_log() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let template = upload(&client, component("field_digest")).await.ok();
    let rights = json!([
        {"capability": "documents", "target": "orders", "access": ["read"]},
        {"capability": "files", "target": "exports", "access": ["write", "read"]},
    ]);
    grant(&client, "field_digest", rights).await;
    let parameters = json!({"collection": "orders", "field": "status", "file_name": "orders.txt"});
    let job = job(&client, "field_digest", parameters).await;
    let ran = run(&client, &job).await;
    assert_eq!((&ran["status"], &ran["template_digest"]), (&json!("success"), &template["digest"]), "{ran:#}");
    assert_eq!(ran["records_processed"].as_u64().or(ran["result"]["records_processed"].as_u64()), Some(8), "{ran:#}");
    let report = std::fs::read_to_string(folder.path().join("exports/orders.txt")).unwrap();
    assert_eq!(report, "status in orders: 8 documents\n\nopen         5\npaid         3\n");
    let log = log(&client, &ran).await;
    assert!(log.contains("2 values of status in 8 documents"), "{log}");
    let effects = client.get(&format!("/audit?execution_id={}", ran["id"].as_str().unwrap())).await.ok();
    assert!(effects.to_string().contains("orders.txt"), "{effects:#}");
}
