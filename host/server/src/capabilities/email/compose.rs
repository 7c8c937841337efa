//! A checked message as the bytes that go over the wire. Pure, and ASCII throughout: nothing depends on what the server
//! can do.

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Body, Mailbox as Letter, Mailboxes, Message, MultiPart, SinglePart, header};

use super::address::{Address, Mailbox};
use super::attachment::Attachment;
use super::message::{Draft, Priority};
use crate::capabilities::{ErrorKind, GateError};

/// What the identity adds.
pub(super) struct Frame<'a> {
    pub(super) from: &'a Mailbox,
    /// Where answers go if the message does not say.
    pub(super) reply_to: Option<&'a Mailbox>,
    /// In angle brackets.
    pub(super) message_id: &'a str,
    pub(super) date: DateTime<Utc>,
}

/// Makes the message.
///
/// # Errors
/// `internal` when the mail library refuses what was checked here: a fault of the host.
pub(super) fn compose(draft: &Draft, frame: &Frame<'_>) -> Result<Vec<u8>, GateError> {
    let from = address(&frame.from.address)?;
    // Only the library asks for it; the server is told by ourselves.
    let envelope = Envelope::new(Some(from.clone()), vec![from]).map_err(|error| broken(&error))?;
    let mut builder = Message::builder()
        .envelope(envelope)
        .date(frame.date.into())
        .message_id(Some(frame.message_id.to_owned()))
        .from(letter(frame.from)?)
        .subject(draft.subject.clone());
    builder = if draft.to.is_empty() {
        builder.raw_header(raw("To", "undisclosed-recipients:;")?)
    } else {
        builder.header(header::To::from(letters(&draft.to)?))
    };
    if !draft.cc.is_empty() {
        builder = builder.header(header::Cc::from(letters(&draft.cc)?));
    }
    if let Some(reply_to) = draft.reply_to.as_ref().or(frame.reply_to) {
        builder = builder.reply_to(letter(reply_to)?);
    }
    // Answers of absent people should not come back (RFC 3834, 5).
    builder = builder.raw_header(raw("Auto-Submitted", "auto-generated")?);
    for (name, value) in urgency(draft.priority) {
        builder = builder.raw_header(raw(name, value)?);
    }
    for (name, value) in &draft.headers {
        builder = builder.raw_header(raw(name, value)?);
    }
    let message = match content(draft)? {
        Content::One(part) => builder.singlepart(part),
        Content::Many(parts) => builder.multipart(parts),
    };
    let bytes = message.map_err(|error| broken(&error))?.formatted();
    if bytes.is_ascii() { Ok(bytes) } else { Err(broken(&"not all of it is ASCII")) }
}

/// What mail programs of different ages read.
fn urgency(priority: Priority) -> &'static [(&'static str, &'static str)] {
    match priority {
        Priority::Low => &[("X-Priority", "5 (Lowest)"), ("Importance", "low"), ("Priority", "non-urgent")],
        Priority::Normal => &[],
        Priority::High => &[("X-Priority", "1 (Highest)"), ("Importance", "high"), ("Priority", "urgent")],
    }
}

enum Content {
    One(SinglePart),
    Many(MultiPart),
}

/// Text alone; text and HTML as alternatives; pictures beside the HTML that shows them; files beside all that.
fn content(draft: &Draft) -> Result<Content, GateError> {
    let is_inline = |attachment: &&Attachment| draft.html.is_some() && attachment.content_id.is_some();
    let (inline, attached): (Vec<_>, Vec<_>) = draft.attachments.iter().partition(is_inline);
    let plain = text(ContentType::TEXT_PLAIN, &draft.text)?;
    let body = match &draft.html {
        None => Content::One(plain),
        Some(html) => {
            let alternative = MultiPart::alternative().singlepart(plain);
            let html = text(ContentType::TEXT_HTML, html)?;
            Content::Many(if inline.is_empty() {
                alternative.singlepart(html)
            } else {
                let related = MultiPart::related().singlepart(html);
                let related = inline
                    .into_iter()
                    .try_fold(related, |parts, picture| Ok::<_, GateError>(parts.singlepart(file(picture, true)?)))?;
                alternative.multipart(related)
            })
        }
    };
    if attached.is_empty() {
        return Ok(body);
    }
    let mixed = match body {
        Content::One(part) => MultiPart::mixed().singlepart(part),
        Content::Many(parts) => MultiPart::mixed().multipart(parts),
    };
    let mixed =
        attached.into_iter().try_fold(mixed, |parts, one| Ok::<_, GateError>(parts.singlepart(file(one, false)?)))?;
    Ok(Content::Many(mixed))
}

/// Always encoded: then no line can be long, begin with a dot or be taken for anything else, whatever the text holds.
fn text(content_type: ContentType, text: &str) -> Result<SinglePart, GateError> {
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if foreign > text.len() / 4 {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    let body = Body::new_with_encoding(text.to_owned(), encoding).map_err(|_| broken(&"a text cannot be encoded"))?;
    Ok(SinglePart::builder().header(content_type).body(body))
}

/// As base64, whatever it is: a text attachment keeps its own line ends.
fn file(attachment: &Attachment, is_inline: bool) -> Result<SinglePart, GateError> {
    let content_type = ContentType::parse(&attachment.content_type).map_err(|error| broken(&error))?;
    let body = Body::new_with_encoding(attachment.bytes.clone(), ContentTransferEncoding::Base64)
        .map_err(|_| broken(&"an attachment cannot be encoded"))?;
    let part = match &attachment.content_id {
        Some(id) if is_inline => Part::new_inline_with_name(id.clone(), attachment.name.clone()),
        _ => Part::new(attachment.name.clone()),
    };
    Ok(part.body(body, content_type))
}

pub(super) fn address(address: &Address) -> Result<lettre::Address, GateError> {
    lettre::Address::new(address.local(), address.domain()).map_err(|error| broken(&error))
}

fn letter(mailbox: &Mailbox) -> Result<Letter, GateError> {
    Ok(Letter::new(mailbox.name.clone(), address(&mailbox.address)?))
}

fn letters(mailboxes: &[Mailbox]) -> Result<Mailboxes, GateError> {
    mailboxes.iter().map(letter).collect()
}

fn raw(name: &str, value: &str) -> Result<HeaderValue, GateError> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| broken(&error))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

fn broken(error: &dyn std::fmt::Display) -> GateError {
    GateError::new(ErrorKind::Internal, "compose", format!("the message cannot be put together: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::message::EmailMessage;
    use super::*;

    fn composed(message: EmailMessage) -> String {
        let draft = Draft::new(EmailMessage { to: vec!["anna@example.com".into()], ..message }).unwrap();
        let from = Mailbox::parse("Sandglass <s@example.com>").unwrap();
        let date = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let frame = Frame { from: &from, reply_to: None, message_id: "<1.1@example.com>", date };
        String::from_utf8(compose(&draft, &frame).unwrap()).unwrap()
    }

    fn head(message: &str) -> Vec<&str> {
        message.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn a_plain_message_has_the_usual_headers_and_no_more() {
        let message = composed(EmailMessage { subject: "Hello".into(), text: "a\nb".into(), ..Default::default() });
        let mut lines = head(&message);
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "Auto-Submitted: auto-generated",
                "Content-Transfer-Encoding: quoted-printable",
                "Content-Type: text/plain; charset=utf-8",
                "Date: Fri, 15 Jan 2027 08:00:00 +0000",
                "From: Sandglass <s@example.com>",
                "MIME-Version: 1.0",
                "Message-ID: <1.1@example.com>",
                "Subject: Hello",
                "To: anna@example.com",
            ]
        );
        assert!(message.ends_with("\r\n\r\na\r\nb\r\n"), "{message:?}");
    }

    #[test]
    fn every_line_is_ascii_and_short_and_ends_in_crlf() {
        let wide = "длинная строка без конца ".repeat(400);
        let name = format!("{} <zoe@bücher.example>", "Zoë Müller ".repeat(15));
        let message = composed(EmailMessage {
            cc: vec![name],
            subject: "Ünïcode ".repeat(50),
            text: format!("{}\n.\n..\nFrom x\n\u{1b}[31m{wide}", "x".repeat(5_000)),
            html: Some(wide),
            headers: vec![("X-Long".into(), "y".repeat(900)), ("X-Words".into(), "word ".repeat(150))],
            attachments: vec![Attachment {
                name: format!("{}.txt", "ä".repeat(90)),
                content_type: "text/plain; charset=utf-8".into(),
                content_id: None,
                bytes: b"a\n.\nb\r.\rc".repeat(1_000),
            }],
            ..Default::default()
        });
        assert!(message.is_ascii());
        for line in message.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{} bytes: {line:?}", line.len());
            assert!(line.bytes().all(|byte| byte == b'\t' || (32..127).contains(&byte)), "{line:?}");
            assert_ne!(line, ".");
        }
    }

    #[test]
    fn pictures_stand_beside_the_html_and_files_beside_both() {
        let attachment = |name: &str, id: Option<&str>| Attachment {
            name: name.into(),
            content_type: "image/png".into(),
            content_id: id.map(str::to_owned),
            bytes: vec![1, 2, 3],
        };
        let attachments = vec![attachment("logo.png", Some("logo")), attachment("plan.png", None)];
        let message = composed(EmailMessage {
            text: "t".into(),
            html: Some("<img src='cid:logo'>".into()),
            attachments: attachments.clone(),
            ..Default::default()
        });
        let places = [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "Content-ID: <logo>",
            "inline; filename=\"logo.png\"",
            "attachment; filename=\"plan.png\"",
        ];
        let found: Vec<usize> =
            places.iter().map(|part| message.find(part).unwrap_or_else(|| panic!("{part}"))).collect();
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}\n{message}");
        let without = composed(EmailMessage { text: "t".into(), attachments, ..Default::default() });
        assert!(!without.contains("inline") && without.matches("attachment;").count() == 2, "{without}");
    }

    #[test]
    fn urgency_is_said_in_every_dialect() {
        let high = composed(EmailMessage { priority: Priority::High, ..Default::default() });
        for line in ["X-Priority: 1 (Highest)", "Importance: high", "Priority: urgent"] {
            assert!(head(&high).contains(&line), "{high}");
        }
        let normal = composed(EmailMessage::default());
        assert!(!normal.contains("riority") && !normal.contains("Importance"));
    }

    #[test]
    fn those_who_get_it_unseen_stand_nowhere() {
        let draft = Draft::new(EmailMessage { bcc: vec!["secret@example.com".into()], ..Default::default() }).unwrap();
        let from = Mailbox::parse("s@example.com").unwrap();
        let frame = Frame { from: &from, reply_to: None, message_id: "<1@example.com>", date: DateTime::UNIX_EPOCH };
        let message = String::from_utf8(compose(&draft, &frame).unwrap()).unwrap();
        assert!(!message.contains("secret") && !message.contains("Bcc"), "{message}");
        assert!(message.contains("To: undisclosed-recipients:;"));
    }
}
