//! Mail over TLS from the first byte, by a server that asks for a password which stands among the secrets.

use std::path::Path;

use sandglass_tests::{Client, MailServer, Setup};
use serde_json::{Value, json};

use crate::mail::{Certificates, IDENTITY, Sink, job, run, setup};

const PASSWORD: &str = "correct-horse-battery-staple";

/// Sends over TLS from the first byte, and trusts the authority of these certificates only.
fn secured(folder: &Path, port: u16, certificates: &Certificates) -> Setup {
    setup(folder, port)
        .with(&format!("{IDENTITY}TLS"), "implicit")
        .with(&format!("{IDENTITY}CA_FILE"), certificates.authority.to_str().unwrap())
}

async fn set(client: &Client, value: &str, hosts: Value) {
    let body = json!({"label": "smtp", "value": value, "hosts": hosts});
    client.post("/secrets", &body).await.ok();
}

/// The run of a job that is tried once.
async fn once(client: &Client) -> Value {
    let mut body = job(json!({}));
    body["retry_policy"] = json!({"max_retries": 0});
    run(client, &body).await
}

fn error(run: &Value) -> &str {
    assert_eq!(run["status"], "failed", "{run}");
    run["error"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_among_the_secrets_opens_a_server_with_tls_and_a_new_one_holds_from_the_next_mail_on() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let certificates = Certificates::make(keys.path());
    let (certificate, key) = (certificates.certificate.to_str().unwrap(), certificates.key.to_str().unwrap());
    let sink = Sink::start(&[certificate, key, "robot", PASSWORD, "--implicit"]).await;
    let server = secured(folder.path(), sink.port, &certificates)
        .with(&format!("{IDENTITY}USERNAME"), "robot")
        .with(&format!("{IDENTITY}PASSWORD_SECRET"), "smtp")
        .start()
        .await;
    let client = server.client();
    let missing = "email.identities.default.password_secret is smtp, and there is no secret smtp";
    assert!(server.log().contains(missing), "no warning at the start:\n{}", server.log());
    let failed = once(&client).await;
    assert!(error(&failed).contains(missing), "{failed}");

    set(&client, "not-the-right-one", json!([])).await;
    let failed = once(&client).await;
    assert!(error(&failed).contains("AUTH") && error(&failed).contains("535"), "{failed}");
    assert!(sink.received().is_empty());

    set(&client, PASSWORD, json!([])).await;
    let good = once(&client).await;
    assert_eq!(good["status"], "success", "{good}");
    let message = sink.messages(1).await.remove(0);
    assert_eq!((&message["tls"], &message["user"]), (&json!(true), &json!("robot")));

    // The connection of the mail before still stands, and is signed in with another password.
    set(&client, "not-the-right-one-either", json!([])).await;
    let failed = once(&client).await;
    assert!(error(&failed).contains("535"), "{failed}");

    set(&client, PASSWORD, json!(["api.example.com"])).await;
    let failed = once(&client).await;
    assert!(error(&failed).contains("may be sent to api.example.com only"), "{failed}");
    set(&client, PASSWORD, json!(["api.example.com", "127.0.0.1"])).await;
    assert_eq!(once(&client).await["status"], "success");
    assert_eq!(sink.messages(2).await.len(), 2);

    let kept = [server.log(), client.get("/executions?page_size=200").await.ok().to_string()];
    for text in kept {
        assert!(!text.contains(PASSWORD) && !text.contains("not-the-right-one"), "a password shows in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_prove_its_name_or_speaks_in_the_clear_gets_nothing() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let trusted = Certificates::make_for(ours.path(), "DNS:mail.example.com,IP:127.0.0.2");
    let foreign = Certificates::make(theirs.path());
    let of = |certificates: &Certificates| {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        [path(&certificates.certificate), path(&certificates.key)]
    };
    for (presented, what) in [(&trusted, "another name"), (&foreign, "another authority")] {
        let [certificate, key] = of(presented);
        let sink = Sink::start(&[&certificate, &key, "--implicit"]).await;
        let folder = tempfile::tempdir().unwrap();
        let server = secured(folder.path(), sink.port, &trusted).start().await;
        let failed = once(&server.client()).await;
        assert!(error(&failed).contains("cannot be made safe"), "{what}: {failed}");
        assert!(sink.received().is_empty(), "{what}");
    }

    let clear = MailServer::friendly().await;
    let folder = tempfile::tempdir().unwrap();
    let server = secured(folder.path(), clear.port(), &trusted).start().await;
    let failed = once(&server.client()).await;
    assert!(error(&failed).contains("cannot be made safe"), "{failed}");
    let said = clear.conversations();
    assert_eq!(said.len(), 1, "there is no second try in the clear");
    // A handshake begins with the content type 22 (RFC 8446, 5.1), a command of SMTP with a letter.
    assert!(said.iter().all(|one| one.raw.first() == Some(&22) && one.contents.is_empty()), "{said:?}");
}
