//! A message as it was asked for, and one that is fit to be sent. Pure.

use super::address::{Address, Mailbox};
use super::attachment::Attachment;
use super::{header, line};
use crate::capabilities::GateError;

const LONGEST_SUBJECT: usize = 500;
const MOST_ATTACHMENTS: usize = 50;

/// How urgent the reader's mail program shows a message to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// A message as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmailMessage {
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub priority: Priority,
    pub headers: Vec<(String, String)>,
    pub attachments: Vec<Attachment>,
}

/// How much a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageBounds {
    pub recipients: usize,
    /// Of the texts and attachments together, before they are encoded.
    pub bytes: usize,
}

/// A message whose every field was checked. Sizes and the identity's rules are asked for with [`Draft::within`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) priority: Priority,
    pub(super) headers: Vec<(String, String)>,
    pub(super) attachments: Vec<Attachment>,
}

impl Draft {
    /// Checks a message.
    ///
    /// # Errors
    /// `invalid`, `denied` or `limit`, naming the field.
    pub fn new(message: EmailMessage) -> Result<Self, GateError> {
        let EmailMessage { to, cc, bcc, reply_to, subject, text, html, priority, headers, attachments } = message;
        let draft = Self {
            to: mailboxes("to", &to)?,
            cc: mailboxes("cc", &cc)?,
            bcc: mailboxes("bcc", &bcc)?,
            reply_to: reply_to.map(|address| mailbox("reply-to", &address)).transpose()?,
            subject: check_subject(subject)?,
            text: lines("text", text)?,
            html: html.map(|html| lines("html", html)).transpose()?,
            priority,
            headers,
            attachments,
        };
        if draft.to.is_empty() && draft.cc.is_empty() && draft.bcc.is_empty() {
            return Err(GateError::invalid("no-recipients", "the message has no recipients"));
        }
        header::check(&draft.headers)?;
        if draft.attachments.len() > MOST_ATTACHMENTS {
            return Err(GateError::limit("attachments", format!("at most {MOST_ATTACHMENTS} attachments")));
        }
        draft.attachments.iter().try_for_each(Attachment::check)?;
        Ok(draft)
    }

    /// Everybody it goes to, each once.
    pub fn recipients(&self) -> Vec<Address> {
        let mut all: Vec<Address> = Vec::new();
        for mailbox in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !all.contains(&mailbox.address) {
                all.push(mailbox.address.clone());
            }
        }
        all
    }

    /// What it weighs, before it is encoded.
    pub fn size_bytes(&self) -> usize {
        let attached: usize = self.attachments.iter().map(|attachment| attachment.bytes.len()).sum();
        self.text.len() + self.html.as_ref().map_or(0, String::len) + attached
    }

    /// Checks how much it is.
    ///
    /// # Errors
    /// `limit`.
    pub fn within(&self, bounds: MessageBounds) -> Result<(), GateError> {
        let recipients = self.to.len() + self.cc.len() + self.bcc.len();
        if recipients > bounds.recipients {
            let most = bounds.recipients;
            return Err(GateError::limit("recipients", format!("{recipients} recipients, at most {most} a message")));
        }
        let bytes = self.size_bytes();
        if bytes > bounds.bytes {
            let most = bounds.bytes;
            let message = format!(
                "a message of {bytes} bytes with its attachments, and at most {most} go (email.message_bytes): send a \
                 link instead, or less"
            );
            return Err(GateError::limit("message-bytes", message));
        }
        Ok(())
    }
}

fn mailboxes(field: &str, addresses: &[String]) -> Result<Vec<Mailbox>, GateError> {
    addresses.iter().map(|address| mailbox(field, address)).collect()
}

fn mailbox(field: &str, address: &str) -> Result<Mailbox, GateError> {
    Mailbox::parse(address).map_err(|fault| {
        let shown: String = address.chars().take(100).collect();
        GateError::invalid("address", format!("{field}: {shown:?} {fault}"))
    })
}

fn check_subject(subject: String) -> Result<String, GateError> {
    line::check(&subject).map_err(|fault| GateError::invalid("subject", format!("the subject {fault}")))?;
    if subject.len() > LONGEST_SUBJECT {
        return Err(GateError::limit("subject", format!("the subject is longer than {LONGEST_SUBJECT} bytes")));
    }
    Ok(subject)
}

/// The text with mail's line ends. A lone CR counts as one, so that none is left by itself.
fn lines(field: &str, text: String) -> Result<String, GateError> {
    if text.contains('\0') {
        return Err(GateError::invalid("zero-byte", format!("the {field} holds a zero byte, which mail cannot carry")));
    }
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                out.push_str("\r\n");
            }
            '\n' => out.push_str("\r\n"),
            other => out.push(other),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> EmailMessage {
        EmailMessage {
            to: vec!["anna@example.com".into()],
            subject: "s".into(),
            text: "t".into(),
            ..Default::default()
        }
    }

    fn reason(message: EmailMessage) -> &'static str {
        Draft::new(message).unwrap_err().reason
    }

    #[test]
    fn each_field_is_checked_and_named() {
        let with = |change: fn(&mut EmailMessage)| {
            let mut message = message();
            change(&mut message);
            Draft::new(message).unwrap_err()
        };
        let bad = "a@example.com\r\nBcc: b@example.com";
        for (error, reason, word) in [
            (with(|message| message.to.clear()), "no-recipients", "recipients"),
            (with(|message| message.to.push("x".into())), "address", "to:"),
            (with(|message| message.cc.push("x".into())), "address", "cc:"),
            (with(|message| message.bcc.push("x".into())), "address", "bcc:"),
            (with(|message| message.reply_to = Some("x".into())), "address", "reply-to:"),
            (with(|message| message.subject = "a\nb".into()), "subject", "line break"),
            (with(|message| message.subject = "x".repeat(501)), "subject", "longer"),
            (with(|message| message.text = "a\0".into()), "zero-byte", "text"),
            (with(|message| message.html = Some("\0".into())), "zero-byte", "html"),
            (with(|message| message.headers.push(("Bcc".into(), "x".into()))), "header-reserved", "Bcc"),
            (with(|message| message.attachments.push(Attachment::default())), "attachment", "file name"),
        ] {
            assert!(error.reason == reason && error.message.contains(word), "{reason}: {error}");
        }
        assert_eq!(reason(EmailMessage { to: vec![bad.into()], ..message() }), "address");
    }

    #[test]
    fn a_recipient_named_twice_gets_one_message_but_counts_twice() {
        let to = ["Anna <anna@example.com>", "anna@EXAMPLE.com", "bob@example.com"].map(str::to_owned).to_vec();
        let draft = Draft::new(EmailMessage { to, cc: vec!["bob@example.com".into()], ..message() }).unwrap();
        let recipients: Vec<String> = draft.recipients().iter().map(Address::to_string).collect();
        assert_eq!(recipients, ["anna@example.com", "bob@example.com"]);
        assert_eq!(draft.within(MessageBounds { recipients: 3, bytes: 10 }).unwrap_err().reason, "recipients");
        assert!(draft.within(MessageBounds { recipients: 4, bytes: 10 }).is_ok());
    }

    #[test]
    fn the_size_counts_everything() {
        let attachment = Attachment {
            name: "a".into(),
            content_type: "text/csv".into(),
            bytes: vec![0; 10],
            ..Attachment::default()
        };
        let draft =
            Draft::new(EmailMessage { html: Some("12".into()), attachments: vec![attachment], ..message() }).unwrap();
        assert_eq!(draft.size_bytes(), 13);
        assert_eq!(draft.within(MessageBounds { recipients: 1, bytes: 12 }).unwrap_err().reason, "message-bytes");
    }

    #[test]
    fn no_line_end_stays_alone() {
        assert_eq!(lines("text", "a\nb\rc\r\nd\n\re".into()).unwrap(), "a\r\nb\r\nc\r\nd\r\n\r\ne");
        assert_eq!(lines("text", "\n.\n".into()).unwrap(), "\r\n.\r\n");
    }
}
