//! Addresses and names of people, as mail servers take them in practice. Pure.
//!
//! Stricter than RFC 5321: no quoted local parts, no address literals, no comments, ASCII before the `@`. A domain may
//! be written in any script and goes out in its ASCII form (RFC 5891). What begins with `-` is refused, since programs
//! further on take it for an option.

use url::Host;

use super::line::{self, LineFault};

/// RFC 5321, 4.5.3.1.1.
const LONGEST_LOCAL: usize = 64;
/// RFC 5321, 4.5.3.1.3: a path of 256 bytes holds the brackets too.
const LONGEST_ADDRESS: usize = 254;
const LONGEST_NAME: usize = 200;

/// One address that is fit to be sent to, its domain in ASCII and small letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: String,
}

/// An address with the name of whoever reads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: Address,
}

/// What is wrong with an address. The texts say what was found and what would do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("{0}")]
    Line(#[from] LineFault),
    #[error("is not one address: write name@example.com or Name <name@example.com>")]
    Form,
    #[error(
        "has {found} before the @: letters, digits and .!#$%&'*+/=?^_`{{|}}~- are allowed there, no dot at the edges"
    )]
    Local { found: String },
    #[error("begins with -, which programs further on take for an option")]
    Dash,
    #[error("has the domain {found}, which is none: write it as in example.com")]
    Domain { found: String },
    #[error("is too long: at most {LONGEST_LOCAL} characters before the @ and {LONGEST_ADDRESS} together")]
    Long,
    #[error("has a name that is too long: at most {LONGEST_NAME} bytes")]
    Name,
}

impl Address {
    /// Reads a bare address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        line::check(text)?;
        let (local, domain) = text.rsplit_once('@').ok_or(AddressFault::Form)?;
        if text.starts_with('-') {
            return Err(AddressFault::Dash);
        }
        if local.is_empty() || local.contains('@') {
            return Err(AddressFault::Form);
        }
        if !local.split('.').all(is_atom) {
            return Err(AddressFault::Local { found: format!("{local:?}") });
        }
        let domain = ascii_domain(domain).ok_or_else(|| AddressFault::Domain { found: format!("{domain:?}") })?;
        if local.len() > LONGEST_LOCAL || local.len() + 1 + domain.len() > LONGEST_ADDRESS {
            return Err(AddressFault::Long);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    pub fn local(&self) -> &str {
        &self.local
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl Mailbox {
    /// Reads `name@example.com`, `Name <name@example.com>` or `"Name, of a kind" <name@example.com>`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        line::check(text)?;
        let text = text.trim();
        let Some(rest) = text.strip_suffix('>') else {
            return Ok(Self { name: None, address: Address::parse(text)? });
        };
        let (name, address) = rest.rsplit_once('<').ok_or(AddressFault::Form)?;
        let name = read_name(name.trim())?;
        Ok(Self { name, address: Address::parse(address)? })
    }

    /// Gives an address a name.
    ///
    /// # Errors
    /// When the name cannot stand in a header.
    pub fn named(name: &str, address: Address) -> Result<Self, AddressFault> {
        line::check(name)?;
        if name.len() > LONGEST_NAME {
            return Err(AddressFault::Name);
        }
        let name = name.trim();
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }
}

/// A name as it stands before `<`: in quotes with `\` as escape, or bare and then without what has a meaning there.
fn read_name(text: &str) -> Result<Option<String>, AddressFault> {
    if text.len() > LONGEST_NAME {
        return Err(AddressFault::Name);
    }
    let Some(quoted) = text.strip_prefix('"') else {
        let is_plain = !text.contains(['"', '<', '>', ',', ';', ':', '@', '\\', '(', ')', '[', ']']);
        return if is_plain { Ok((!text.is_empty()).then(|| text.to_owned())) } else { Err(AddressFault::Form) };
    };
    let mut name = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('\\') => name.push(characters.next().ok_or(AddressFault::Form)?),
            Some('"') => break,
            Some(other) => name.push(other),
            None => return Err(AddressFault::Form),
        }
    }
    if characters.next().is_some() {
        return Err(AddressFault::Form);
    }
    let name = name.trim();
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

/// `atext` of RFC 5322, 3.2.3.
fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter))
}

/// The domain in ASCII, if it is one: labels of letters, digits and inner hyphens, at least two of them or `localhost`.
pub(super) fn ascii_domain(text: &str) -> Option<String> {
    // The parser of URLs would decode percent signs and drop tabs.
    if text.chars().any(|letter| letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-.".contains(letter)) {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(text) else { return None };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_numeric = domain.rsplit('.').next().is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_domain = (domain.contains('.') || domain == "localhost") && domain.split('.').all(is_label);
    (is_domain && !is_numeric && domain.len() <= 253).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mail_servers_take_is_taken() {
        for (text, name, address) in [
            ("anna@example.com", None, "anna@example.com"),
            ("Anna.B+tag@Example.COM", None, "Anna.B+tag@example.com"),
            ("o'hara@example.com", None, "o'hara@example.com"),
            ("root@localhost", None, "root@localhost"),
            ("x@bücher.example", None, "x@xn--bcher-kva.example"),
            ("x@例え.テスト", None, "x@xn--r8jz45g.xn--zckzah"),
            ("x@xn--bcher-kva.example", None, "x@xn--bcher-kva.example"),
            ("Anna <anna@example.com>", Some("Anna"), "anna@example.com"),
            ("<anna@example.com>", None, "anna@example.com"),
            ("Zoë Müller <z@example.com>", Some("Zoë Müller"), "z@example.com"),
            ("\"Doe, John\" <j@example.com>", Some("Doe, John"), "j@example.com"),
            ("\"a \\\"b\\\" c\" <j@example.com>", Some("a \"b\" c"), "j@example.com"),
            ("  Anna   <anna@example.com>  ", Some("Anna"), "anna@example.com"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((mailbox.name.as_deref(), mailbox.address.to_string().as_str()), (name, address), "{text}");
        }
    }

    #[test]
    fn whatever_is_not_exactly_one_plain_address_is_refused() {
        let cases = include_str!("hostile_addresses.txt").lines().filter(|line| !line.is_empty());
        let unescaped = cases.map(|line| serde_json::from_str::<String>(line).unwrap());
        let long = [
            format!("{}@example.com", "a".repeat(65)),
            format!("a@{}com", "b.".repeat(126)),
            format!("a@{}.com", "b".repeat(64)),
            format!("{} <a@example.com>", "n".repeat(201)),
        ];
        let mut tried = 0;
        for text in unescaped.chain(long) {
            assert!(Mailbox::parse(&text).is_err(), "{text:?} was read as {:?}", Mailbox::parse(&text));
            tried += 1;
        }
        assert!(tried >= 60, "{tried} cases");
    }

    #[test]
    fn a_refusal_says_what_would_do() {
        let said = |text: &str| Mailbox::parse(text).unwrap_err().to_string();
        assert!(said("anna").contains("name@example.com"));
        assert!(said("zoë@example.com").contains("letters, digits"));
        assert!(said("anna@example").contains("example.com"));
        assert!(said("-x@example.com").contains("option"));
    }
}
