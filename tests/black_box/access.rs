//! Who may call: the set-up link, signing in and out, accounts and tokens, over real sockets and the real command line.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use sandglass_tests::{Answer, Client, Server, Setup, command, wait_for};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

/// A browser: it sends where a request comes from, and keeps the cookie.
struct Browser {
    client: Client,
    origin: String,
    cookie: String,
}

impl Browser {
    fn at(server: &Server) -> Self {
        Self { client: server.stranger(), origin: server.base().to_owned(), cookie: String::new() }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, path).header("origin", &self.origin);
        if self.cookie.is_empty() { request } else { request.header("cookie", &self.cookie) }
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = self.client.send(request).await;
        if let Some(set) = answer.headers.get("set-cookie") {
            self.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        answer
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.send("POST", "/api/auth/login", Some(json!({ "name": name, "password": password }))).await
    }
}

/// As a new user starts it, without a configured token.
pub fn fresh(folder: &Path) -> Setup {
    Setup::on(folder).with("SANDGLASS_ADMIN_TOKEN", "")
}

/// What stands behind `prefix` in the log.
pub fn printed(server: &Server, prefix: &str) -> Option<String> {
    server.log().split_whitespace().find_map(|word| word.split_once(prefix).map(|(_, rest)| rest.to_owned()))
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_a_link_that_makes_one_admin_and_a_token_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let server = fresh(folder.path()).start().await;
    let old = wait_for("set-up link", 10, || async { printed(&server, "/setup#token=") }).await;
    let token = wait_for("token", 10, || async { printed(&server, "sgl_") }).await;
    assert_eq!(server.stranger().get("/api/auth/setup").await.ok(), json!({"open": true, "has_users": false}));
    server.terminate(60).await;

    let server = fresh(folder.path()).start().await;
    let link = wait_for("set-up link", 10, || async { printed(&server, "/setup#token=") }).await;
    assert_ne!(link, old, "each start makes its own");
    let program = Client::new(server.base(), Some(&format!("sgl_{token}")));
    assert_eq!(program.get("/api/auth/me").await.ok()["way"], "admin_token");
    let body = |token: &str, name: &str| Some(json!({ "token": token, "name": name, "password": PASSWORD }));
    let mut ann = Browser::at(&server);
    let refused = ann.send("POST", "/api/auth/setup", body(&old, "ann")).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("setup_closed")));
    let me = ann.send("POST", "/api/auth/setup", body(&link, "ann")).await.ok();
    assert_eq!((&me["name"], &me["role"]), (&json!("ann"), &json!("admin")));
    assert_eq!(ann.send("GET", "/jobs", None).await.status, 200);
    let again = Browser::at(&server).send("POST", "/api/auth/setup", body(&link, "ben")).await;
    assert_eq!(again.json()["code"], "setup_closed");
    server.terminate(60).await;

    let server = fresh(folder.path()).start().await;
    assert_eq!(server.stranger().get("/api/auth/setup").await.ok(), json!({"open": false, "has_users": true}));
    assert_eq!(printed(&server, "/setup#token="), None);
    ann = Browser { origin: server.base().to_owned(), client: server.stranger(), ..ann };
    assert_eq!(ann.send("GET", "/api/auth/me", None).await.ok()["name"], "ann", "a session outlives a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_everything_also_what_is_being_watched() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let body = json!({"name": "ann", "role": "admin", "password": PASSWORD});
    server.client().post("/api/auth/users", &body).await.ok();
    let mut ann = Browser::at(&server);
    assert_eq!(ann.sign_in("ann", "a wrong password").await.status, 401);
    assert_eq!(ann.sign_in("ann", PASSWORD).await.ok()["user"], "ann");
    let mut events = ann.request("GET", "/events").send().await.unwrap().bytes_stream();
    assert!(events.next().await.unwrap().unwrap().starts_with(b":"), "it is connected");
    let watching = tokio::spawn(async move { while events.next().await.is_some_and(|chunk| chunk.is_ok()) {} });
    let kept = ann.cookie.clone();
    ann.send("POST", "/api/auth/logout", None).await.ok();
    tokio::time::timeout(Duration::from_secs(10), watching).await.expect("the stream ends with the session").unwrap();
    ann.cookie = kept;
    for (method, path) in [("GET", "/api/auth/me"), ("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/events")] {
        assert_eq!(ann.send(method, path, None).await.status, 401, "{method} {path}");
    }
    assert!(!server.log().contains(PASSWORD) && !server.log().contains("sgs_"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_and_a_guesser_get_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let body = json!({"name": "ann", "role": "admin", "password": PASSWORD});
    server.client().post("/api/auth/users", &body).await.ok();
    let mut ann = Browser::at(&server);
    ann.sign_in("ann", PASSWORD).await.ok();
    ann.origin = "https://evil.example".to_owned();
    for (method, path) in [("POST", "/jobs"), ("DELETE", "/api/auth/users/ann"), ("POST", "/api/auth/logout")] {
        let refused = ann.send(method, path, None).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("cross_site")), "{method} {path}");
    }
    let mut guesser = Browser::at(&server);
    let mut statuses = Vec::new();
    for number in 0..6 {
        statuses.push(guesser.sign_in("ann", &format!("guess number {number}")).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let waits = guesser.sign_in("ann", PASSWORD).await;
    assert_eq!((waits.status, waits.json()["code"].as_str()), (429, Some("too_many_attempts")), "though it is right");
    let seconds: u64 = waits.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    wait_for("end of the wait", 40, || {
        let mut owner = Browser::at(&server);
        async move { (owner.sign_in("ann", PASSWORD).await.status == 200).then_some(()) }
    })
    .await;
    ann.origin = server.base().to_owned();
    assert_eq!(ann.send("GET", "/api/auth/me", None).await.status, 200, "whoever is signed in notices nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_and_their_programs_change_is_on_record_under_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let body = json!({"name": "ann", "role": "admin", "password": PASSWORD});
    server.client().post("/api/auth/users", &body).await.ok();
    let mut ann = Browser::at(&server);
    ann.sign_in("ann", PASSWORD).await.ok();
    let made = ann.send("POST", "/api/auth/tokens", Some(json!({"name": "deploy", "expires_in_days": 1}))).await.ok();
    let program = Client::new(server.base(), made["secret"].as_str());
    let job = json!({
        "name": "Old logs", "template_type": "database_cleanup",
        "parameters": {"collection": "rows", "days_old": 30, "date_field": "at", "dry_run": true},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = program.post("/jobs", &job).await.ok();
    assert_eq!(job["created_by"], "ann/deploy");
    let id = job["id"].as_str().unwrap();
    let run = ann.send("POST", &format!("/jobs/{id}/run?wait=60"), None).await.ok();
    ann.send("PUT", &format!("/jobs/{id}"), Some(json!({"name": "Older logs"}))).await.ok();
    ann.send("POST", &format!("/jobs/{id}/disable"), None).await.ok();
    ann.send("POST", &format!("/jobs/{id}/enable"), None).await.ok();
    ann.send("DELETE", &format!("/executions/{}", run["id"].as_str().unwrap()), None).await.ok();
    ann.send("POST", "/secrets", Some(json!({"label": "shop", "value": "hidden text"}))).await.ok();
    ann.send("DELETE", "/secrets/shop", None).await.ok();
    ann.send("DELETE", &format!("/jobs/{id}"), None).await.ok();
    ann.send("POST", &format!("/jobs/{id}/restore"), None).await.ok();
    ann.send("DELETE", &format!("/api/auth/tokens/{}", made["id"].as_str().unwrap()), None).await.ok();
    assert_eq!(program.get("/jobs").await.status, 401, "it is over at once");
    let audit = ann.send("GET", "/audit?kind=change&page_size=200", None).await.ok();
    let mut actions: Vec<_> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["actor"].as_str().unwrap(), entry["action"].as_str().unwrap()))
        .collect();
    actions.reverse();
    assert_eq!(
        actions.iter().map(String::as_str).filter(|action| !action.contains("grant")).collect::<Vec<_>>(),
        [
            "admin user.create",
            "ann session.begin",
            "ann token.create",
            "ann/deploy job.create",
            "ann job.run",
            "ann job.change",
            "ann job.disable",
            "ann job.enable",
            "ann execution.delete",
            "ann secret.set",
            "ann secret.delete",
            "ann job.delete",
            "ann job.restore",
            "ann token.revoke",
        ]
    );
    for secret in [PASSWORD, "sgl_", "sgs_", "hidden text"] {
        assert!(!audit.to_string().contains(secret) && !server.log().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_tokens_are_made_on_the_command_line_while_no_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let weak = run(path, &["user", "add", "ann", "--role", "admin"], "password1234\n");
    assert_eq!(weak.status.code(), Some(2), "{weak:?}");
    assert!(told(&weak).contains("guessed") && !told(&weak).contains("password1234"), "{}", told(&weak));
    let made = run(path, &["user", "add", "Ann", "--role", "admin"], "correct horse battery\n");
    assert!(made.status.success(), "{}", told(&made));
    assert_eq!(run(path, &["user", "add", "ann", "--role", "admin"], PASSWORD).status.code(), Some(4));
    assert!(run(path, &["user", "add", "ops", "--role", "operator"], PASSWORD).status.success());
    assert_eq!(run(path, &["user", "disable", "ann"], "").status.code(), Some(4), "the last admin");
    assert_eq!(run(path, &["user", "role", "nobody", "admin"], "").status.code(), Some(3));
    let token = run(path, &["token", "create", "ops", "ci", "--role", "auditor", "--days", "7"], "");
    let secret = String::from_utf8(token.stdout.clone()).unwrap().trim().to_owned();
    assert!(secret.starts_with("sgl_") && !String::from_utf8_lossy(&token.stderr).contains(&secret));
    assert_eq!(run(path, &["token", "create", "ops", "x", "--role", "admin"], "").status.code(), Some(2));
    let listed = told(&run(path, &["token", "list", "--json"], ""));
    assert!(listed.contains("\"ops/ci\"") && !listed.contains(&secret), "{listed}");

    let server = fresh(path).start().await;
    assert_eq!(printed(&server, "/setup#token="), None, "there are users");
    assert_eq!(printed(&server, "sgl_"), None, "and no token is made then");
    let mut ann = Browser::at(&server);
    ann.sign_in("ann", PASSWORD).await.ok();
    let program = Client::new(server.base(), Some(&secret));
    let me = program.get("/api/auth/me").await.ok();
    assert_eq!((&me["name"], &me["role"]), (&json!("ops/ci"), &json!("auditor")));
    assert_eq!(program.post("/jobs", &json!({})).await.status, 403);
    let busy = run(path, &["user", "list"], "");
    assert_eq!(busy.status.code(), Some(4));
    assert!(told(&busy).contains("/api/auth/users"), "{}", told(&busy));
    server.terminate(60).await;

    assert!(run(path, &["user", "password", "ann"], "quite another password").status.success());
    assert!(run(path, &["token", "revoke", "ops/ci"], "").status.success());
    assert!(run(path, &["user", "remove", "ops"], "").status.success());
    let users = told(&run(path, &["user", "list"], ""));
    assert!(users.contains("ann") && !users.contains("ops"), "{users}");
    assert!(run(path, &["audit", "verify"], "").status.success());
    let server = fresh(path).start().await;
    assert_eq!(Client::new(server.base(), Some(&secret)).get("/jobs").await.status, 401);
    let mut later = Browser { origin: server.base().to_owned(), client: server.stranger(), ..ann };
    assert_eq!(later.send("GET", "/api/auth/me", None).await.status, 401, "the new password ended the session");
    later.cookie.clear();
    assert_eq!(later.sign_in("ann", PASSWORD).await.status, 401);
    later.sign_in("ann", "quite another password").await.ok();
    let audit = later.send("GET", "/audit?actor=command%20line", None).await.ok();
    assert_eq!(audit["entries"].as_array().unwrap().len(), 6, "{audit}");
}
