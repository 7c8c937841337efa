//! A component that tries what it may not, on the real server: whatever it does, it is denied in words, on record, and
//! nothing has changed afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use sandglass_tests::{Client, Counterpart, MailServer, command, root, wait_for};
use serde_json::{Value, json};
use wit_parser::{Resolve, TypeDefKind, WorldItem};

/// A function that the world `full` imports, and with it the linker offers.
struct Function {
    /// `sandglass:documents/read`
    interface: String,
    /// `[method]collection.find`
    name: String,
    /// Whether it can answer with an error.
    can_refuse: bool,
}

/// All of them but those of `sandglass:base`, which reach nothing outside and are always granted. Read from the contract:
/// what is added there is asked for here.
fn functions() -> Vec<Function> {
    let mut resolve = Resolve::default();
    let packages = ["base", "documents", "secrets", "http", "email", "files", "insight", "template"];
    let packages = packages.map(|package| resolve.push_path(root().join("wit").join(package)).unwrap().0);
    let world = resolve.select_world(&packages, Some("sandglass:template/full")).unwrap();
    let mut functions = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else { panic!("the world imports what is no interface") };
        let interface = resolve.name_world_key(key).split('@').next().unwrap().to_owned();
        if interface.starts_with("sandglass:base/") {
            continue;
        }
        for (name, function) in &resolve.interfaces[*id].functions {
            let answer = function.result.as_ref().and_then(|answer| match answer {
                wit_parser::Type::Id(id) => Some(&resolve.types[*id].kind),
                _ => None,
            });
            let can_refuse = matches!(answer, Some(TypeDefKind::Result(_)));
            functions.push(Function { interface: interface.clone(), name: name.clone(), can_refuse });
        }
    }
    functions
}

fn import(folder: &Path) {
    let file = folder.join("orders.jsonl");
    let lines: Vec<String> = (0..3).map(|number| json!({ "_id": number, "status": "open" }).to_string()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = command(folder).args(["data", "import", "--collection", "orders"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn install(client: &Client) {
    let bytes = std::fs::read(root().join("target/plugins/test/trespasser.wasm"));
    let bytes =
        bytes.unwrap_or_else(|error| panic!("{error}: cargo xtask plugins builds target/plugins/test/trespasser.wasm"));
    client.send(client.request("POST", "/templates").header("content-type", "application/wasm").body(bytes)).await.ok();
}

async fn job(client: &Client, parameters: Value) -> String {
    let body = json!({
        "name": "Trespass", "template_type": "trespasser", "parameters": parameters,
        "schedule": { "type": "interval", "interval_seconds": 86_400 },
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

/// Every file and link below a folder, also those that Sandglass writes to before they get their names.
fn entries(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(entries(&entry.path()));
        } else {
            found.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

fn orders(folder: &Path) -> Vec<Value> {
    let output = command(folder).args(["data", "find", "orders", "--limit", "0"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_the_contract_is_denied_on_the_real_server_once_its_grant_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let (peer, post) = (Counterpart::answering(&[]).await, MailServer::friendly().await);
    let server = super::mail::setup(folder.path(), post.port()).start().await;
    let client = server.client();
    std::fs::write(folder.path().join("exports/there.txt"), "there").unwrap();
    client.post("/secrets", &json!({ "label": "key", "value": "nobody-may-see-this" })).await.ok();
    install(&client).await;
    client.put("/templates/trespasser/grant", &json!({ "as_asked": true })).await.ok();
    let id = job(&client, json!({ "every_function": true, "url": peer.url("/") })).await;
    let run = client.post(&format!("/jobs/{id}/run"), &json!({})).await.ok();
    let path = format!("/executions/{}", run["id"].as_str().unwrap());
    wait_for("the handles of the run", 60, || async {
        let run = client.get(&path).await.ok();
        assert!(run["completed_at"].is_null(), "{run:#}");
        run["progress"].to_string().contains("waiting for the grant to go").then_some(())
    })
    .await;
    client.delete("/templates/trespasser/grant").await.ok();
    let run = wait_for("the end of the run", 60, || async {
        Some(client.get(&path).await.ok()).filter(|run| run["completed_at"].is_string())
    })
    .await;
    assert_eq!(run["status"], "success", "{run:#}");

    let contract = functions();
    let (refusable, handed_over): (Vec<_>, Vec<_>) = contract.iter().partition(|function| function.can_refuse);
    // What these tell came with the answer that was allowed; they cannot say no.
    let told: Vec<&str> = handed_over.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(told, ["[method]response.status", "[method]response.headers"]);

    let answers = run["result"]["details"]["answers"].as_array().unwrap();
    let named = |function: &Function| format!("{} {}", function.interface, function.name);
    let tried: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["tried"].as_str()).collect();
    let expected: BTreeSet<String> = refusable.iter().map(|function| named(function)).collect();
    assert_eq!(tried, expected.iter().map(String::as_str).collect(), "tests/components/trespasser tries each of them");
    for answer in answers {
        let tried = answer["tried"].as_str().unwrap();
        assert_eq!(
            (&answer["kind"], &answer["reason"]),
            (&json!("denied"), &json!("not-granted")),
            "{tried}: {answer:#}"
        );
        let grant = &answer["details"]["grant"];
        let capability = grant["capability"].as_str().unwrap();
        assert!(tried.starts_with(&format!("sandglass:{capability}/")), "{tried}: {answer:#}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.ends_with(&format!("this grant would allow it: {grant}")), "{tried}: {message}");
    }

    // Each of them is on record.
    let overview = client.get("/templates/trespasser/capabilities").await.ok();
    let met: Vec<&Value> = overview["capabilities"].as_array().unwrap().iter().collect();
    let met: Vec<&Value> = met.iter().flat_map(|capability| capability["functions"].as_array().unwrap()).collect();
    for function in &refusable {
        let import = format!("{}.{}", function.interface, function.name.rsplit(']').next().unwrap());
        let denied = met.iter().filter(|met| met["import"] == *import).map(|met| &met["denied"]["count"]);
        let denied: u64 = denied.filter_map(Value::as_u64).sum();
        assert!(denied >= 1, "{import} has no denial in the audit: {overview:#}");
    }
    let log = client.get(&format!("{path}/logs?limit=1000")).await.ok();
    let lines = log["logs"].as_array().unwrap().iter().filter_map(|line| line["message"].as_str());
    let lines = lines.filter(|line| line.starts_with("denied: ") && line.contains("this grant would allow it: "));
    assert!(lines.count() >= refusable.len() - 2, "{log:#}");

    // And nothing happened.
    assert_eq!(peer.received().len(), 1, "the request that was allowed");
    assert_eq!(post.conversations().len(), 0);
    assert_eq!(
        entries(&folder.path().join("exports")),
        ["there.txt".to_owned()].into(),
        "no file was finished or taken"
    );
    assert!(!run.to_string().contains("nobody-may-see-this"));
    assert_eq!(server.terminate(60).await, Some(0));
    let orders = orders(folder.path());
    assert!(orders.len() == 3 && orders.iter().all(|order| order["status"] == "open"), "{orders:?}");
}

/// What is granted for the acts below: little, and close to what they reach for.
fn little(peer: &str) -> Value {
    let right = |capability: &str, target: &str, access: &[&str], extra: Value| {
        let mut right = json!({ "capability": capability, "target": target, "access": access });
        if !extra.is_null() {
            right["extra"] = extra;
        }
        right
    };
    json!({ "rights": [
        right("documents", "orders", &["read", "write"], Value::Null),
        right("documents", "people", &["read"], json!({ "fields": ["name"] })),
        right("http", peer, &["send"], json!({ "methods": ["GET"] })),
        right("http", "http://10.0.0.7", &["send"], Value::Null),
        right("http", "http://169.254.169.254", &["send"], Value::Null),
        right("http", "http://127.0.0.2:9", &["send"], Value::Null),
        right("email", "default", &["send"], json!({ "recipients": ["*@example.com"] })),
        right("files", "exports", &["read", "write"], Value::Null),
        right("secrets", "key", &["use"], Value::Null),
    ] })
}

/// `(act, reason of the refusal)`.
fn forbidden(peer: &str) -> Vec<(Value, &'static str)> {
    let lookup =
        |from: &str| json!([{ "$lookup": { "from": from, "localField": "_id", "foreignField": "_id", "as": "x" } }]);
    let send = |method: &str, url: &str| json!({ "act": "send", "method": method, "url": url });
    let file = |act: &str, folder: &str, name: &str| json!({ "act": act, "folder": folder, "name": name });
    vec![
        // Collections and databases that nobody granted, and what belongs to Sandglass or to the database.
        (json!({ "act": "read", "collection": "salaries" }), "not-granted"),
        (json!({ "act": "read", "collection": "crm/orders" }), "not-granted"),
        (json!({ "act": "read", "collection": "sandglass_audit" }), "own-collection"),
        (json!({ "act": "read", "collection": "sandglass_users" }), "own-collection"),
        (json!({ "act": "read", "collection": "SANDGLASS_grants" }), "own-collection"),
        (json!({ "act": "insert", "collection": "dynamic_jobs" }), "own-collection"),
        (json!({ "act": "delete", "collection": "job_executions" }), "own-collection"),
        (json!({ "act": "read", "collection": "system.users" }), "collection-name"),
        (json!({ "act": "read", "collection": "default/../orders" }), "collection-name"),
        // Beyond the fields and the access that were granted.
        (json!({ "act": "read", "collection": "people", "filter": { "salary": { "$gt": 1 } } }), "field-not-granted"),
        (json!({ "act": "update", "collection": "people", "change": { "$set": { "name": "x" } } }), "not-granted"),
        (json!({ "act": "drop", "collection": "orders" }), "not-granted"),
        (json!({ "act": "drop", "collection": "sandglass_audit" }), "own-collection"),
        (json!({ "act": "rename", "collection": "orders", "to": "sandglass_jobs" }), "not-granted"),
        // Around the corner: by a pipeline or an operator.
        (json!({ "act": "aggregate", "collection": "orders", "pipeline": lookup("salaries") }), "not-granted"),
        (json!({ "act": "aggregate", "collection": "orders", "pipeline": lookup("people") }), "field-not-granted"),
        (
            json!({ "act": "aggregate", "collection": "orders", "pipeline": lookup("sandglass_audit") }),
            "own-collection",
        ),
        (json!({ "act": "aggregate", "collection": "orders", "pipeline": [{ "$out": "taken" }] }), "stage-writes"),
        (json!({ "act": "read", "collection": "orders", "filter": { "$where": "true" } }), "unsupported"),
        // Hosts, methods, addresses, schemes, headers.
        (send("GET", "http://elsewhere.example/"), "not-granted"),
        (send("POST", peer), "not-granted"),
        (send("DELETE", peer), "not-granted"),
        (send("GET", "http://10.0.0.7/"), "forbidden-address"),
        (send("GET", "http://169.254.169.254/latest/meta-data/"), "forbidden-address"),
        (send("GET", "http://127.0.0.2:9/"), "forbidden-address"),
        (send("GET", "http://[::ffff:10.0.0.7]/"), "not-granted"),
        (send("GET", "file:///etc/passwd"), "scheme"),
        (
            json!({ "act": "send", "method": "GET", "url": peer, "headers": [["Host", "other.example"]] }),
            "header-reserved",
        ),
        (json!({ "act": "send", "method": "GET", "url": peer, "headers": [["X-A", "b\r\nX-C: d"]] }), "header-value"),
        (json!({ "act": "send", "method": "GET", "url": peer, "secret": "other" }), "not-granted"),
        // Recipients and identities.
        (json!({ "act": "mail", "identity": "default", "to": "stranger@elsewhere.example" }), "not-granted"),
        (json!({ "act": "mail", "identity": "boss", "to": "ann@example.com" }), "not-granted"),
        (
            json!({ "act": "mail", "identity": "default", "to": "ann@example.com", "subject": "a\r\nBcc: x@example.com" }),
            "subject",
        ),
        // Out of the folder, by name and by link; another folder.
        (file("read_file", "exports", "../sandglass.toml"), "file-name"),
        (file("read_file", "exports", "/etc/passwd"), "file-name"),
        (file("write_file", "exports", "a/../../b.txt"), "file-name"),
        (file("read_file", "exports", "link/there.txt"), "link"),
        (file("write_file", "exports", "link/new.txt"), "link"),
        (file("delete_file", "exports", "../orders.jsonl"), "file-name"),
        (file("read_file", "backups", "x"), "not-granted"),
        (file("write_file", "backups", "x"), "not-granted"),
        // Secrets and figures.
        (json!({ "act": "secret", "label": "other" }), "not-granted"),
        (json!({ "act": "reveal", "label": "key" }), "not-granted"),
        (json!({ "act": "figures" }), "not-granted"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_forbidden_act_ends_in_words_and_on_record_and_what_is_granted_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let (peer, post) = (Counterpart::answering(&[]).await, MailServer::friendly().await);
    let setup = super::mail::setup(folder.path(), post.port()).with("SANDGLASS_HTTP__ALLOWED_NETWORKS", "127.0.0.1/32");
    let server = setup.start().await;
    let client = server.client();
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("there.txt"), "there").unwrap();
    std::os::unix::fs::symlink(&outside, folder.path().join("exports/link")).unwrap();
    for label in ["key", "other"] {
        client.post("/secrets", &json!({ "label": label, "value": "nobody-may-see-this" })).await.ok();
    }
    install(&client).await;
    client.put("/templates/trespasser/grant", &little(&peer.url(""))).await.ok();
    let forbidden = forbidden(&peer.url("/"));
    let allowed = [
        json!({ "act": "read", "collection": "orders" }),
        json!({ "act": "send", "method": "GET", "url": peer.url("/"), "secret": "key" }),
        json!({ "act": "mail", "identity": "default", "to": "ann@example.com", "subject": "Granted" }),
        json!({ "act": "write_file", "folder": "exports", "name": "granted.txt" }),
    ];
    let acts: Vec<Value> = forbidden.iter().map(|(act, _)| act).chain(&allowed).cloned().collect();
    let id = job(&client, json!({ "acts": acts })).await;
    let run = client.post(&format!("/jobs/{id}/run?wait=60"), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run:#}");
    let answers = run["result"]["details"]["answers"].as_array().unwrap();
    assert_eq!(answers.len(), acts.len());
    let wrong: Vec<String> = (forbidden.iter().zip(answers))
        .filter(|((_, reason), answer)| answer["reason"] != *reason)
        .map(|((act, reason), answer)| format!("{act} should be {reason}, is {answer}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (act, answer) in acts.iter().zip(answers).skip(forbidden.len()) {
        assert_eq!(answer["allowed"], true, "{act}: {answer}");
    }

    // What was denied is on record, with the grant that would allow it where one could.
    let path = format!("/audit?execution_id={}&page_size=200", run["id"].as_str().unwrap());
    let audit = client.get(&path).await.ok();
    let entries_of = audit["entries"].as_array().unwrap();
    for ((act, reason), answer) in forbidden.iter().zip(answers).filter(|(_, answer)| answer["kind"] == "denied") {
        let is_on_record = entries_of.iter().any(|entry| entry["outcome"]["reason"] == *reason);
        assert!(is_on_record, "{act}: no entry with {reason} in {audit:#}");
        if *reason == "not-granted" {
            let grant = answer["details"]["grant"].to_string();
            assert!(answer["message"].as_str().unwrap().ends_with(&grant), "{act}: {answer}");
        }
    }
    let denied = forbidden.iter().zip(answers).filter(|(_, answer)| answer["kind"] == "denied").count();
    assert!(denied >= 25, "{denied} were denied");

    // Nothing else happened.
    assert_eq!(peer.received().len(), 1);
    assert_eq!(post.conversations().iter().flat_map(|mail| mail.recipients()).count(), 1);
    let exports = entries(&folder.path().join("exports"));
    assert_eq!(exports, ["granted.txt", "link"].map(str::to_owned).into());
    assert_eq!(entries(&outside), ["there.txt".to_owned()].into());
    assert!(!run.to_string().contains("nobody-may-see-this"));
    assert_eq!(server.terminate(60).await, Some(0));
    assert_eq!(orders(folder.path()).len(), 3);
}
