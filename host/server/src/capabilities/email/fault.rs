//! How a conversation with a mail server fails, and what follows for whoever wanted to send.

use std::time::Duration;

use lettre::transport::smtp::Error;
use serde_json::{Value, json};

use crate::capabilities::{ErrorKind, GateError};

const LONGEST_ANSWER: usize = 300;

/// The command at which it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Connect,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Content,
}

impl Verb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "end of data",
        }
    }
}

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Answer {
    /// The code and text of an answer, if the error is one.
    pub(super) fn of(error: &Error) -> Option<Self> {
        let code = error.status()?;
        let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        Some(Self { code: u16::from(code), text: readable(&text) })
    }

    /// Another try may succeed (RFC 5321, 4.2.1).
    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// The server ends the conversation.
    pub(super) fn is_goodbye(&self) -> bool {
        self.code == 421
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// Why no message went out, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server said no.
    Refused { verb: Verb, answer: Answer },
    /// It said no to every recipient.
    AllRefused { refused: Vec<(String, Answer)> },
    /// No answer in time; certainly nothing was sent.
    Slow { verb: Verb, limit: Duration },
    /// The connection failed; certainly nothing was sent.
    Broken { verb: Verb, reason: String },
    /// It could not be made safe.
    Unsafe { reason: String },
    /// The message was handed over whole, and then no answer came.
    Unknown { reason: String },
}

impl Fault {
    pub(super) fn broken(verb: Verb, error: &Error) -> Self {
        match Answer::of(error) {
            Some(answer) => Self::Refused { verb, answer },
            None => Self::Broken { verb, reason: readable(&error.to_string()) },
        }
    }

    /// Whether a connection that lay idle may simply have been closed by the server meanwhile.
    pub(super) fn is_stale(&self) -> bool {
        match self {
            Self::Refused { verb: Verb::Mail, answer } => answer.is_goodbye(),
            Self::Broken { verb, .. } => *verb == Verb::Mail,
            _ => false,
        }
    }
}

impl From<Fault> for GateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused { verb, answer } => {
                let verb = verb.as_str();
                let message = format!("the mail server refused {verb}: {answer}");
                let (kind, reason) = match (answer.is_transient(), verb) {
                    (true, _) => (ErrorKind::Unavailable, "mail-refused-for-now"),
                    (false, "AUTH") => (ErrorKind::Denied, "mail-sign-in"),
                    (false, _) => (ErrorKind::Invalid, "mail-refused"),
                };
                Self::new(kind, reason, message).with_details(details(verb, Some(&answer)))
            }
            Fault::AllRefused { refused } => {
                let is_transient = refused.iter().any(|(_, answer)| answer.is_transient());
                let listed: Vec<String> = refused.iter().map(|(to, answer)| format!("{to}: {answer}")).collect();
                let message = format!("the mail server refused every recipient: {}", listed.join("; "));
                let (kind, reason) = if is_transient {
                    (ErrorKind::Unavailable, "recipients-refused-for-now")
                } else {
                    (ErrorKind::Invalid, "recipients-refused")
                };
                let refused: Vec<Value> = refused
                    .into_iter()
                    .map(|(to, answer)| json!({ "recipient": to, "code": answer.code, "answer": answer.text }))
                    .collect();
                Self::new(kind, reason, message).with_details(json!({ "verb": "RCPT", "refused": refused }))
            }
            Fault::Slow { verb, limit } => {
                let seconds = limit.as_secs_f64();
                let message = format!("the mail server did not answer {} within {seconds} s", verb.as_str());
                Self::new(ErrorKind::Timeout, "mail-timeout", message).with_details(details(verb.as_str(), None))
            }
            Fault::Broken { verb, reason } => {
                let (slug, message) = if verb == Verb::Connect {
                    ("mail-no-connection", format!("the mail server cannot be reached: {reason}"))
                } else {
                    ("mail-broken", format!("the connection to the mail server failed at {}: {reason}", verb.as_str()))
                };
                Self::new(ErrorKind::Unavailable, slug, message).with_details(details(verb.as_str(), None))
            }
            Fault::Unsafe { reason } => {
                let message = format!("the connection to the mail server cannot be made safe: {reason}");
                Self::new(ErrorKind::Unavailable, "mail-tls", message).with_details(details("STARTTLS", None))
            }
            Fault::Unknown { reason } => Self::new(
                ErrorKind::Unavailable,
                "outcome-unknown",
                format!(
                    "the message was handed over and the mail server did not say what became of it ({reason}): it may \
                     have been delivered, so it is not sent again"
                ),
            )
            .with_details(details(Verb::Content.as_str(), None)),
        }
    }
}

fn details(verb: &str, answer: Option<&Answer>) -> Value {
    match answer {
        Some(answer) => json!({ "verb": verb, "code": answer.code, "answer": answer.text }),
        None => json!({ "verb": verb }),
    }
}

/// What a server says, on one line and not too long.
fn readable(text: &str) -> String {
    let line = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = line.take(LONGEST_ANSWER).collect();
    if text.chars().nth(LONGEST_ANSWER).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16) -> Answer {
        Answer { code, text: "text".into() }
    }

    #[test]
    fn what_another_try_may_change_is_told_from_what_it_may_not() {
        let refused = |verb, code| GateError::from(Fault::Refused { verb, answer: answer(code) });
        for (error, kind, reason) in [
            (refused(Verb::Mail, 421), ErrorKind::Unavailable, "mail-refused-for-now"),
            (refused(Verb::Data, 450), ErrorKind::Unavailable, "mail-refused-for-now"),
            (refused(Verb::Content, 554), ErrorKind::Invalid, "mail-refused"),
            (refused(Verb::Auth, 535), ErrorKind::Denied, "mail-sign-in"),
            (refused(Verb::Auth, 454), ErrorKind::Unavailable, "mail-refused-for-now"),
            (
                Fault::Slow { verb: Verb::Rcpt, limit: Duration::from_secs(1) }.into(),
                ErrorKind::Timeout,
                "mail-timeout",
            ),
            (
                Fault::Broken { verb: Verb::Connect, reason: String::new() }.into(),
                ErrorKind::Unavailable,
                "mail-no-connection",
            ),
            (Fault::Unknown { reason: String::new() }.into(), ErrorKind::Unavailable, "outcome-unknown"),
        ] {
            assert_eq!((error.kind, error.reason), (kind, reason), "{error}");
        }
    }

    #[test]
    fn one_recipient_that_may_be_taken_later_makes_all_worth_another_try() {
        let all = |codes: &[u16]| {
            let refused = codes.iter().map(|code| ("a@example.com".to_owned(), answer(*code))).collect();
            GateError::from(Fault::AllRefused { refused }).kind
        };
        assert_eq!(all(&[550, 550]), ErrorKind::Invalid);
        assert_eq!(all(&[550, 450]), ErrorKind::Unavailable);
    }

    #[test]
    fn an_answer_is_shown_on_one_line_and_cut() {
        assert_eq!(readable("a\r\nb\u{1b}[31m"), "a  b [31m");
        assert_eq!(readable(&"x".repeat(400)).chars().count(), 301);
    }
}
