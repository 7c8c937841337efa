//! Mail as a real mail server received it, and what a job makes of a mail server that misbehaves.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use sandglass_tests::{Client, MailAnswer, MailServer, Setup, python, wait_for};
use serde_json::{Value, json};

/// aiosmtpd in a process of its own.
pub(crate) struct Sink {
    child: Child,
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Sink {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut command = python();
        command.arg("-c").arg(include_str!("mail_sink.py")).args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let (said, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            if let Some(port) = lines.next() {
                drop(said.send(port));
            }
            for line in lines {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let port = tokio::task::spawn_blocking(move || port.recv_timeout(std::time::Duration::from_secs(60)));
        let port = port.await.unwrap().unwrap().parse().unwrap();
        Self { child, port, received }
    }

    /// At least so many, waited for.
    pub(crate) async fn messages(&self, count: usize) -> Vec<Value> {
        wait_for("mail", 60, || async {
            let received = self.received.lock().unwrap().clone();
            (received.len() >= count).then_some(received)
        })
        .await
    }

    /// What has come so far.
    pub(crate) fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended already.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

pub(crate) const IDENTITY: &str = "SANDGLASS_EMAIL__IDENTITIES__DEFAULT__";

/// A server whose identity `default` sends by this port, in the clear.
pub(crate) fn setup(folder: &Path, port: u16) -> Setup {
    Setup::on(folder)
        .with(&format!("{IDENTITY}HOST"), "127.0.0.1")
        .with(&format!("{IDENTITY}PORT"), &port.to_string())
        .with(&format!("{IDENTITY}TLS"), "none")
        .with(&format!("{IDENTITY}FROM"), "Sandglass <sandglass@example.com>")
        .with(&format!("{IDENTITY}TIMEOUT_SECONDS"), "20")
}

pub(crate) fn job(parameters: Value) -> Value {
    let mut all = json!({"recipients": ["anna@example.com"], "subject": "Hello", "body": "Good day"});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    json!({
        "name": "Letter", "template_type": "email_notification", "parameters": all,
        "schedule": {"type": "interval", "interval_seconds": 3600},
        "retry_policy": {"max_retries": 2, "retry_delay_seconds": 1},
    })
}

pub(crate) async fn run(client: &Client, body: &Value) -> Value {
    let job = client.post("/jobs", body).await.ok();
    client.post(&format!("/jobs/{}/run?wait=90", job["id"].as_str().unwrap()), &json!({})).await.ok()
}

fn header<'a>(message: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = message["headers"].as_array().unwrap().iter();
    headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
}

/// A certificate authority and a server's certificate, made just now.
pub(crate) struct Certificates {
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    pub(crate) fn make(folder: &Path) -> Self {
        Self::make_for(folder, "IP:127.0.0.1")
    }

    /// For `name`, as a subjectAltName is written.
    pub(crate) fn make_for(folder: &Path, name: &str) -> Self {
        let openssl = |arguments: &str| {
            let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let fresh = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        openssl(&format!("{fresh} -keyout ca.key -out ca.pem -subj /CN=authority"));
        openssl(&format!(
            "{fresh} -keyout server.key -out server.pem -subj /CN=mail -addext subjectAltName={name} -addext \
             basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key"
        ));
        let path = |name: &str| folder.join(name);
        Self { authority: path("ca.pem"), certificate: path("server.pem"), key: path("server.key") }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_everything_arrives_over_tls_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(keys.path());
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let arguments = [&text(&certificates.certificate), &text(&certificates.key), "robot", "007 läuft"];
    let sink = Sink::start(&arguments).await;
    let password = keys.path().join("password");
    std::fs::write(&password, "007 läuft\n").unwrap();
    let server = setup(folder.path(), sink.port)
        .with(&format!("{IDENTITY}TLS"), "required")
        .with(&format!("{IDENTITY}CA_FILE"), &text(&certificates.authority))
        .with(&format!("{IDENTITY}USERNAME"), "robot")
        .with(&format!("{IDENTITY}PASSWORD_FILE"), &text(&password))
        .argument("--demo")
        .start()
        .await;
    let client = server.client();
    let attached: Vec<u8> = (0..50_000_u32).flat_map(|n| [n.to_le_bytes()[0], b'\n', b'.', b'\r']).collect();
    let exports = folder.path().join("exports");
    std::fs::create_dir_all(&exports).unwrap();
    std::fs::write(exports.join("Umsätze.csv"), &attached).unwrap();
    let body = job(json!({
        "recipients": ["Zoë Müller <zoe@bücher.example>", "\"Doe, John\" <john@example.com>"],
        "cc": ["team@example.com"], "bcc": ["hidden@example.com"], "reply_to": "answers@example.com",
        "subject": "{{ rows | length }} Bestellungen – {{ job.name }} ☕", "priority": "high", "body_format": "html",
        "body": "<h1>Grüße &amp; mehr</h1>\n<p>{% for row in rows %}<b>{{ row._id }}</b><br>{% endfor %}</p>\n.\n..\n",
        "query": {"collection": "orders", "sort": {"placed_at": -1}, "limit": 3}, "attachments": ["Umsätze.csv"],
    }));
    let run = run(&client, &body).await;
    assert_eq!(run["status"], "success", "{run}");
    let message = sink.messages(1).await.remove(0);

    assert_eq!((&message["tls"], &message["user"]), (&json!(true), &json!("robot")));
    assert_eq!(message["from"], "sandglass@example.com");
    let to = ["zoe@xn--bcher-kva.example", "john@example.com", "team@example.com", "hidden@example.com"];
    assert_eq!(message["to"], json!(to));
    assert_eq!(message["defects"], json!([]));
    assert_eq!(message["addresses"]["From"], json!([["Sandglass", "sandglass@example.com"]]));
    assert_eq!(
        message["addresses"]["To"],
        json!([["Zoë Müller", "zoe@xn--bcher-kva.example"], ["Doe, John", "john@example.com"]])
    );
    assert_eq!(message["addresses"]["Cc"], json!([["", "team@example.com"]]));
    assert_eq!(message["addresses"]["Reply-To"], json!([["", "answers@example.com"]]));
    assert_eq!(header(&message, "Subject"), ["3 Bestellungen – Letter ☕"]);
    assert_eq!((header(&message, "X-Priority"), header(&message, "Importance")), (vec!["1 (Highest)"], vec!["high"]));
    assert_eq!(header(&message, "Message-ID"), [format!("<{}.1@example.com>", run["id"].as_str().unwrap())]);
    assert!(header(&message, "Bcc").is_empty() && !message["headers"].to_string().contains("hidden"));
    assert_eq!(
        message["structure"],
        json!(["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"])
    );
    let parts = message["parts"].as_array().unwrap();
    let shown = |part: &Value| part["text"].as_str().unwrap().replace("\r\n", "\n");
    let plain = shown(&parts[0]);
    assert!(plain.starts_with("Grüße & mehr\n\n") && plain.lines().count() >= 5, "{plain}");
    let html = shown(&parts[1]);
    assert!(html.contains("<h1>Grüße &amp; mehr</h1>") && html.contains("\n.\n..\n"), "{html}");
    assert_eq!((&parts[2]["name"], &parts[2]["disposition"]), (&json!("Umsätze.csv"), &json!("attachment")));
    let script = "import base64, sys; sys.stdout.write(base64.b64decode(sys.stdin.read()).hex())";
    let output = python_with(script, parts[2]["content"].as_str().unwrap());
    let expected: String = attached.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(output == expected, "the attachment changed on its way");
    let effects = client.get(&format!("/executions/{}/effects", run["id"].as_str().unwrap())).await.ok();
    let sent = effects["effects"].as_array().unwrap().iter().find(|effect| effect["capability"] == "email");
    assert!(sent.is_some_and(|sent| sent["target"] == "default" && sent["items"] == 4), "{effects}");
    assert!(!server.log().contains("007"), "the password is in the log");
}

fn python_with(script: &str, input: &str) -> String {
    let mut child = python().arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_prove_who_it_is_gets_neither_password_nor_mail() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (trusted, presented) = (Certificates::make(ours.path()), Certificates::make(theirs.path()));
    let sink = Sink::start(&[presented.certificate.to_str().unwrap(), presented.key.to_str().unwrap()]).await;
    let server = setup(folder.path(), sink.port)
        .with(&format!("{IDENTITY}TLS"), "required")
        .with(&format!("{IDENTITY}CA_FILE"), trusted.authority.to_str().unwrap())
        .start()
        .await;
    let mut body = job(json!({}));
    body["retry_policy"] = json!({"max_retries": 0});
    let run = run(&server.client(), &body).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().unwrap().contains("cannot be made safe"), "{run}");
    assert!(sink.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_now_is_tried_again_under_the_same_message_id_and_one_for_good_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let peer = MailServer::start(move |verb, _, line| {
        let count = |verb: &str| (verb == "RCPT").then(|| asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        match (verb, line) {
            ("RCPT", line) if line.contains("nobody") => Some(MailAnswer::Say("550 5.1.1 nobody here".into())),
            ("RCPT", line) if line.contains("anna") && count(verb) == Some(0) => {
                Some(MailAnswer::Say("450 4.2.1 greylisted".into()))
            }
            _ => None,
        }
    })
    .await;
    let server = setup(folder.path(), peer.port()).start().await;
    let client = server.client();
    let run_later = run(&client, &job(json!({}))).await;
    assert_eq!(run_later["status"], "success", "{run_later}");
    assert_eq!(run_later["attempts"].as_array().map(Vec::len), Some(2), "{run_later}");
    let id = format!("<{}.1@example.com>", run_later["id"].as_str().unwrap());
    assert_eq!(run_later["result"]["details"]["message_id"], id, "{run_later}");

    let never = run(&client, &job(json!({"recipients": ["nobody@example.com"]}))).await;
    assert_eq!((never["status"].as_str(), never["attempts"].as_array().map(Vec::len)), (Some("failed"), Some(1)));
    assert!(never["error"].as_str().unwrap().contains("550 5.1.1 nobody here"), "{never}");

    let some = run(&client, &job(json!({"recipients": ["bob@example.com", "nobody@example.com"]}))).await;
    assert_eq!(some["status"], "success", "{some}");
    let warnings = some["result"]["warnings"].to_string();
    assert!(warnings.contains("nobody@example.com") && warnings.contains("550"), "{some}");
    assert_eq!(peer.contents().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_which_nobody_knows_whether_it_arrived_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let peer = MailServer::start(|verb, _, _| (verb == "END").then_some(MailAnswer::HangUp)).await;
    let server = setup(folder.path(), peer.port()).start().await;
    let run = run(&server.client(), &job(json!({}))).await;
    assert_eq!((run["status"].as_str(), run["attempts"].as_array().map(Vec::len)), (Some("failed"), Some(1)), "{run}");
    assert!(run["error"].as_str().unwrap().contains("may have been delivered"), "{run}");
    assert_eq!((peer.conversations().len(), peer.contents().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_by_mail_how_a_run_ended() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(&[]).await;
    let server = setup(folder.path(), sink.port).start().await;
    let client = server.client();
    let mut body = json!({
        "name": "Tidy <up>", "template_type": "database_cleanup",
        "parameters": {"collection": "dynamic_jobs", "conditions": {"a": 1}, "dry_run": false},
        "schedule": {"type": "interval", "interval_seconds": 3600}, "retry_policy": {"max_retries": 0},
        "notifications": {"on_failure": ["Ops <ops@example.com>"], "on_success": ["boss@example.com"]},
    });
    let failed = run(&client, &body).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    body["parameters"] = json!({"collection": "logs", "conditions": {"a": 1}});
    body["name"] = json!("Look");
    let good = run(&client, &body).await;
    assert_eq!(good["status"], "success", "{good}");
    let messages = sink.messages(2).await;
    let about = |id: &Value| {
        let id = id.as_str().unwrap();
        messages.iter().find(|one| one["parts"].to_string().contains(id) || header(one, "Message-ID")[0].contains(id))
    };
    let bad = about(&failed["id"]).unwrap();
    assert_eq!((&bad["to"], header(bad, "Subject")), (&json!(["ops@example.com"]), vec!["Tidy <up> failed"]));
    let text = bad["parts"][0]["text"].as_str().unwrap();
    for part in ["The job “Tidy <up>” failed.", "Error:", failed["id"].as_str().unwrap(), "Duration:"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let error = failed["error"].as_str().unwrap();
    assert_eq!(text.matches(error).count(), 1, "the error stands there more than once: {text}");
    let html = bad["parts"][1]["text"].as_str().unwrap();
    assert!(html.contains("Tidy &lt;up&gt;") && !html.contains("<up>"), "{html}");
    let fine = about(&good["id"]).unwrap();
    assert_eq!((&fine["to"], header(fine, "Subject")), (&json!(["boss@example.com"]), vec!["Look succeeded"]));
    assert_eq!(fine["structure"], json!(["multipart/alternative", "text/plain", "text/html"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_identity_the_log_says_how_to_set_one_up_and_a_wrong_one_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let mut body = job(json!({}));
    body["notifications"] = json!({"on_failure": ["ops@example.com"]});
    let run = run(&client, &body).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().unwrap().contains("[email.identities.default]"), "{run}");
    let path = format!("/executions/{}/logs", run["id"].as_str().unwrap());
    wait_for("word on the mail that cannot be sent", 30, || async {
        let logs = client.get(&path).await.ok().to_string();
        (logs.contains("ops@example.com") && logs.contains("WARNING")).then_some(())
    })
    .await;
    drop(server);

    let output = sandglass_tests::command(folder.path())
        .arg("serve")
        .env("SANDGLASS_SERVER__LISTEN", "127.0.0.1:0")
        .env(format!("{IDENTITY}HOST"), "mail.example.com")
        .env(format!("{IDENTITY}FROM"), "s@example.com")
        .env(format!("{IDENTITY}TLS"), "none")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("email.identities.default.tls"), "{said}");
}
