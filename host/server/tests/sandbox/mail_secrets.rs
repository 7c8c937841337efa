//! Identities whose password stands among the secrets: opened for each message, and never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandglass::capabilities::EmailClient;
use serde_json::{Value, json};

use crate::mail::{identities, mail, world};
use crate::smtp::{Answer, MailServer};
use crate::world::{Template, World, reason};

const FIRST: &str = "correct-horse";
const SECOND: &str = "battery-staple";

async fn sent(world: &World, template: &Template) -> Value {
    world.probe(template, json!({ "steps": [mail(json!({}))] })).await.remove(0)
}

/// The passwords that the server was shown, one a conversation (RFC 4616).
fn shown(server: &MailServer) -> Vec<String> {
    let plain = |command: &String| {
        let encoded = command.strip_prefix("AUTH PLAIN ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        decoded.strip_prefix("\0robot\0").map(str::to_owned)
    };
    server.conversations().iter().flat_map(|one| one.commands.iter().filter_map(plain).collect::<Vec<_>>()).collect()
}

async fn signed_in(server: &MailServer) -> (World, Template) {
    world(server, |it| (it.username, it.password_secret) = ("robot".into(), "smtp".into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_opened_for_each_message_and_an_older_connection_is_left_alone() {
    let server = MailServer::friendly().await;
    let (world, template) = signed_in(&server).await;
    let missing = sent(&world, &template).await;
    assert_eq!(reason(&missing), "unknown-secret");
    let message = missing["error"]["message"].as_str().unwrap();
    assert!(message.contains("email.identities.default.password_secret is smtp"), "{message}");
    assert!(server.conversations().is_empty());

    world.secret("smtp", FIRST, &[]).await;
    for _ in 0..2 {
        assert!(sent(&world, &template).await["ok"].is_object());
    }
    assert_eq!(shown(&server), [FIRST], "one connection served both");
    world.secret("smtp", SECOND, &["127.0.0.1"]).await;
    assert!(sent(&world, &template).await["ok"].is_object());
    assert_eq!(shown(&server), [FIRST, SECOND]);

    world.secret("smtp", FIRST, &["https://127.0.0.1", "mail.example.com"]).await;
    let denied = sent(&world, &template).await;
    assert_eq!(reason(&denied), "secret-host");
    assert!(denied["error"]["message"].as_str().unwrap().contains("mail.example.com"), "{denied}");
    assert_eq!((shown(&server).len(), server.contents().len()), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_repeats_the_password_shows_it_to_nobody() {
    let repeat = |line: &str| Some(Answer::Say(format!("535 no {line} {FIRST}")));
    let server = MailServer::start(move |verb, _, line| if verb == "AUTH" { repeat(line) } else { None }).await;
    let (world, template) = signed_in(&server).await;
    world.secret("smtp", FIRST, &[]).await;
    let by_secret = sent(&world, &template).await;
    assert_eq!(reason(&by_secret), "mail-sign-in");
    let message = by_secret["error"]["message"].as_str().unwrap();
    assert!(message.contains("[secret smtp]") && !message.contains(FIRST), "{message}");
    let encoded = STANDARD.encode(format!("\0robot\0{FIRST}"));
    assert!(!by_secret.to_string().contains(&encoded[encoded.len() - 12..]), "{by_secret}");

    let (world, template) =
        crate::mail::world(&server, |it| (it.username, it.password) = ("robot".into(), FIRST.into())).await;
    let configured = sent(&world, &template).await;
    assert!(!configured.to_string().contains(FIRST), "{configured}");
}

#[tokio::test]
async fn what_keeps_an_identity_from_signing_in_is_known_at_the_start() {
    let world = World::new();
    let identities = identities(25, |it| (it.username, it.password_secret) = ("robot".into(), "smtp".into()));
    let client = EmailClient::new(&identities).unwrap();
    let secrets = world.secrets().await;
    let faults = client.sign_in_faults(&secrets).await;
    assert!(
        matches!(faults.as_slice(), [fault] if fault.contains("identities.default") && fault.contains("no secret"))
    );
    world.secret("smtp", FIRST, &["mail.example.com"]).await;
    let faults = client.sign_in_faults(&secrets).await;
    assert!(matches!(faults.as_slice(), [fault] if fault.contains("127.0.0.1:25")), "{faults:?}");
    world.secret("smtp", FIRST, &["127.0.0.1:25"]).await;
    assert!(client.sign_in_faults(&secrets).await.is_empty());
}
