//! Headers that a template may add. Pure.

use super::line;
use crate::capabilities::GateError;

const MOST_HEADERS: usize = 50;
const LONGEST_NAME: usize = 76;
const LONGEST_VALUE: usize = 900;
const MOST_BYTES: usize = 16_384;

/// Headers that decide sender, recipients or structure, that answers and mail servers go by, or that have a field of
/// their own in the message (RFC 5322, 2045, 3834, 8058 and common practice).
const RESERVED: [&str; 34] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "return-path",
    "return-receipt-to",
    "disposition-notification-to",
    "errors-to",
    "apparently-to",
    "delivered-to",
    "envelope-to",
    "envelope-from",
    "original-recipient",
    "final-recipient",
    "mail-followup-to",
    "mail-reply-to",
    "date",
    "delivery-date",
    "message-id",
    "subject",
    "mime-version",
    "encoding",
    "priority",
    "importance",
    "x-priority",
    "x-msmail-priority",
    "auto-submitted",
    "authentication-results",
    "domainkey-signature",
    "lines",
    "status",
    "x-status",
];

/// Families of them.
const RESERVED_FAMILIES: [&str; 9] =
    ["content-", "resent-", "received", "dkim-", "arc-", "x-envelope-", "x-original-", "x-google-", "x-gm-"];

/// Checks the headers of a message.
///
/// # Errors
/// `invalid`, `denied` or `limit`, naming the header.
pub fn check(headers: &[(String, String)]) -> Result<(), GateError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_BYTES {
        return Err(GateError::limit(
            "header-bytes",
            format!("at most {MOST_HEADERS} headers with {MOST_BYTES} bytes together"),
        ));
    }
    for (place, (name, value)) in headers.iter().enumerate() {
        // `ftext` of RFC 5322, 2.2, and of that only what no server trips over.
        let is_name = !name.is_empty()
            && name.len() <= LONGEST_NAME
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            return Err(GateError::invalid(
                "header-name",
                format!("{name:?} is no header name: use letters, digits and hyphens"),
            ));
        }
        if is_reserved(name) {
            return Err(GateError::denied("header-reserved", format!("the header {name} belongs to the host")));
        }
        if headers.iter().take(place).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return Err(GateError::invalid("header-name", format!("the header {name} is given twice")));
        }
        if let Err(fault) = line::check(value) {
            return Err(GateError::invalid("header-value", format!("the value of {name} {fault}")));
        }
        if value.len() > LONGEST_VALUE {
            return Err(GateError::limit(
                "header-bytes",
                format!("the value of {name} is longer than {LONGEST_VALUE} bytes"),
            ));
        }
    }
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || RESERVED_FAMILIES.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(name: &str, value: &str) -> Option<&'static str> {
        check(&[(name.to_owned(), value.to_owned())]).err().map(|error| error.reason)
    }

    #[test]
    fn headers_that_say_something_about_the_content_pass() {
        for (name, value) in [
            ("X-Source", "nightly"),
            ("List-Unsubscribe", "<https://example.com/u>"),
            ("References", "<a@example.com>"),
            ("In-Reply-To", "<a@example.com>"),
            ("Keywords", "Zürich, 日本"),
            ("X-Ticket_No", ""),
        ] {
            assert_eq!(reason(name, value), None, "{name}");
        }
    }

    #[test]
    fn headers_that_decide_sender_recipients_or_structure_are_refused_in_any_case() {
        let families = [
            "Content-Type",
            "Content-Transfer-Encoding",
            "CONTENT-ID",
            "Resent-To",
            "Resent-Bcc",
            "Received",
            "Received-SPF",
            "DKIM-Signature",
            "ARC-Seal",
            "X-Envelope-To",
            "X-Original-To",
        ];
        for name in RESERVED.iter().copied().chain(families) {
            assert_eq!(reason(name, "x"), Some("header-reserved"), "{name}");
            assert_eq!(reason(&name.to_uppercase(), "x"), Some("header-reserved"), "{name}");
        }
    }

    #[test]
    fn names_and_values_that_would_end_a_line_are_refused() {
        for name in
            ["", "X Y", "X:", "X\r\nBcc", "X\n", "X\0", "Bcc:", " Bcc", "Bcc ", "Bcc\t", "Überschrift", "X\u{a0}Y"]
        {
            assert_eq!(reason(name, "x"), Some("header-name"), "{name:?}");
        }
        for value in ["a\r\nBcc: b@example.com", "a\nBcc: b", "a\rb", "a\0b", "\u{85}", "\u{2028}", "=?utf-8?q?=0A?="] {
            assert_eq!(reason("X-A", value), Some("header-value"), "{value:?}");
        }
    }

    #[test]
    fn too_much_is_a_limit_and_twice_the_same_an_error() {
        assert_eq!(reason("X-A", &"x".repeat(901)), Some("header-bytes"));
        let many: Vec<_> = (0..51).map(|number| (format!("X-{number}"), String::new())).collect();
        assert_eq!(check(&many).unwrap_err().reason, "header-bytes");
        let twice = [("X-A".to_owned(), String::new()), ("x-a".to_owned(), String::new())];
        assert_eq!(check(&twice).unwrap_err().reason, "header-name");
    }
}
