//! Secrets as a component meets them: by handle, for where they may go, and never to be read again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandglass::model::audit::Verdict;
use sandglass::model::grant::Limits;
use sandglass::sandbox::Runner as _;
use serde_json::{Value, json};

use crate::egress::{Server, ok, redirect};
use crate::world::{Template, World, answers, http, reason, settings};

const TEXT: &str = "hunter2/and more";
const ALL: [(&str, &str, &str); 2] = [("http", "*", "send"), ("secrets", "*", "use reveal")];

async fn world(rights: &[(&str, &str, &str)]) -> (World, Template) {
    let world = World::with(&settings(), &http(&["127.0.0.1/32"]));
    let template = world.load("test/probe", rights).await;
    world.secret("shop", TEXT, &[]).await;
    (world, template)
}

fn post(url: &str, auth: Value) -> Value {
    let mut step = json!({ "op": "http", "url": url, "method": "POST", "body": "body" });
    step.as_object_mut().unwrap().extend(auth.as_object().unwrap().clone());
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_granted_is_denied_with_the_grant_that_would_allow_it() {
    let (world, template) = world(&[("http", "*", "send"), ("secrets", "other-*", "use")]).await;
    let server = Server::start(|_| ok("never")).await;
    let (run, _) = template.run(json!({ "steps": [post(&server.url("/"), json!({ "bearer": "shop" }))] }));
    let execution = run.execution;
    let answers = answers(&world.sandbox.run(run).await);
    assert_eq!(reason(&answers[0]), "not-granted");
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains(r#"{"capability":"secrets","target":"shop","access":["use"]}"#), "{message}");
    assert_eq!(server.count(), 0);
    let records = world.audit.of_execution(execution).await.unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].verdict, Verdict::Denied { reason: "not-granted".into() });
    assert_eq!((records[0].capability.as_str(), records[0].target.as_str()), ("secrets", "shop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_is_named_with_the_way_to_set_it() {
    let (world, template) = world(&ALL).await;
    let server = Server::start(|_| ok("never")).await;
    let steps = json!([
        post(&server.url("/"), json!({ "bearer": "missing" })),
        post(&server.url("/"), json!({ "bearer": "no label" })),
        post(&server.url("/"), json!({ "bearer": "self:test" })),
    ]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!((reason(&answers[0]), &answers[0]["error"]["kind"]), ("unknown-secret", &json!("not-found")));
    assert!(answers[0]["error"]["message"].as_str().unwrap().contains("sandglass secret set missing"), "{answers:?}");
    assert_eq!((reason(&answers[1]), reason(&answers[2])), ("secret-label", "secret-label"));
    assert_eq!(server.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_of_signing_in_puts_the_secret_where_it_belongs() {
    let (world, template) = world(&ALL).await;
    let server = Server::start(|_| ok("thanks")).await;
    let steps = json!([
        post(&server.url("/"), json!({ "bearer": "shop" })),
        post(&server.url("/"), json!({ "basic": ["ann", "shop"] })),
        post(&server.url("/"), json!({ "secret_header": ["X-Api-Key", "shop"] })),
        post(&server.url("/"), json!({ "hmac": ["X-Signature", "shop"] })),
    ]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert!(answers.iter().all(|answer| answer["ok"]["status"] == 200), "{answers:?}");
    let requests = server.requests.lock().clone();
    let has = |index: usize, line: &str| requests[index].contains(&format!("\r\n{line}\r\n"));
    assert!(has(0, &format!("authorization: Bearer {TEXT}")), "{requests:?}");
    assert!(has(1, &format!("authorization: Basic {}", STANDARD.encode(format!("ann:{TEXT}")))), "{requests:?}");
    assert!(has(2, &format!("x-api-key: {TEXT}")), "{requests:?}");
    // As `printf body | openssl dgst -sha256 -hmac 'hunter2/and more'` says.
    assert!(
        has(3, "x-signature: sha256=602ef711ff0656d30211d74e6edd76af57552b85a7e628f40879484c6c4610d6"),
        "{requests:?}"
    );
    assert!(!requests[3].contains(TEXT), "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_is_set_by_the_request_or_by_the_sign_in_but_not_by_both() {
    let (world, template) = world(&ALL).await;
    let server = Server::start(|_| ok("never")).await;
    let mut steps = Vec::new();
    for (auth, header) in [
        (json!({ "bearer": "shop" }), "Authorization"),
        (json!({ "basic": ["ann", "shop"] }), "AUTHORIZATION"),
        (json!({ "secret_header": ["X-Api-Key", "shop"] }), "x-api-key"),
    ] {
        let mut step = post(&server.url("/"), auth);
        step["headers"] = json!({ header: "mine" });
        steps.push(step);
    }
    for auth in [json!({ "secret_header": ["Host", "shop"] }), json!({ "hmac": ["Transfer_Encoding", "shop"] })] {
        steps.push(post(&server.url("/"), auth));
    }
    steps.push(post(&server.url("/"), json!({ "secret_header": ["X\r\nY", "shop"] })));
    steps.push(post(&server.url("/"), json!({ "basic": ["ann:x", "shop"] })));
    world.secret("broken", "two\r\nHost: other", &[]).await;
    steps.push(post(&server.url("/"), json!({ "bearer": "broken" })));
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    let reasons: Vec<&str> = answers.iter().map(reason).collect();
    assert_eq!(
        reasons,
        [
            "auth-header",
            "auth-header",
            "auth-header",
            "header-reserved",
            "header-reserved",
            "header-name",
            "auth-username",
            "secret-value"
        ]
    );
    assert_eq!(server.count(), 0);
    assert!(!format!("{answers:?}").contains("two"), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_along_within_its_origin_and_stays_behind_beyond_it() {
    let (world, template) = world(&ALL).await;
    let other = Server::start(|_| ok("there")).await;
    let target = other.url("/there");
    let first = Server::start(
        move |request| {
            if request.starts_with("POST /within") { redirect("/end") } else { redirect(&target) }
        },
    )
    .await;
    let mut steps = Vec::new();
    // Names that may go along to another origin must not carry a secret there.
    for auth in [
        json!({ "bearer": "shop" }),
        json!({ "basic": ["ann", "shop"] }),
        json!({ "secret_header": ["X-Api-Key", "shop"] }),
        json!({ "secret_header": ["Accept", "shop"] }),
        json!({ "secret_header": ["Idempotency-Key", "shop"] }),
        json!({ "hmac": ["User-Agent-Signature", "shop"] }),
    ] {
        let mut step = post(&first.url("/beyond"), auth);
        step["follow_redirects"] = json!(true);
        steps.push(step);
    }
    let mut within = post(&first.url("/within"), json!({ "bearer": "shop" }));
    within["follow_redirects"] = json!(true);
    let tried = steps.len();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert!(answers.iter().all(|answer| answer["ok"]["body"] == "there"), "{answers:?}");
    let arrived = other.requests.lock().clone();
    assert_eq!((arrived.len(), first.count()), (tried, tried));
    let encoded = STANDARD.encode(format!("ann:{TEXT}"));
    for request in &arrived {
        assert!(!request.contains(TEXT) && !request.contains(&encoded) && !request.contains("sha256="), "{request}");
    }

    world.probe(&template, json!({ "steps": [within] })).await;
    let requests = first.requests.lock().clone();
    let end = requests.iter().find(|request| request.starts_with("GET /end")).unwrap();
    assert!(end.contains(&format!("authorization: Bearer {TEXT}")), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_with_hosts_goes_to_no_other() {
    let (world, template) = world(&ALL).await;
    let server = Server::start(|_| ok("thanks")).await;
    world.secret("bound", "bound-to-a-host", &["a.example", &format!("http://127.0.0.1:{}", server.port)]).await;
    world.secret("elsewhere", "bound-elsewhere", &["a.example"]).await;
    let steps = json!([
        post(&server.url("/"), json!({ "bearer": "bound" })),
        post(&server.url("/"), json!({ "bearer": "elsewhere" })),
    ]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(answers[0]["ok"]["status"], 200, "{answers:?}");
    assert_eq!((reason(&answers[1]), server.count()), ("secret-host", 1));
    let message = answers[1]["error"]["message"].as_str().unwrap();
    assert!(message.contains("a.example") && !message.contains("bound-elsewhere"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn seeing_a_secret_is_a_right_of_its_own_and_what_was_seen_is_masked_wherever_it_is_kept() {
    let (world, template) = world(&[("secrets", "*", "use")]).await;
    let parameters = json!({ "steps": [{ "op": "reveal", "label": "shop" }] });
    assert_eq!(reason(&world.probe(&template, parameters.clone()).await[0]), "not-granted");

    world.grant(&template, &ALL, Limits::default());
    let (finished, heard) = world.run(&template, parameters).await;
    let answers = answers(&finished);
    assert_eq!(answers[0]["ok"], json!({ "length": TEXT.len(), "text": "[secret shop]" }));
    let lines = heard.lines.lock();
    assert_eq!(lines[0].message, "the text is [secret shop] text=\"[secret shop]\"");
    assert!(!format!("{finished:?} {:?}", *lines).contains(TEXT));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_sends_the_secret_back_does_not_bring_it_into_the_result() {
    let (world, template) = world(&ALL).await;
    // As echo services do: every header as it came, and once more in other forms.
    let server = Server::start(|request| {
        let line = request.lines().find(|line| line.starts_with("authorization")).unwrap_or_default().to_owned();
        ok(&format!("{line} {} {}", json!(line), STANDARD.encode(&line)))
    })
    .await;
    let steps = json!([
        post(&server.url("/"), json!({ "bearer": "shop" })),
        post(&server.url("/"), json!({ "basic": ["ann", "shop"] })),
    ]);
    let (finished, heard) = world.run(&template, json!({ "steps": steps })).await;
    let kept = format!("{:?} {:?}", finished, heard.lines.lock());
    assert!(kept.contains("[secret shop]"), "{kept}");
    for form in [TEXT.to_owned(), STANDARD.encode(TEXT), STANDARD.encode(format!("ann:{TEXT}"))] {
        assert!(!kept.contains(form.trim_end_matches('=')), "{form} in {kept}");
    }
    let inner = STANDARD.encode(format!("authorization: Bearer {TEXT}"));
    assert!(!kept.contains(&inner), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_secret_is_used_at_the_next_request_and_a_deleted_one_no_more() {
    let (world, template) = world(&ALL).await;
    let server = Server::start(|_| ok("thanks")).await;
    let step = post(&server.url("/"), json!({ "bearer": "shop" }));
    world.probe(&template, json!({ "steps": [step] })).await;
    world.secret("shop", "another-text", &[]).await;
    world.probe(&template, json!({ "steps": [step] })).await;
    let requests = server.requests.lock().clone();
    assert!(requests[0].contains(TEXT) && requests[1].contains("Bearer another-text"), "{requests:?}");
}
