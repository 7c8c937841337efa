//! What leaves the machine. Listeners count what reaches them: a refusal that came too late would show there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sandglass::capabilities::{HttpRequest, Origin};
use sandglass::model::grant::Limits;
use sandglass::model::{Digest, ExecutionId, JobId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{Template, World, gates, http, reason, settings};

/// A server that counts connections, keeps what it was sent and answers what it was told to.
pub struct Server {
    pub port: u16,
    connections: Arc<AtomicUsize>,
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer).await
    }

    pub async fn start_at(address: &str, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, kept, answer) = (connections.clone(), requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                let (kept, answer) = (kept.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut text = Vec::new();
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = socket.read(&mut buffer).await {
                        text.extend_from_slice(&buffer[..length]);
                        if text.windows(4).any(|end| end == b"\r\n\r\n") {
                            let request = String::from_utf8_lossy(&text).into_owned();
                            let reply = answer(&request);
                            kept.lock().push(request);
                            let _gone = socket.write_all(reply.as_bytes()).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { port, connections, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\nX-Answer: yes\r\n\r\n{body}", body.len())
}

pub fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

pub fn get(url: &str) -> Value {
    json!({ "op": "http", "url": url })
}

fn following(url: &str) -> Value {
    json!({ "op": "http", "url": url, "follow_redirects": true, "headers": { "X-Api-Key": "secret", "Accept": "a/b" } })
}

async fn world(networks: &[&str]) -> (World, Template) {
    let world = World::with(&settings(), &http(networks));
    let template = world.load("test/probe", &[("http", "*", "send")]).await;
    (world, template)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_write_a_private_address_is_refused_before_a_connection() {
    let (world, template) = world(&[]).await;
    let server = Server::start(|_| ok("never")).await;
    let port = server.port;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "0",
        "[::]",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "224.0.0.1",
        "255.255.255.255",
        "100.64.0.1",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
    ];
    let steps: Vec<Value> = hosts.iter().map(|host| get(&format!("http://{host}:{port}/"))).collect();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(answers.len(), hosts.len());
    for (host, answer) in hosts.iter().zip(&answers) {
        assert_eq!(reason(answer), "forbidden-address", "{host}: {answer}");
    }
    assert_eq!(server.count(), 0, "a connection was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_to_a_web_server_is_refused() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let server = Server::start(|_| ok("never")).await;
    let url = server.url("/");
    let cases = [
        (get("file:///etc/passwd"), "scheme"),
        (get("ftp://127.0.0.1/"), "scheme"),
        (get("//127.0.0.1/"), "url"),
        (get(&url.replace("http://", "http://user:pass@")), "url-credentials"),
        (json!({ "op": "http", "url": url, "method": "CONNECT" }), "method"),
        (json!({ "op": "http", "url": url, "method": "GET /x HTTP/1.1\r\nX: y\r\n\r\n" }), "method"),
        (json!({ "op": "http", "url": url, "headers": { "Host": "other" } }), "header-reserved"),
        (json!({ "op": "http", "url": url, "headers": { "Content-Length": "5" } }), "header-reserved"),
        (json!({ "op": "http", "url": url, "headers": { "Transfer-Encoding": "chunked" } }), "header-reserved"),
        (json!({ "op": "http", "url": url, "headers": { "X": "a\r\nHost: other" } }), "header-value"),
    ];
    let steps: Vec<&Value> = cases.iter().map(|(step, _)| step).collect();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    for ((step, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(reason(answer), *expected, "{step}");
    }
    assert_eq!((answers.len(), server.count()), (cases.len(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_network_can_be_reached_and_its_answer_read() {
    let (world, template) = world(&["127.0.0.0/8"]).await;
    let server = Server::start(|_| ok("hello")).await;
    let (run, heard) = template.run(json!({ "steps": [get(&server.url("/x?y=1"))] }));
    let execution = run.execution;
    let answers = crate::world::answers(&sandglass::sandbox::Runner::run(&world.sandbox, run).await);
    assert_eq!((&answers[0]["ok"]["status"], &answers[0]["ok"]["body"]), (&json!(200), &json!("hello")), "{answers:?}");
    assert_eq!(server.count(), 1);
    let request = server.requests.lock()[0].clone();
    assert!(request.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.to_ascii_lowercase().contains("user-agent: sandglass/"), "{request}");
    let sums = heard.reads.lock().clone();
    assert!(sums.iter().any(|sum| sum.operation == "get" && sum.target == format!("http://127.0.0.1:{}", server.port)));
    world.audit.flush().await.unwrap();
    assert_eq!(world.audit.of_execution(execution).await.unwrap(), [], "a safe request is a read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_on_record() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let server = Server::start(|_| ok("")).await;
    let step = json!({ "op": "http", "url": server.url("/hook"), "method": "POST", "body": "secret body" });
    let (run, _) = template.run(json!({ "steps": [step] }));
    let execution = run.execution;
    sandglass::sandbox::Runner::run(&world.sandbox, run).await;
    world.audit.flush().await.unwrap();
    let records = world.audit.of_execution(execution).await.unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!((records[0].operation.as_str(), records[0].usage.bytes_in), ("send", 11));
    assert!(!format!("{records:?}").contains("secret body"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hop_of_a_redirect_is_checked() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let inner = Server::start(|_| ok("never")).await;
    for (to, expected) in [
        (format!("http://[::1]:{}/", inner.port), "forbidden-address"),
        (format!("http://127.0.0.2:{}/", inner.port), "forbidden-address"),
        ("http://169.254.169.254/latest/meta-data/".to_owned(), "forbidden-address"),
        ("file:///etc/passwd".to_owned(), "scheme"),
        ("http://user:pass@127.0.0.1/".to_owned(), "url-credentials"),
    ] {
        let target = to.clone();
        let outer = Server::start(move |_| redirect(&target)).await;
        let answers = world.probe(&template, json!({ "steps": [following(&outer.url("/"))] })).await;
        assert_eq!(reason(&answers[0]), expected, "{to}");
        assert_eq!(outer.count(), 1);
    }
    assert_eq!(inner.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_counted_and_credentials_stay_behind() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let other = Server::start(|_| ok("there")).await;
    let target = other.url("/there");
    let first = Server::start(
        move |request| {
            if request.starts_with("GET /loop") { redirect("/loop") } else { redirect(&target) }
        },
    )
    .await;
    let steps = json!([following(&first.url("/")), following(&first.url("/loop")), get(&first.url("/"))]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(answers[0]["ok"]["body"], "there", "{answers:?}");
    assert!(first.requests.lock()[0].to_ascii_lowercase().contains("x-api-key: secret"));
    let arrived = other.requests.lock()[0].to_ascii_lowercase();
    assert!(!arrived.contains("x-api-key") && arrived.contains("accept: a/b"), "{arrived}");
    assert_eq!(reason(&answers[1]), "redirects");
    assert_eq!(answers[2]["ok"]["status"], 302, "not asked to follow: {answers:?}");
    assert_eq!(first.count(), 1 + 6 + 1, "one, then the first and five redirects, then one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_decides_about_origins_methods_and_the_number_of_requests() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let server = Server::start(|_| ok("")).await;
    let other = Server::start(|_| ok("")).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let limits = Limits { http_requests: Some(2), ..Limits::default() };
    world.grant(&template, &[("http", &origin, "send")], limits);
    let steps = json!([get(&other.url("/")), get(&server.url("/")), get(&server.url("/")), get(&server.url("/"))]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(reason(&answers[0]), "not-granted");
    assert_eq!((&answers[1]["ok"]["status"], &answers[2]["ok"]["status"]), (&json!(200), &json!(200)));
    assert_eq!(reason(&answers[3]), "request-limit");
    assert_eq!((server.count(), other.count()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_to_one_method_is_none_to_another() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let server = Server::start(|_| ok("")).await;
    world.grants.set(sandglass::model::grant::Grant {
        template_type: template.name.clone(),
        digest: template.digest.clone(),
        rights: vec![sandglass::model::grant::Right {
            capability: "http".into(),
            target: "*".into(),
            access: vec!["send".into()],
            extra: Some(json!({ "methods": ["POST"] })),
        }],
        limits: Limits::default(),
    });
    let step = |method: &str| json!({ "op": "http", "url": server.url("/"), "method": method });
    let steps = json!([step("POST"), step("DELETE"), step("POST"), step("GET")]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!((reason(&answers[1]), reason(&answers[3])), ("not-granted", "not-granted"));
    assert_eq!((&answers[0]["ok"]["status"], &answers[2]["ok"]["status"]), (&json!(200), &json!(200)));
    assert_eq!(server.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_and_a_server_without_answer_have_bounds() {
    let (world, template) = world(&["127.0.0.1/32"]).await;
    let limits = Limits { http_body_bytes: Some(100_000), ..Limits::default() };
    world.grant(&template, &[("http", "*", "send")], limits);
    let large = Server::start(|_| ok(&"x".repeat(200_000))).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let steps = json!([get(&large.url("/")), { "op": "http", "url": silent_url, "timeout_ms": 200 }, get("http://127.0.0.1:1/")]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(reason(&answers[0]), "body-bytes");
    assert_eq!(answers[1]["error"]["kind"], "timeout", "{answers:?}");
    assert_eq!(reason(&answers[2]), "no-connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_requests_pass_the_same_checks_and_are_on_record() {
    let server = Server::start(|_| ok("thanks")).await;
    let request = |url: String| HttpRequest {
        method: "POST".into(),
        url,
        body: Some(b"done".to_vec()),
        timeout: Some(Duration::from_secs(10)),
        ..HttpRequest::default()
    };
    let execution = ExecutionId::generate();
    let origin =
        || Origin { execution, job: JobId::generate(), attempt: 1, digest: Digest::of(b""), purpose: "notification" };
    let (closed, ..) = gates(&http(&[]), tempfile::tempdir().unwrap().path());
    let error = closed.http(origin()).send(request(server.url("/"))).await.unwrap_err();
    assert_eq!((error.reason, server.count()), ("forbidden-address", 0));

    let (open, _, _, audit, _) = gates(&http(&["127.0.0.1/32"]), tempfile::tempdir().unwrap().path());
    let answer = open.http(origin()).send(request(server.url("/"))).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), server.count()), (200, &b"thanks"[..], 1));
    audit.flush().await.unwrap();
    let records = audit.of_execution(execution).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].operation.as_str(), records[0].usage.bytes_in), ("notification", 4));
}
