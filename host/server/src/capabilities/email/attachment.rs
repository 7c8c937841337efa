//! Names and types of attachments. Pure.

use super::line;
use crate::capabilities::GateError;

const LONGEST_NAME: usize = 200;
const LONGEST_TYPE: usize = 120;
const LONGEST_ID: usize = 100;

/// A file that goes with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    pub name: String,
    pub content_type: String,
    /// For a picture inside the HTML.
    pub content_id: Option<String>,
    pub bytes: Vec<u8>,
}

impl Attachment {
    /// Checks everything but the size.
    ///
    /// # Errors
    /// `invalid`, naming the attachment.
    pub(super) fn check(&self) -> Result<(), GateError> {
        let name = &self.name;
        let refuse = |what: String| Err(GateError::invalid("attachment", format!("the attachment {name:?} {what}")));
        if let Err(fault) = line::check(name) {
            return refuse(fault.to_string());
        }
        if name.trim().is_empty() || name == "." || name == ".." || name.contains(['/', '\\']) {
            return refuse("needs a plain file name, without folders".to_owned());
        }
        if name.len() > LONGEST_NAME {
            return refuse(format!("has a name of more than {LONGEST_NAME} bytes"));
        }
        if !is_media_type(&self.content_type) {
            return refuse(format!("has the type {:?}: write one such as text/csv", self.content_type));
        }
        match &self.content_id {
            Some(id) if !is_content_id(id) => {
                refuse(format!("has the content id {id:?}: letters, digits and .-_@ are allowed, at most {LONGEST_ID}"))
            }
            _ => Ok(()),
        }
    }
}

/// `type/subtype` with parameters such as `charset=utf-8` (RFC 2045, 5.1). Types that hold further parts are none: a
/// mail server may look into them, and they must not be encoded.
fn is_media_type(text: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let mut parts = text.split(';');
    let Some((kind, subtype)) = parts.next().and_then(|essence| essence.split_once('/')) else {
        return false;
    };
    let is_parameter = |parameter: &str| {
        parameter.trim_start_matches(' ').split_once('=').is_some_and(|(name, value)| {
            is_token(name) && is_token(value) && !["name", "boundary"].contains(&name.to_ascii_lowercase().as_str())
        })
    };
    text.len() <= LONGEST_TYPE
        && is_token(kind)
        && is_token(subtype)
        && !["multipart", "message"].contains(&kind.to_ascii_lowercase().as_str())
        && parts.all(is_parameter)
}

fn is_content_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str, content_type: &str, content_id: Option<&str>) -> Attachment {
        let content_id = content_id.map(str::to_owned);
        Attachment { name: name.into(), content_type: content_type.into(), content_id, bytes: vec![] }
    }

    #[test]
    fn usual_files_pass() {
        for (name, content_type, id) in [
            ("report.csv", "text/csv", None),
            ("Umsätze 2026 (1).xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
            ("a.txt", "text/plain; charset=utf-8", None),
            ("logo.png", "image/png", Some("logo-1@sandglass")),
            ("quote\".txt", "application/octet-stream", None),
        ] {
            assert_eq!(attachment(name, content_type, id).check(), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_types_and_ids_that_reach_beyond_their_place_are_refused() {
        for name in [
            "",
            " ",
            ".",
            "..",
            "a/b",
            "a\\b",
            "../x",
            "a\r\nBcc: x",
            "a\nb",
            "a\0",
            "a\u{202e}fdp.exe",
            "=?utf-8?q?x?=",
            &"x".repeat(201),
        ] {
            assert!(attachment(name, "text/csv", None).check().is_err(), "{name:?}");
        }
        for content_type in [
            "",
            "text",
            "text/",
            "/csv",
            "text/csv\r\nBcc: x",
            "text/csv; name=\"x\"",
            "text/csv; boundary=x",
            "text/csv; a",
            "multipart/mixed",
            "message/rfc822",
            "text/c sv",
            "text/csv;",
            "text/ csv",
            "Multipart/x",
        ] {
            assert!(attachment("a", content_type, None).check().is_err(), "{content_type:?}");
        }
        for id in ["", "a b", "a>", "<a>", "a\r\nX: y", "ü", &"x".repeat(101)] {
            assert!(attachment("a", "image/png", Some(id)).check().is_err(), "{id:?}");
        }
    }
}
