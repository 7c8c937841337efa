//! Mail servers that refuse, stay silent, hang up or lie, at each verb: what the template hears, and that a message is
//! never sent twice.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::mail::{mail, world};
use crate::smtp::{Answer, MailServer};
use crate::world::reason;

/// Each verb with what it says after a fault there.
const VERBS: [&str; 6] = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"];

async fn outcome(server: &MailServer, change: impl FnOnce(&mut sandglass::config::EmailIdentity)) -> Value {
    let (world, template) = world(server, change).await;
    world.probe(&template, json!({ "steps": [mail(json!({}))] })).await.remove(0)
}

fn at(verb: &'static str, answer: Answer) -> impl Fn(&str, usize, &str) -> Option<Answer> + Send + Sync + 'static {
    move |asked, _, _| (asked == verb).then(|| answer.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_now_and_one_for_good_are_told_apart_at_each_verb() {
    for verb in VERBS {
        for (code, kind) in [(421, "unavailable"), (450, "unavailable"), (550, "invalid")] {
            let server = MailServer::start(at(verb, Answer::Say(format!("{code} 4.2.1 not like this")))).await;
            let answer = outcome(&server, |_| {}).await;
            let error = &answer["error"];
            assert_eq!(error["kind"], kind, "{verb} {code}: {answer}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(&code.to_string()) && message.contains("not like this"), "{verb}: {message}");
            assert!(server.contents().len() <= 1, "{verb} {code}: sent twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_costs_its_time_and_no_more() {
    for verb in VERBS {
        let server = MailServer::start(at(verb, Answer::Hang)).await;
        let since = Instant::now();
        let answer = outcome(&server, |identity| identity.timeout_seconds = Some(1)).await;
        let expected = if verb == "END" { "outcome-unknown" } else { "mail-timeout" };
        assert_eq!(reason(&answer), expected, "{verb}: {answer}");
        assert!(since.elapsed() >= Duration::from_secs(1), "{verb} did not even wait");
        assert!(since.elapsed() < Duration::from_secs(30), "{verb} took {:?}", since.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_worth_another_try_until_the_message_is_out() {
    for verb in VERBS {
        let server = MailServer::start(at(verb, Answer::HangUp)).await;
        let answer = outcome(&server, |_| {}).await;
        let expected = match verb {
            "END" => "outcome-unknown",
            "CONNECT" | "EHLO" => "mail-no-connection",
            _ => "mail-broken",
        };
        assert_eq!((reason(&answer), answer["error"]["kind"].as_str()), (expected, Some("unavailable")), "{verb}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(message.contains("may have been delivered"), verb == "END", "{verb}: {message}");
        assert!(server.contents().len() <= 1 && server.conversations().len() == 1, "{verb}: tried twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_has_an_answer_of_its_own() {
    let server = MailServer::start(|verb, _, line| {
        let is_refused = verb == "RCPT" && line.contains("nobody");
        let is_later = verb == "RCPT" && line.contains("later");
        match (is_refused, is_later) {
            (true, _) => Some(Answer::Say("550 5.1.1 nobody here".into())),
            (_, true) => Some(Answer::Say("450 4.2.0 come back".into())),
            _ => None,
        }
    })
    .await;
    let (world, template) = world(&server, |_| {}).await;
    let steps = json!([
        mail(json!({ "to": ["anna@example.com", "nobody@example.com"], "bcc": ["later@example.com"] })),
        mail(json!({ "to": ["nobody@example.com"] })),
        mail(json!({ "to": ["nobody@example.com", "later@example.com"] })),
        mail(json!({})),
    ]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!(answers[0]["ok"]["accepted"], json!(["anna@example.com"]), "{answers:?}");
    assert_eq!(
        answers[0]["ok"]["refused"],
        json!([["nobody@example.com", "550 5.1.1 nobody here"], ["later@example.com", "450 4.2.0 come back"]])
    );
    assert_eq!((reason(&answers[1]), answers[1]["error"]["kind"].as_str()), ("recipients-refused", Some("invalid")));
    assert_eq!(reason(&answers[2]), "recipients-refused-for-now");
    assert_eq!(answers[3]["ok"]["accepted"], json!(["anna@example.com"]), "{answers:?}");
    let conversations = server.conversations();
    assert_eq!((conversations.len(), conversations[0].contents.len()), (1, 2), "refusals cost no connection");
    assert_eq!(conversations[0].commands.iter().filter(|command| *command == "RSET").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_closed_while_idle_is_replaced_and_the_message_sent_once() {
    for goodbye in [Answer::HangUp, Answer::Say("421 idle for too long".into())] {
        let farewell = goodbye.clone();
        let server =
            MailServer::start(move |verb, before, _| (verb == "MAIL" && before == 1).then(|| farewell.clone())).await;
        let (world, template) = world(&server, |_| {}).await;
        let answers = world.probe(&template, json!({ "steps": [mail(json!({})), mail(json!({}))] })).await;
        assert!(answers.iter().all(|answer| answer.get("ok").is_some()), "{goodbye:?}: {answers:?}");
        assert_eq!((server.conversations().len(), server.contents().len()), (2, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_is_final_and_the_password_is_nowhere_in_the_answer() {
    let server = MailServer::start(at("AUTH", Answer::Say("535 5.7.8 wrong".into()))).await;
    let sign_in = |identity: &mut sandglass::config::EmailIdentity| {
        (identity.username, identity.password) = ("robot".into(), "topsecret".into());
    };
    let answer = outcome(&server, sign_in).await;
    assert_eq!((reason(&answer), answer["error"]["kind"].as_str()), ("mail-sign-in", Some("denied")), "{answer}");
    assert!(!answer.to_string().contains("topsecret") && !answer.to_string().contains("AHJvYm90"), "{answer}");
    let friendly = MailServer::friendly().await;
    assert!(outcome(&friendly, sign_in).await.get("ok").is_some());
    assert!(friendly.conversations()[0].commands.iter().any(|command| command.starts_with("AUTH PLAIN ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_mail_server_is_found_out() {
    for (verb, answer, expected) in [
        ("CONNECT", Answer::Say("HTTP/1.1 400 Bad Request".into()), "mail-no-connection"),
        ("CONNECT", Answer::Flood, "mail-no-connection"),
        ("MAIL", Answer::Flood, "mail-broken"),
        ("MAIL", Answer::Say("999 what".into()), "mail-broken"),
        ("DATA", Answer::Say("250 too early".into()), "mail-broken"),
        ("END", Answer::Say("nonsense".into()), "outcome-unknown"),
    ] {
        let server = MailServer::start(at(verb, answer.clone())).await;
        let heard = outcome(&server, |identity| identity.timeout_seconds = Some(5)).await;
        assert_eq!(reason(&heard), expected, "{verb} {answer:?}: {heard}");
        assert!(heard.to_string().len() < 2_000, "{heard}");
    }
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let friendly = MailServer::friendly().await;
    let heard = outcome(&friendly, |identity| identity.port = Some(nobody)).await;
    assert_eq!(reason(&heard), "mail-no-connection", "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_tls_that_is_asked_for_nothing_is_said_but_hello() {
    // A certificate that nobody trusts is enough: no server here ever gets that far.
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, AUTHORITY).unwrap();
    let required = |identity: &mut sandglass::config::EmailIdentity| {
        (identity.tls, identity.ca_file) = (sandglass::config::MailTls::Required, Some(authority.clone()));
        identity.timeout_seconds = Some(5);
    };
    let stripped = MailServer::friendly().await;
    let heard = outcome(&stripped, required).await;
    assert_eq!(reason(&heard), "mail-tls", "{heard}");
    assert!(heard["error"]["message"].as_str().unwrap().contains("STARTTLS"), "{heard}");

    // An answer that is sent ahead, to be taken for one that came after the handshake.
    let ahead = MailServer::start(|verb, before, _| match (verb, before) {
        ("EHLO", 0) => Some(Answer::Say("250-double\r\n250 STARTTLS".into())),
        ("STARTTLS", _) => Some(Answer::Say("220 go\r\n250-fake\r\n250 AUTH PLAIN".into())),
        _ => None,
    })
    .await;
    let heard = outcome(&ahead, required).await;
    assert_eq!(reason(&heard), "mail-tls", "{heard}");
    for server in [stripped, ahead] {
        for conversation in server.conversations() {
            let said = &conversation.commands;
            assert!(said.iter().all(|line| !line.starts_with("MAIL") && !line.starts_with("AUTH")), "{said:?}");
        }
    }
}

const AUTHORITY: &str = include_str!("authority.pem");
