//! Secrets end to end: set by a person, used by a job, seen by nobody else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use sandglass_tests::{Client, Counterpart, Received, Setup, command, run_python};
use serde_json::{Value, json};

const TEXT: &str = "s3cret/with \"quotes\" & ümlaut?";
/// What every form of it begins or ends with.
const PLAIN: &str = "correct-horse-battery-staple";

async fn webhook(client: &Client, parameters: Value) -> Value {
    let body = json!({
        "name": "Call", "template_type": "webhook_trigger", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    json!({ "job": job["id"], "run": run })
}

async fn set(client: &Client, label: &str, value: &str) {
    client.post("/secrets", &json!({"label": label, "value": value})).await.ok();
}

/// `sandglass secret …` with a text on standard input.
fn secret(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder)
        .arg("secret")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early does not read.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_of_signing_in_reaches_the_other_side() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    set(&client, "token", PLAIN).await;
    set(&client, "key", TEXT).await;
    for auth in [
        json!({"type": "bearer", "secret": "token"}),
        json!({"type": "basic", "username": "ann", "secret": "token"}),
        json!({"type": "header", "name": "X-Api-Key", "secret": "token"}),
        json!({"type": "hmac", "header": "X-Hub-Signature-256", "secret": "key"}),
    ] {
        let body = json!({"order": 7, "name": "Zoë"});
        let parameters = json!({"url": peer.url("/hook"), "method": "POST", "body": body, "auth": auth});
        let answer = webhook(&client, parameters).await;
        assert_eq!(answer["run"]["status"], "success", "{answer}");
    }
    let received = peer.received();
    assert_eq!(received.len(), 4);
    let header = |index: usize, name: &str| received[index].header(name).map(str::to_owned).unwrap_or_default();
    assert_eq!(header(0, "authorization"), format!("Bearer {PLAIN}"));
    let basic = "import base64,sys; print('Basic ' + base64.b64encode(sys.argv[1].encode()).decode(), end='')";
    assert_eq!(header(1, "authorization"), run_python(basic, &[&format!("ann:{PLAIN}")]));
    assert_eq!(header(2, "x-api-key"), PLAIN);
    assert_eq!(header(3, "x-hub-signature-256"), signed_by_python(&received[3]));
    assert!(!format!("{:?}", received[3].headers).contains("s3cret"));
}

/// The signature of what arrived, made by another implementation.
fn signed_by_python(request: &Received) -> String {
    let script = "import hmac,sys; print('sha256=' + hmac.new(sys.argv[1].encode(), bytes.fromhex(sys.argv[2]), 'sha256').hexdigest(), end='')";
    let body: String = request.body.iter().map(|byte| format!("{byte:02x}")).collect();
    run_python(script, &[TEXT, &body])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_misdirected_secret_fails_the_run_with_a_clear_reason() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let parameters =
        |label: &str| json!({"url": peer.url("/"), "method": "GET", "auth": {"type": "bearer", "secret": label}});
    let missing = webhook(&client, parameters("nobody-set-it")).await;
    assert_eq!(missing["run"]["status"], "failed", "{missing}");
    let error = missing["run"]["error"].to_string();
    assert!(error.contains("there is no secret nobody-set-it"), "{missing}");

    let body = json!({"label": "bound", "value": PLAIN, "hosts": ["api.example.com"], "description": "for the shop"});
    client.post("/secrets", &body).await.ok();
    let misdirected = webhook(&client, parameters("bound")).await;
    assert_eq!(misdirected["run"]["status"], "failed", "{misdirected}");
    assert!(misdirected["run"]["error"].to_string().contains("may be sent to api.example.com only"), "{misdirected}");
    let effects = format!("/executions/{}/effects", misdirected["run"]["id"].as_str().unwrap());
    let effects = client.get(&effects).await.ok().to_string();
    assert!(effects.contains("secret-host"), "{effects}");
    assert_eq!(peer.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stands_nowhere_in_clear_text_even_if_the_other_side_sends_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).with("SANDGLASS_LOG__LEVEL", "debug").start().await;
    let client = server.client();
    set(&client, "token", PLAIN).await;
    let hex: String = PLAIN.bytes().map(|byte| format!("{byte:02x}")).collect();
    let encode = "import base64,sys; print(base64.b64encode(sys.argv[1].encode()).decode(), end='')";
    let basic = run_python(encode, &[&format!("ann:{PLAIN}")]);
    let echo = json!({"plain": PLAIN, "hex": hex, "basic": basic, PLAIN: 1}).to_string();
    let peer = Counterpart::answering(&[(200, &echo), (500, &echo), (200, &echo)]).await;
    let parameters = json!({
        "url": peer.url("/"), "method": "POST", "body": {}, "save_response": "body", "retry": {"max_attempts": 1},
        "auth": {"type": "basic", "username": "ann", "secret": "token"},
    });
    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = webhook(&client, parameters.clone()).await;
        let id = answer["run"]["id"].as_str().unwrap();
        answers.push(answer.to_string());
        for path in [format!("/executions/{id}"), format!("/executions/{id}/logs"), format!("/executions/{id}/effects")]
        {
            answers.push(client.get(&path).await.text);
        }
    }
    let mut expecting = parameters.clone();
    expecting["expect"] = json!({"/plain": "something else"});
    answers.push(webhook(&client, expecting).await.to_string());
    for path in ["/secrets", "/jobs", "/executions", "/status", "/metrics", "/templates"] {
        answers.push(client.get(path).await.text);
    }
    assert_eq!(peer.received().len(), 3);
    let log = server.log();
    assert_eq!(server.terminate(60).await, Some(0));
    let told = answers.join("\n");
    assert!(told.contains("[secret token]"), "the echo was kept, without the secret: {told}");
    let mut files = 0;
    let mut stored = vec![told.into_bytes(), log.into_bytes()];
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
                stored.push(std::fs::read(entry.path()).unwrap());
            }
        }
    }
    assert!(files >= 3, "{files} files were searched");
    let inner = basic.get(8..basic.len() - 4).unwrap();
    for form in [PLAIN, &hex, inner] {
        for (place, bytes) in stored.iter().enumerate() {
            let found = bytes.windows(form.len()).any(|part| part == form.as_bytes());
            assert!(!found, "{form} stands in clear text (place {place})");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_managed_over_rest_and_not_taken_away_under_a_job() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let peer = Counterpart::answering(&[]).await;
    let first = client.post("/secrets", &json!({"label": "shop", "value": PLAIN, "hosts": ["*"]})).await.ok();
    assert_eq!(
        (&first["label"], &first["version"], &first["created_by"]),
        (&json!("shop"), &json!(1), &json!("admin"))
    );
    assert!(first.get("value").is_none(), "{first}");
    let second = client.post("/secrets", &json!({"label": "shop", "value": "other text"})).await.ok();
    assert_eq!((&second["version"], &second["hosts"]), (&json!(2), &json!(["*"])));
    set(&client, "another", "text").await;
    let list = client.get("/secrets?page_size=1&page=2").await.ok();
    assert_eq!((&list["total"], &list["secrets"][0]["label"]), (&json!(2), &json!("shop")), "{list}");

    let bad = client.post("/secrets", &json!({"label": "no label", "value": "", "host": []})).await;
    assert_eq!((bad.status, bad.content_type.as_str()), (422, "application/problem+json"));
    let pointers: Vec<_> =
        bad.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/value", "/label", "/host"]);

    let parameters = json!({"url": peer.url("/"), "method": "GET", "auth": {"type": "bearer", "secret": "shop"}});
    let used = webhook(&client, parameters).await;
    let kept = client.delete("/secrets/shop").await;
    assert_eq!((kept.status, &kept.json()["code"]), (409, &json!("in_use")));
    assert!(kept.text.contains(used["job"].as_str().unwrap()), "{}", kept.text);
    let gone = client.delete("/secrets/shop?force=true").await.ok();
    assert_eq!(gone["jobs"][0]["id"], used["job"], "{gone}");
    assert_eq!(client.delete("/secrets/shop").await.status, 404);
    assert_eq!(client.delete("/secrets/no%20label").await.status, 404);
    client.delete("/secrets/another").await.ok();
    assert_eq!(client.get("/secrets").await.ok()["total"], 0);
    assert_eq!(server.stranger().get("/secrets").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_sets_rotates_and_refuses_what_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let set = secret(path, &["set", "token", "--description", "for the shop", "--host", "*"], &format!("{PLAIN}\n"));
    assert!(set.status.success(), "{}", said(&set));
    let listed = secret(path, &["list"], "");
    assert!(said(&listed).contains("token") && said(&listed).contains("for the shop"), "{}", said(&listed));
    assert!(!said(&listed).contains(PLAIN));
    for (arguments, input, code) in [
        (&["set", "no label"][..], "x", 2),
        (&["set", "empty"], "\n", 2),
        (&["delete", "missing"], "", 3),
        (&["delete"], "", 2),
    ] {
        let output = secret(path, arguments, input);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    }

    let peer = Counterpart::answering(&[]).await;
    let parameters = json!({"url": peer.url("/"), "method": "GET", "auth": {"type": "bearer", "secret": "token"}});
    let server = Setup::on(path).start().await;
    assert_eq!(webhook(&server.client(), parameters.clone()).await["run"]["status"], "success");
    let while_it_runs = secret(path, &["list"], "");
    assert_eq!(while_it_runs.status.code(), Some(4), "{}", said(&while_it_runs));
    assert!(said(&while_it_runs).contains("/api/admin/scheduler/secrets"), "{}", said(&while_it_runs));
    assert_eq!(server.terminate(60).await, Some(0));

    let key = || std::fs::read_to_string(path.join("keys/secrets.key")).unwrap();
    let before = key();
    let rotated = secret(path, &["rotate"], "");
    assert!(rotated.status.success() && said(&rotated).contains("1 secrets were sealed anew"), "{}", said(&rotated));
    assert_ne!(key(), before);
    let server = Setup::on(path).start().await;
    assert_eq!(webhook(&server.client(), parameters).await["run"]["status"], "success");
    assert_eq!(server.terminate(60).await, Some(0));
    let sent = peer.received();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|request| request.header("authorization") == Some(&format!("Bearer {PLAIN}"))));

    // With another key nothing starts, and the reason names the way out.
    let right = key();
    std::fs::write(path.join("keys/secrets.key"), &before).unwrap();
    let refused = command(path).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let reason = said(&refused);
    assert!(reason.contains("keys/secrets.key") && reason.contains("secret delete --all"), "{reason}");
    assert!(!reason.contains(before.trim()) && !reason.contains(right.trim()), "{reason}");
    let discarded = secret(path, &["delete", "--all"], "");
    assert!(said(&discarded).contains("1 secrets are deleted"), "{}", said(&discarded));
    let server = Setup::on(path).start().await;
    assert_eq!(server.client().get("/secrets").await.ok()["total"], 0);
}
