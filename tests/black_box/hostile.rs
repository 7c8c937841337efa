//! Components that mean no good, sent to the real server or dropped into its folder: each is answered in words, and
//! nobody else notices.

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

/// Components that say one thing and then another, beside those that are refused whichever way they come.
const LIARS: &[Hostile] = &[
    ("another description each time", |crafted| crafted.describe = shifting(crafted, 8, 0), "`describe` gave two"),
    ("another schema each time", |crafted| crafted.schema = shifting_schema(crafted), "`schema` gave two"),
    ("functions of somebody else", |crafted| foreign(crafted), "somebody:else/doors"),
];

/// The answer of `describe` or `schema` whose text, to which a pointer stands at `pointer` of it, is written anew from the
/// clock at each call, `skip` bytes into it.
fn shifting(crafted: &mut Crafted, pointer: u32, skip: u32) -> String {
    crafted.imports.push_str(r#"(import "sandglass:base/clock@0.1.0" "now" (func $now (param i32)))"#);
    let (answer, now) = (if pointer == 8 { &crafted.describe } else { &crafted.schema }.clone(), crafted.scratch(16));
    let letters: String = (0..5)
        .map(|place| {
            let letter =
                format!("i32.const {now} i32.load offset=8 i32.const {} i32.shr_u i32.const 15 i32.and", place * 4);
            format!(
                "{answer} i32.load offset={pointer} {letter} i32.const 97 i32.add i32.store8 offset={}\n",
                skip + place
            )
        })
        .collect();
    format!("i32.const {now} call $now {letters} {answer}")
}

fn shifting_schema(crafted: &mut Crafted) -> String {
    let text = r#"{"title":"aaaaa","type":"object"}"#;
    schema(crafted, text);
    shifting(crafted, 0, u32::try_from(text.find("aaaaa").unwrap()).unwrap())
}

fn foreign(crafted: &mut Crafted) {
    let text = "package somebody:else; interface doors { open: func(); }";
    crafted.foreign.push((text, &["somebody:else/doors"]));
    crafted.imports.push_str(r#"(import "somebody:else/doors" "open" (func $doors))"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_or_breaks_in_the_folder_is_named_with_its_fault_while_a_neighbour_runs_every_second() {
    let folder = tempfile::tempdir().unwrap();
    // Once without it, so that the built-in templates are compiled when compiling is short.
    Setup::on(folder.path()).start().await.kill();
    let server = Setup::on(folder.path()).with("SANDGLASS_SANDBOX__COMPILE_SECONDS", "1").start().await;
    let client = server.client();
    upload(&client, Crafted::new("neighbour").build()).await.ok();
    client.put("/templates/neighbour/grant", &json!({ "as_asked": true })).await.ok();
    let mut every_second = job("neighbour");
    every_second["schedule"]["interval_seconds"] = json!(1);
    let neighbour = client.post("/jobs", &every_second).await.ok();

    let mut expected = Vec::new();
    for (number, (name, change, part)) in REFUSED.iter().chain(LIARS).enumerate() {
        let mut crafted = Crafted::new("hostile_one");
        change(&mut crafted);
        let file = format!("{number:02}.wasm");
        std::fs::write(folder.path().join("templates").join(&file), crafted.build()).unwrap();
        expected.push((file, name, part));
    }
    let problems = wait_for("all problems of the folder", 180, || async {
        let list = client.get("/templates").await.ok();
        Some(list["problems"].as_array().unwrap().clone()).filter(|problems| problems.len() >= expected.len())
    })
    .await;
    for (file, name, part) in &expected {
        let problem = problems.iter().find(|problem| problem["file"] == **file);
        let reason = problem.map(|problem| problem["reason"].as_str().unwrap()).unwrap_or_default();
        assert!(reason.contains(**part), "{name}: {reason}");
    }
    let list = client.get("/templates").await.ok();
    assert!(!list["templates"].to_string().contains("hostile_one"), "{list:#}");

    // While all that was looked at the neighbour ran, and each run ended well.
    let path = format!("/jobs/{}/executions?page_size=200", neighbour["id"].as_str().unwrap());
    let runs = wait_for("runs of the neighbour", 60, || async {
        let runs = client.get(&path).await.ok()["executions"].as_array().unwrap().clone();
        Some(runs).filter(|runs| runs.len() >= 5)
    })
    .await;
    for run in &runs {
        // One second may find the last run still going on a busy machine; nothing else may happen.
        let status = run["status"].as_str().unwrap();
        assert!(["success", "running", "queued"].contains(&status) || run["skip_reason"] == "overlap", "{run:#}");
    }
    assert!(runs.iter().filter(|run| run["status"] == "success").count() >= 3, "{runs:#?}");
    assert_eq!(server.terminate(60).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_need_without_an_import_is_of_no_use_and_an_import_without_a_need_is_denied_whatever_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();

    // It asks for HTTP, which it cannot call, and opens a collection, which it does not ask for.
    let mut crafted = Crafted::new("liar");
    crafted.describe = crafted.metadata("liar", &[("http", "*", "send")]);
    crafted.imports = r#"(import "sandglass:documents/read@0.1.0" "[static]collection.open"
        (func $open (param i32 i32 i32)))"#
        .to_owned();
    let (name, answer) = (crafted.scratch(8), crafted.scratch(128));
    let orders = u64::from_le_bytes(*b"orders\0\0");
    let is_refused = format!(
        "i32.const {name} i64.const {orders} i64.store
         i32.const {name} i32.const 6 i32.const {answer} call $open
         i32.const {answer} i32.load8_u i64.extend_i32_u"
    );
    // The value goes into a local, for the address of its place comes first.
    crafted.items = format!("(func $refused (result i64) {is_refused})");
    crafted.execute = crafted.success_with("call $refused");
    let installed = upload(&client, crafted.build()).await.ok();
    let warnings = installed["warnings"].to_string();
    for part in ["asks for `http`, but imports no function of it", "imports functions of `documents`, but has no need"]
    {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }

    let rights = json!([
        { "capability": "http", "target": "*", "access": ["send"] },
        { "capability": "documents", "target": "*", "access": ["read", "write", "manage"] },
    ]);
    let grant = client.put("/templates/liar/grant", &json!({ "rights": rights })).await.ok();
    assert!(grant["warnings"].to_string().contains("not_asked"), "whoever grants it is told: {grant:#}");
    let created = client.post("/jobs", &job("liar")).await.ok();
    let ran = client.post(&format!("/jobs/{}/run?wait=60", created["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!((&ran["status"], &ran["result"]["records_processed"]), (&json!("success"), &json!(1)), "{ran:#}");
    let denied = client.get(&format!("/audit?refused=denied&execution_id={}", ran["id"].as_str().unwrap())).await.ok();
    let [entry] = denied["entries"].as_array().unwrap().as_slice() else { panic!("{denied:#}") };
    assert_eq!((&entry["operation"], &entry["target"]), (&json!("open"), &json!("orders")), "{entry:#}");
    assert_eq!(entry["outcome"], json!({ "verdict": "denied", "reason": "not-asked" }));
    let log = client.get(&format!("/executions/{}/logs?limit=100", ran["id"].as_str().unwrap())).await.ok();
    assert!(log.to_string().contains("the template does not say that it needs this"), "{log:#}");
    assert_eq!(server.terminate(60).await, Some(0));
}
