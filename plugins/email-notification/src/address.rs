//! What an address has to look like. The host looks again, and more closely.

use email_address::{EmailAddress, Options};

/// What is wrong with `name@example.com` or `Name <name@example.com>`, if anything.
pub fn check(text: &str) -> Result<(), String> {
    if text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')) {
        return Err("holds a line break or another control character".to_owned());
    }
    if text.contains("=?") {
        return Err("holds `=?`, the mark of encoded text in mail".to_owned());
    }
    if text
        .chars()
        .any(|letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    {
        return Err("holds a character that turns the direction of the text".to_owned());
    }
    let text = text.trim();
    let bare = match text.strip_suffix('>') {
        None => text,
        Some(rest) => {
            let (name, bare) = rest.rsplit_once('<').ok_or("has a `>` without a `<`")?;
            check_name(name.trim())?;
            bare
        }
    };
    let (local, domain) = bare.rsplit_once('@').ok_or("is no address: write name@example.com")?;
    if local.starts_with('-') {
        return Err("begins with -, which mail programs take for an option".to_owned());
    }
    if !local.is_ascii() || local.starts_with('"') {
        return Err("has letters before the @ that few mail servers take: use plain ones, without quotes".to_owned());
    }
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let options =
        if domain.eq_ignore_ascii_case("localhost") { options.with_no_minimum_sub_domains() } else { options };
    EmailAddress::parse_with_options(bare, options)
        .map_err(|error| format!("is no address ({error}): write name@example.com"))?;
    let is_foreign = |letter: char| letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-.".contains(letter);
    let is_numeric = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if domain.contains(is_foreign) || is_numeric {
        return Err("has a domain that is none: write it as in example.com".to_owned());
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let special: &[char] = &['"', '<', '>', ',', ';', ':', '@', '\\', '(', ')', '[', ']'];
    let is_fine = match inner {
        Some(inner) => !inner.contains(['"', '\\']),
        None => !name.contains(special),
    };
    if is_fine { Ok(()) } else { Err("has a name with special characters: put it in quotes".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_addresses_pass() {
        for text in [
            "anna@example.com",
            "Anna <anna@example.com>",
            "\"Doe, John\" <j@example.com>",
            "Zoë Müller <zoe+x@bücher.example>",
            "root@localhost",
            "o'hara@example.co.uk",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_the_host_refuses_is_refused_here_already() {
        let cases = include_str!("../../../host/server/src/capabilities/email/hostile_addresses.txt");
        let cases = cases.lines().filter(|line| !line.is_empty());
        let mut tried = 0;
        for text in cases.map(|line| serde_json::from_str::<String>(line).unwrap()) {
            assert!(check(&text).is_err(), "{text:?}");
            tried += 1;
        }
        assert!(tried > 60, "{tried}");
    }
}
