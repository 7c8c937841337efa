//! To whom an identity or a grant lets mail go. Pure.
//!
//! A pattern is an address, `*@example.com` (everybody there), `*@*.example.com` (everybody at a domain below it), or `*`.
//! A `*` stands for any characters; before the `@` case is ignored, since nearly every server ignores it too.

use serde_json::Value;

use super::address::{Address, ascii_domain};

/// Recipients that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    local: String,
    domain: String,
}

impl Pattern {
    /// Reads a pattern; None for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self { local: "*".to_owned(), domain: "*".to_owned() });
        }
        let (local, domain) = text.rsplit_once('@')?;
        let is_local = !local.is_empty() && local.is_ascii() && !local.contains(['@', ' ', '<', '>', ',', '"']);
        if !is_local || local.chars().any(char::is_control) {
            return None;
        }
        let domain = match domain.strip_prefix("*.") {
            Some(parent) => format!("*.{}", ascii_domain(parent)?),
            None if domain == "*" => domain.to_owned(),
            None => ascii_domain(domain)?,
        };
        Some(Self { local: local.to_ascii_lowercase(), domain })
    }

    pub fn covers(&self, address: &Address) -> bool {
        let domain_fits = match self.domain.strip_prefix('*') {
            Some("") => true,
            Some(parent) => address.domain().len() > parent.len() && address.domain().ends_with(parent),
            None => address.domain() == self.domain,
        };
        domain_fits && fits(&self.local, &address.local().to_ascii_lowercase())
    }
}

/// Whether `text` fits `pattern`, in which each `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece).and_then(|place| text.get(place + piece.len()..)) {
            Some(behind) => text = behind,
            None => return false,
        }
    }
    text.ends_with(last)
}

/// Whether the `recipients` of a need's or right's `extra` cover every address; without them everything is covered.
/// What cannot be read covers nothing.
pub fn extra_covers(extra: Option<&Value>, addresses: &[Address]) -> bool {
    let Some(listed) = extra.and_then(|extra| extra.get("recipients")) else { return true };
    let Some(listed) = listed.as_array() else { return false };
    let patterns: Vec<Pattern> = listed.iter().filter_map(Value::as_str).filter_map(Pattern::parse).collect();
    addresses.iter().all(|address| patterns.iter().any(|pattern| pattern.covers(address)))
}

/// Whether a text says to whom mail may go.
///
/// # Errors
/// How it is written.
pub fn check_recipients(text: &str) -> Result<(), String> {
    match Pattern::parse(text) {
        Some(_) => Ok(()),
        None => Err("is none of `*`, an address, *@example.com or *@*.example.com".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, address, expected) in [
            ("*", "a@example.com", true),
            ("*@example.com", "a@example.com", true),
            ("*@example.com", "a@EXAMPLE.com", true),
            ("*@example.com", "a@sub.example.com", false),
            ("*@example.com", "a@evilexample.com", false),
            ("*@example.com", "a@example.com.evil.test", false),
            ("*@*.example.com", "a@sub.example.com", true),
            ("*@*.example.com", "a@b.sub.example.com", true),
            ("*@*.example.com", "a@example.com", false),
            ("*@*.example.com", "a@evilexample.com", false),
            ("ops@example.com", "Ops@example.com", true),
            ("ops@example.com", "devops@example.com", false),
            ("ops-*@example.com", "ops-berlin@example.com", true),
            ("ops-*@example.com", "ops@example.com", false),
            ("*-ops-*@example.com", "a-ops-b@example.com", true),
            ("*-ops@example.com", "a-ops-b@example.com", false),
            ("a*a@example.com", "a@example.com", false),
            ("*@bücher.example", "x@xn--bcher-kva.example", true),
            ("ops@*", "ops@anywhere.test", true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|| panic!("{pattern} was not read"));
            assert_eq!(parsed.covers(&Address::parse(address).unwrap()), expected, "{pattern} {address}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_known() {
        for text in
            ["", "example.com", "@example.com", "*@", "a@b@c.com", "*@exa mple.com", "*@ex*ple.com", "a,b@c.com"]
        {
            assert_eq!(Pattern::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_right_without_a_list_covers_all_and_one_with_a_bad_list_nothing() {
        let addresses = [Address::parse("a@example.com").unwrap(), Address::parse("b@example.org").unwrap()];
        assert!(extra_covers(None, &addresses));
        assert!(extra_covers(Some(&json!({})), &addresses));
        assert!(extra_covers(Some(&json!({ "recipients": ["*@example.com", "b@example.org"] })), &addresses));
        assert!(!extra_covers(Some(&json!({ "recipients": ["*@example.com"] })), &addresses));
        assert!(!extra_covers(Some(&json!({ "recipients": [] })), &addresses));
        assert!(!extra_covers(Some(&json!({ "recipients": "*" })), &addresses));
        assert!(!extra_covers(Some(&json!({ "recipients": [1] })), &addresses));
    }
}
