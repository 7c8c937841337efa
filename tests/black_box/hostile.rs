//! Components that mean no good, sent to the real server: each is answered in words, and nobody else notices.

use sandglass_tests::{Answer, Client, Crafted, Setup, wait_for};
use serde_json::{Value, json};

async fn upload(client: &Client, bytes: Vec<u8>) -> Answer {
    client.send(client.request("POST", "/templates").header("content-type", "application/wasm").body(bytes)).await
}

/// `(name, change, what the answer says)`.
type Hostile = (&'static str, fn(&mut Crafted), &'static str);

const REFUSED: &[Hostile] = &[
    ("another contract", |crafted| crafted.version = "0.9.0", "this host offers 0.1.0"),
    ("a description that never comes", |crafted| crafted.describe = "(loop $l br $l) unreachable".into(), "within 1 s"),
    ("a description that breaks", |crafted| crafted.describe = "unreachable".into(), "describe"),
    ("a name of ours", |crafted| crafted.describe = crafted.metadata("backup_job", &[]), "backup_job"),
    ("a schema elsewhere", |crafted| schema(crafted, r#"{"$ref":"http://127.0.0.1:9/schema.json"}"#), "schema"),
    ("a schema in a file", |crafted| schema(crafted, r#"{"$ref":"file:///etc/passwd"}"#), "schema"),
    ("a schema that is a number", |crafted| schema(crafted, "7"), "JSON object"),
    (
        "a schema of a megabyte",
        |crafted| schema(crafted, &json!({ "title": "x".repeat(1 << 20) }).to_string()),
        "bytes",
    ),
    ("a deep schema", |crafted| schema(crafted, &deep(60)), "deeper than 32"),
    ("a schema deeper than any parser goes", |crafted| schema(crafted, &deep(10_000)), "JSON"),
    ("a pattern that looks around", |crafted| schema(crafted, r#"{"type":"string","pattern":"(?=a)b"}"#), "schema"),
    ("memory beyond measure", |crafted| crafted.pages = 60_000, "memory"),
    ("a compile bomb", bomb, "sandbox.compile_"),
];

fn schema(crafted: &mut Crafted, text: &str) {
    crafted.schema = crafted.schema_text(text);
}

fn deep(levels: usize) -> String {
    format!("{}{{}}{}", r#"{"not":"#.repeat(levels), "}".repeat(levels))
}

fn bomb(crafted: &mut Crafted) {
    let blocks: String = (0..20_000)
        .map(|number| {
            let (one, other) = (number * 7 % 2_000, number * 13 % 2_000);
            format!("local.get {one} if local.get {other} i32.const {number} i32.add local.set {one} end\n")
        })
        .collect();
    crafted.items = format!("(func (local {}) {blocks})", "i32 ".repeat(2_000));
}

fn job(kind: &str) -> Value {
    json!({
        "name": kind, "template_type": kind, "parameters": {},
        "schedule": {"type": "interval", "interval_seconds": 3_600},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_components_are_answered_in_words_and_a_neighbour_runs_on() {
    let folder = tempfile::tempdir().unwrap();
    // Once without it, so that the built-in templates are compiled when compiling is short.
    Setup::on(folder.path()).start().await.kill();
    let server = Setup::on(folder.path()).with("SANDGLASS_SANDBOX__COMPILE_SECONDS", "1").start().await;
    let client = server.client();
    upload(&client, Crafted::new("neighbour").build()).await.ok();
    let rights = json!([{"capability": "documents", "target": "orders", "access": ["read"]}]);
    client.put("/templates/neighbour/grant", &json!({ "rights": rights })).await.ok();
    let neighbour = client.post("/jobs", &job("neighbour")).await.ok();
    let run = format!("/jobs/{}/run?wait=60", neighbour["id"].as_str().unwrap());
    let known = client.get("/templates").await.ok()["templates"].as_array().unwrap().len();

    for (name, change, part) in REFUSED {
        let mut crafted = Crafted::new("hostile_one");
        change(&mut crafted);
        let answer = upload(&client, crafted.build()).await;
        assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        assert!(answer.content_type.starts_with("application/problem+json"), "{name}: {answer:?}");
        assert!(answer.text.contains(part), "{name}: {answer:?}");
        let ran = client.post(&run, &json!({})).await.ok();
        assert_eq!(ran["status"], "success", "after {name}: {ran:#}");
    }
    let list = client.get("/templates").await.ok();
    assert_eq!(list["templates"].as_array().unwrap().len(), known, "{list:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_made_to_be_slow_is_quick_and_a_run_that_breaks_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).with("SANDGLASS_SANDBOX__CPU_SECONDS", "1").start().await;
    let client = server.client();
    let mut crafted = Crafted::new("slow_pattern");
    schema(
        &mut crafted,
        r#"{"type":"object","properties":{"text":{"type":"string","pattern":"^(a+)+$"}},"additionalProperties":false}"#,
    );
    crafted.execute = "(loop $l br $l) unreachable".to_owned();
    upload(&client, crafted.build()).await.ok();
    let rights = json!([{"capability": "documents", "target": "orders", "access": ["read"]}]);
    client.put("/templates/slow_pattern/grant", &json!({ "rights": rights })).await.ok();

    let mut body = job("slow_pattern");
    body["parameters"] = json!({ "text": format!("{}!", "a".repeat(50_000)) });
    let began = std::time::Instant::now();
    let refused = client.post("/jobs", &body).await;
    assert!(refused.status == 422 && refused.text.contains("/text"), "{refused:?}");
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());

    let created = client.post("/jobs", &job("slow_pattern")).await.ok();
    let ran = client.post(&format!("/jobs/{}/run?wait=60", created["id"].as_str().unwrap()), &json!({})).await.ok();
    assert!(ran.to_string().contains("sandbox.cpu_seconds"), "{ran:#}");
    wait_for("healthy server", 10, || async { (client.get("/readyz").await.status == 200).then_some(()) }).await;
}
