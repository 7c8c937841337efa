//! Components that somebody brings along: dropped into the folder or sent, replaced, broken, taken away.

use std::path::{Path, PathBuf};

use sandglass_tests::{Answer, Client, Server, Setup, root, wait_for};
use serde_json::{Value, json};

/// The example that `cargo xtask plugins` builds.
pub(crate) fn hello() -> Vec<u8> {
    let path = root().join("target/plugins/examples/hello.wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; cargo xtask plugins builds it", path.display()))
}

/// The same component with other bytes, and so with another digest: a custom section of its own.
fn variant(bytes: &[u8], mark: &str) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let content = u8::try_from(1 + 4 + mark.len()).unwrap();
    bytes.extend([0, content, 4]);
    bytes.extend(b"mark");
    bytes.extend(mark.as_bytes());
    bytes
}

/// The same component with one text put in the place of another of the same length, wherever it stands.
pub(crate) fn patched(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let (mut patched, mut places) = (bytes.to_vec(), 0);
    for at in 0..patched.len() - from.len() {
        if &patched[at..at + from.len()] == from.as_bytes() {
            patched[at..at + from.len()].copy_from_slice(to.as_bytes());
            places += 1;
        }
    }
    assert!(places > 0, "{from} does not stand in the component");
    patched
}

async fn upload(client: &Client, bytes: Vec<u8>) -> Answer {
    client.send(client.request("POST", "/templates").header("content-type", "application/wasm").body(bytes)).await
}

/// Writes a file as an installer would: beside, then in its place.
fn put(folder: &Path, file: &str, bytes: &[u8]) {
    let beside = folder.join(format!(".{file}"));
    std::fs::write(&beside, bytes).unwrap();
    std::fs::rename(beside, folder.join(file)).unwrap();
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn templates(&self) -> PathBuf {
        self.folder.path().join("templates")
    }

    async fn start(&self) -> Server {
        Setup::on(self.folder.path()).start().await
    }
}

async fn until(client: &Client, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, 60, || {
        let client = client.clone();
        let is_so = &is_so;
        async move { Some(client.get("/templates").await.ok()).filter(|list| is_so(list)) }
    })
    .await
}

fn of_type<'a>(list: &'a Value, kind: &str) -> Option<&'a Value> {
    list["templates"].as_array().unwrap().iter().find(|template| template["type"] == kind)
}

fn job(every: u64) -> Value {
    json!({
        "name": "Greet", "template_type": "hello", "parameters": {"collection": "greetings", "addressee": "Ada"},
        "schedule": {"type": "interval", "interval_seconds": every},
    })
}

/// Lets it read what its jobs name.
async fn grant(client: &Client, kind: &str) {
    let rights = json!([{"capability": "documents", "target": "*", "access": ["read"]}]);
    client.put(&format!("/templates/{kind}/grant"), &json!({ "rights": rights })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_a_template_that_runs_once_somebody_grants_it_something() {
    let place = Place::new();
    let server = place.start().await;
    let client = server.client();
    put(&place.templates(), "hello.wasm", &hello());
    let list = until(&client, "the dropped-in template", |list| of_type(list, "hello").is_some()).await;
    let template = of_type(&list, "hello").unwrap();
    assert_eq!((&template["state"], &template["source"]), (&json!("not_granted"), &json!("folder")), "{template:#}");
    assert_eq!((&template["file"], &template["grant"]), (&json!("hello.wasm"), &Value::Null), "{template:#}");
    assert!(template["imports"].as_array().unwrap().contains(&json!("sandglass:documents/read.collection.count")));
    assert_eq!((&template["contract"], &template["imports_wasi"]), (&json!("0.1.0"), &json!(false)), "{template:#}");
    assert_eq!(list["problems"], json!([]));

    let created = client.post("/jobs", &job(3_600)).await.ok();
    let run = format!("/jobs/{}/run?wait=60", created["id"].as_str().unwrap());
    let refused = client.post(&run, &json!({})).await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (409, json!("template_not_ready")), "{refused:?}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("nothing is granted"), "{refused:?}");
    grant(&client, "hello").await;
    let ran = client.post(&run, &json!({})).await.ok();
    assert_eq!((&ran["status"], &ran["template_digest"]), (&json!("success"), &template["digest"]), "{ran:#}");

    let changes = client.get("/audit?kind=change&action=template.install").await.ok();
    assert_eq!(changes["entries"][0]["actor"], "templates.folder", "{changes:#}");

    // The file goes: the job is blocked, its history stays.
    std::fs::remove_file(place.templates().join("hello.wasm")).unwrap();
    let list = until(&client, "the retired template", |list| of_type(list, "hello").is_none()).await;
    assert_eq!(list["retired"][0]["state"], "retired", "{list:#}");
    let refused = client.post(&run, &json!({})).await;
    assert!(refused.json()["detail"].as_str().unwrap().contains("hello.wasm was removed"), "{refused:?}");
    let refused = client.post("/jobs", &job(3_600)).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let seen = client.get(&format!("/jobs/{}", created["id"].as_str().unwrap())).await.ok();
    assert_eq!(seen["status"], "blocked", "{seen:#}");
    let kept = client.get(&format!("/executions/{}", ran["id"].as_str().unwrap())).await.ok();
    assert_eq!(kept["status"], "success");
    // And back: the same bytes have the grant that they had, and the job goes on.
    put(&place.templates(), "again.wasm", &hello());
    until(&client, "the template again", |list| of_type(list, "hello").is_some()).await;
    let ran = client.post(&run, &json!({})).await.ok();
    assert_eq!(ran["status"], "success", "{ran:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_files_are_named_and_what_was_in_force_stays_also_over_a_restart() {
    let place = Place::new();
    let server = place.start().await;
    let client = server.client();
    let whole = hello();
    put(&place.templates(), "hello.wasm", &whole);
    let list = until(&client, "the dropped-in template", |list| of_type(list, "hello").is_some()).await;
    let digest = of_type(&list, "hello").unwrap()["digest"].clone();
    put(&place.templates(), "hello.wasm", &whole[..whole.len() / 2]);
    put(&place.templates(), "garbage.wasm", b"this is a letter to my aunt");
    put(&place.templates(), "module.wasm", b"\0asm\x01\0\0\0");
    put(
        &place.templates(),
        "cleanup.wasm",
        &std::fs::read(root().join("target/plugins/database_cleanup.wasm")).unwrap(),
    );
    let reasons = [
        ("hello.wasm", "not a valid component"),
        ("garbage.wasm", "no WebAssembly component"),
        ("module.wasm", "core WebAssembly module"),
        ("cleanup.wasm", "give the component another name"),
    ];
    let named = |list: &Value| list["problems"].as_array().is_some_and(|problems| problems.len() == reasons.len());
    let check = |list: &Value| {
        for (file, reason) in reasons {
            let problem = list["problems"].as_array().unwrap().iter().find(|problem| problem["file"] == file);
            let told = problem.unwrap()["reason"].as_str().unwrap();
            assert!(told.contains(reason), "{file}: {told}");
        }
        assert_eq!(of_type(list, "hello").unwrap()["digest"], digest, "{list:#}");
        assert_eq!(of_type(list, "database_cleanup").unwrap()["state"], "ready");
    };
    check(&until(&client, "all problems", named).await);
    assert_eq!(server.terminate(60).await, Some(0));
    let server = place.start().await;
    check(&until(&server.client(), "all problems again", named).await);
    // The host kept the bytes it admitted, for itself only.
    let kept = place.folder.path().join(format!("components/{}.wasm", digest.as_str().unwrap()));
    assert_eq!(std::fs::read(kept).unwrap(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_answered_with_what_it_is_or_with_what_is_wrong_with_it() {
    let place = Place::new();
    let server = place.start().await;
    let client = server.client();
    let answer = upload(&client, hello()).await.ok();
    assert_eq!((&answer["type"], &answer["state"]), (&json!("hello"), &json!("not_granted")), "{answer:#}");
    assert_eq!((&answer["source"], &answer["by"]), (&json!("upload"), &json!("admin")), "{answer:#}");
    assert_eq!(upload(&client, hello()).await.ok(), answer, "once more is the same");
    let whole = hello();
    let limit = 33_554_432;
    for (bytes, status, code, words) in [
        (whole[..whole.len() / 2].to_vec(), 422, "component_refused", "not a valid component"),
        (b"\0asm\x01\0\0\0".to_vec(), 422, "component_refused", "core WebAssembly module"),
        (Vec::new(), 422, "component_refused", "no WebAssembly component"),
        (vec![0; limit + 1], 413, "body_too_large", "sandbox.component_bytes"),
        (
            patched(&whole, "sandglass:base/execution", "somebodys:base/execution"),
            422,
            "component_refused",
            "somebodys:base",
        ),
    ] {
        let answer = upload(&client, bytes).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{answer:?}");
    }
    let answer = client.post("/templates", &json!({})).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (415, json!("unsupported_media_type")), "{answer:?}");

    // Taken away again: not while a job uses it.
    let created = client.post("/jobs", &job(3_600)).await.ok();
    let refused = client.delete("/templates/hello").await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (409, json!("in_use")), "{refused:?}");
    let gone = client.delete("/templates/hello?force=true").await.ok();
    assert_eq!(gone["jobs"][0]["id"], created["id"], "{gone:#}");
    let refused = client.delete("/templates/database_cleanup?force=true").await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (409, json!("built_in")), "{refused:?}");
    assert_eq!(client.get("/templates/hello").await.ok()["state"], "retired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_asks_for_more_waits_while_jobs_run_on_and_takes_over_when_approved() {
    let place = Place::new();
    let server = place.start().await;
    let client = server.client();
    let first = upload(&client, hello()).await.ok()["digest"].clone();
    grant(&client, "hello").await;
    let created = client.post("/jobs", &job(3_600)).await.ok();
    let run = format!("/jobs/{}/run?wait=60", created["id"].as_str().unwrap());
    let more = patched(&hello(), "param:/collection", "any_collection_**");
    let waiting = upload(&client, more).await.ok();
    assert_eq!(waiting["state"], "awaiting_approval", "{waiting:#}");
    let shown = client.get("/templates/hello").await.ok();
    assert_eq!((&shown["digest"], &shown["waiting"]["digest"]), (&first, &waiting["digest"]), "{shown:#}");
    assert_eq!(shown["waiting"]["difference"]["needs_added"][0]["target"], "any_collection_**", "{shown:#}");
    assert_eq!(client.post(&run, &json!({})).await.ok()["template_digest"], first);

    let answer = client.post("/templates/hello/approve", &json!({ "digest": first })).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (409, json!("other_digest_waits")), "{answer:?}");
    let digest = json!({ "digest": waiting["digest"], "grant_needs": true });
    let approved = client.post("/templates/hello/approve", &digest).await.ok();
    assert_eq!((&approved["jobs_moved"], &approved["jobs_left"]), (&json!(1), &json!([])), "{approved:#}");
    assert_eq!(approved["template"]["digest"], waiting["digest"]);
    let ran = client.post(&run, &json!({})).await.ok();
    // It asks for other collections than the one that the job names: the gate says so, on the new version.
    assert_eq!((&ran["template_digest"], &ran["status"]), (&waiting["digest"], &json!("failed")), "{ran:#}");

    // One that does not take the parameters of the job.
    let other = patched(&hello(), "addressee", "recipient");
    let waiting = upload(&client, other).await.ok();
    assert!(waiting["state_reason"].as_str().unwrap().contains("do not fit"), "{waiting:#}");
    let approved = client.post("/templates/hello/approve", &json!({})).await.ok();
    assert_eq!(approved["jobs_left"][0]["id"], created["id"], "{approved:#}");
    let answer = client.post("/templates/hello/approve", &json!({})).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (409, json!("nothing_waits")), "{answer:?}");
    assert_ne!(client.post(&run, &json!({})).await.ok()["template_digest"], waiting["digest"]);
    // The next version takes its parameters, so it takes the job along.
    let next = upload(&client, variant(&hello(), "next")).await.ok();
    let ran = client.post(&run, &json!({})).await.ok();
    assert_eq!((&ran["template_digest"], &ran["status"]), (&next["digest"], &json!("success")), "{ran:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_replaced_ten_times_under_load_fails_no_run_and_each_names_its_digest() {
    let place = Place::new();
    let server = place.start().await;
    let client = server.client();
    let mut digests = vec![upload(&client, hello()).await.ok()["digest"].clone()];
    grant(&client, "hello").await;
    let mut jobs = Vec::new();
    for pause in [0, 300, 1_500] {
        let mut body = job(1);
        body["parameters"]["pause_milliseconds"] = json!(pause);
        jobs.push(client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned());
    }
    for round in 0..10 {
        put(&place.templates(), "hello.wasm", &variant(&hello(), &format!("{round}")));
        let known = digests.last().unwrap().clone();
        let list = until(&client, "the next version", |list| {
            of_type(list, "hello").is_some_and(|template| template["digest"] != known)
        })
        .await;
        digests.push(of_type(&list, "hello").unwrap()["digest"].clone());
        // A run of the new version, so that each is under load when the next one comes.
        let digest = digests.last().unwrap().clone();
        let page = format!("/jobs/{}/executions?status=success&page_size=200", jobs[0]);
        wait_for("a run of the new version", 60, || {
            let (client, page, digest) = (client.clone(), page.clone(), digest.clone());
            async move {
                let history = client.get(&page).await.ok();
                history["executions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|ran| ran["template_digest"] == digest)
                    .then_some(())
            }
        })
        .await;
    }
    for id in &jobs {
        client.post(&format!("/jobs/{id}/disable"), &json!({})).await.ok();
    }
    let mut seen = 0;
    for id in &jobs {
        let history = client.get(&format!("/jobs/{id}/executions?page_size=200")).await.ok();
        for ran in history["executions"].as_array().unwrap() {
            let status = ran["status"].as_str().unwrap();
            // A second that found the last run still going is skipped by the job's own policy; nothing else may happen.
            let is_skip = status == "skipped" && ran["skip_reason"] != "template";
            assert!(["success", "running", "queued"].contains(&status) || is_skip, "{ran:#}");
            if status == "success" {
                assert!(digests.contains(&ran["template_digest"]), "{ran:#}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 20, "only {seen} runs");

    // Bytes of versions that nothing runs any more go with the next start; the one in force stays.
    let kept = || -> Vec<String> {
        let files = std::fs::read_dir(place.folder.path().join("components")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut kept: Vec<String> = names.filter(|name| name.ends_with(".wasm")).collect();
        kept.sort();
        kept
    };
    assert_eq!(kept().len(), 11);
    // A job that the planner changed at each attempt to move it stays behind until the next start.
    let mut needed: Vec<String> = vec![format!("{}.wasm", digests.last().unwrap().as_str().unwrap())];
    for id in &jobs {
        wait_for("the end of the last run", 60, || async {
            let history = client.get(&format!("/jobs/{id}/executions?page_size=200")).await.ok();
            let is_on = |ran: &Value| ["running", "queued"].contains(&ran["status"].as_str().unwrap());
            (!history["executions"].as_array().unwrap().iter().any(is_on)).then_some(())
        })
        .await;
        let job = client.get(&format!("/jobs/{id}")).await.ok();
        needed.push(format!("{}.wasm", job["template_digest"].as_str().unwrap()));
    }
    needed.sort();
    needed.dedup();
    assert_eq!(server.terminate(60).await, Some(0));
    let server = place.start().await;
    assert_eq!(kept(), needed);
    let last = digests.last().unwrap();
    wait_for("the jobs of the last version", 60, || async {
        let job = server.client().get(&format!("/jobs/{}", jobs[0])).await.ok();
        (job["template_digest"] == *last).then_some(())
    })
    .await;
    let ran = server.client().post(&format!("/jobs/{}/run?wait=60", jobs[0]), &json!({})).await.ok();
    assert_eq!((&ran["status"], &ran["template_digest"]), (&json!("success"), last), "{ran:#}");
}
