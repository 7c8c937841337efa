//! The audit as people read it, and as `sandglass audit verify` holds it to what was written.

use std::path::Path;

use sandglass_tests::{Counterpart, Setup, command};
use serde_json::{Value, json};

fn verify(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = command(folder).args(["audit", "verify"]).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Changes what SQLite holds, as somebody with the file could.
fn tamper(folder: &Path, script: &str) -> String {
    sandglass_tests::run_python(script, &[folder.to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_effects_are_listed_filtered_and_paged_and_tampering_shows() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let job = client
        .post(
            "/jobs",
            &json!({
                "name": "Tell the shop", "template_type": "webhook_trigger",
                "parameters": {"url": peer.url("/hook"), "method": "POST", "body": {"a": 1}},
                "schedule": {"type": "interval", "interval_seconds": 3600},
            }),
        )
        .await
        .ok();
    let id = job["id"].as_str().unwrap();
    for _ in 0..3 {
        let run = client.post(&format!("/jobs/{id}/run?wait=60"), &json!({})).await.ok();
        assert_eq!(run["status"], "success", "{run}");
    }
    client
        .put(&format!("/jobs/{id}"), &json!({"parameters": {"url": "http://10.0.0.1/", "method": "POST"}}))
        .await
        .ok();
    let refused = client.post(&format!("/jobs/{id}/run?wait=60"), &json!({})).await.ok();
    assert_eq!(refused["status"], "failed", "{refused}");

    let list = |query: &str| {
        let (client, query) = (client.clone(), query.to_owned());
        async move { client.get(&format!("/audit?{query}")).await.ok() }
    };
    let sent = list(&format!("kind=effect&capability=http&operation=send&job_id={id}")).await;
    let entries = sent["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "{sent:#}");
    let allowed: Vec<&Value> = entries.iter().filter(|entry| entry["outcome"]["verdict"] == "allowed").collect();
    assert_eq!(allowed.len(), 3, "each effect stands with its end: {sent:#}");
    assert!(allowed.iter().all(|entry| entry["kind"] == "effect" && entry["job_id"] == id), "{sent:#}");

    let denied = list("refused=denied").await;
    assert_eq!(denied["entries"].as_array().map(Vec::len), Some(1), "{denied:#}");
    assert_eq!(denied["entries"][0]["execution_id"], refused["id"]);

    let changes = list(&format!("kind=change&subject={id}")).await;
    let actions: Vec<&str> =
        changes["entries"].as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["job.run", "job.change", "job.run", "job.run", "job.run", "job.create"], "newest first");
    let created = list(&format!("action=job.create&actor=admin&subject={id}")).await;
    assert_eq!(created["entries"].as_array().map(Vec::len), Some(1), "{created:#}");

    // Page by page, each entry once.
    let all = list("page_size=200").await["entries"].as_array().unwrap().clone();
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&format!("page_size=2{cursor}")).await;
        paged.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(all.len() >= 6, "{all:#?}");
    assert_eq!(paged, all);
    assert_eq!(client.get("/audit?cursor=x").await.status, 400);
    assert_eq!(client.get("/audit?refused=allowed").await.status, 400);

    assert_eq!(server.terminate(60).await, Some(0));
    let (is_whole, out, talk) = verify(folder.path(), &[]);
    assert!(is_whole && out.contains("whole"), "{out}{talk}");
    let host = out.split_whitespace().next().unwrap().to_owned();
    let elsewhere = format!("{host}:1:{}", "0".repeat(64));
    let (is_whole, out, _) = verify(folder.path(), &["--head", &elsewhere]);
    assert!(!is_whole && out.contains("written anew"), "{out}");

    // The last entry goes: what was noted beside the chain tells.
    let gone = tamper(folder.path(), REMOVE_LAST);
    assert_eq!(gone.trim(), "1");
    let (is_whole, out, talk) = verify(folder.path(), &[]);
    assert!(!is_whole && out.contains("cut off"), "{out}{talk}");
}

const REMOVE_LAST: &str = r#"
import sqlite3, sys, pathlib, bson
folder = pathlib.Path(sys.argv[1]) / "database"
file = next(path for path in folder.iterdir() if path.read_bytes()[:15] == b"SQLite format 3")
store = sqlite3.connect(file)
tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
last = None
for table in tables:
    columns = [row[1] for row in store.execute(f'pragma table_info("{table}")')]
    if "doc" not in columns:
        continue
    for rowid, doc in store.execute(f'select rowid, doc from "{table}"'):
        try:
            document = bson.decode(doc)
        except Exception:
            continue
        if "previous" in document and "hash" in document and (last is None or document["seq"] > last[2]):
            last = (table, rowid, document["seq"])
print(store.execute(f'delete from "{last[0]}" where rowid = ?', (last[1],)).rowcount)
store.commit()
"#;
