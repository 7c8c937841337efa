//! Which needs and rights cover a request. Pure.
//!
//! A pattern is `*`, or `[scheme://]host[:port]`. The host may be `*` (any) or `*.example.com` (what stands below it).
//! Without a scheme: https, and with the host `*` alone also http. Without a port: the scheme's own, and with the host
//! `*` any. A target that comes from a parameter is a URL and covers its origin. `extra` may list `methods`.

use serde_json::Value;
use url::{Host, Url};

use crate::capabilities::guard::Target;
use crate::model::grant::Scope;

/// Where a request goes, and how.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    origin: String,
    scheme: String,
    host: String,
    port: u16,
    method: String,
}

impl HttpTarget {
    /// None for a URL without a host or of another scheme.
    pub fn of(url: &Url, method: &str) -> Option<Self> {
        let port = url.port_or_known_default()?;
        // The text of the host in its normal form: lower case, IDNA, IPv4 in dotted numbers, IPv6 in brackets.
        let host = match url.host()? {
            Host::Domain(name) => name.trim_end_matches('.').to_owned(),
            other => other.to_string(),
        };
        let scheme = url.scheme().to_owned();
        matches!(scheme.as_str(), "http" | "https").then(|| Self {
            origin: url.origin().ascii_serialization(),
            scheme,
            host,
            port,
            method: method.to_owned(),
        })
    }

    /// Whether a pattern covers where the request goes.
    pub(in crate::capabilities) fn fits(&self, pattern: &str) -> bool {
        let parts = Parts::of(pattern);
        let is_any = parts.host == "*";
        let scheme_fits = match parts.scheme {
            Some(scheme) => scheme == self.scheme,
            None => is_any || self.scheme == "https",
        };
        let port_fits = match parts.port {
            Some(port) => port_fits(port, self.port),
            None => is_any || self.port == if self.scheme == "http" { 80 } else { 443 },
        };
        scheme_fits && port_fits && host_fits(parts.host, &self.host)
    }
}

/// A pattern, taken apart.
struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(pattern: &'a str) -> Self {
        let (scheme, rest) = pattern.split_once("://").map_or((None, pattern), |(scheme, rest)| (Some(scheme), rest));
        let rest = rest.trim_end_matches('/');
        // The port stands behind the last colon, unless that is inside the brackets of an IPv6 address.
        match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => Self { scheme, host, port: Some(port) },
            _ => Self { scheme, host: rest, port: None },
        }
    }
}

fn port_fits(pattern: &str, port: u16) -> bool {
    pattern == "*" || pattern.parse() == Ok(port)
}

fn host_fits(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix("*.") {
        _ if pattern == "*" => true,
        Some(parent) => host.strip_suffix(parent).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => pattern.trim_end_matches('.') == host,
    }
}

/// Whether a pattern covers a server that speaks no HTTP: one with a scheme covers none. Without a port: any.
pub(in crate::capabilities) fn host_pattern_covers(pattern: &str, host: &str, port: u16) -> bool {
    let Parts { scheme, host: named, port: wanted } = Parts::of(pattern);
    let bare = named.strip_prefix('[').and_then(|named| named.strip_suffix(']')).unwrap_or(named);
    scheme.is_none() && wanted.is_none_or(|wanted| port_fits(wanted, port)) && host_fits(bare, &host.to_lowercase())
}

/// Whether a text is a pattern.
///
/// # Errors
/// What is wrong with it, and how it is written.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    const FORM: &str = "write [https://]host[:port], with `*` for any host or `*.example.com` for what stands below it";
    let fault = |what: &str| Err(format!("{pattern:.80} {what}: {FORM}"));
    if pattern.is_empty() || pattern.len() > 255 {
        return Err(format!("has {} bytes, from 1 to 255 are possible: {FORM}", pattern.len()));
    }
    if pattern.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err(format!("{pattern:?} holds a space or a control character: {FORM}"));
    }
    let (scheme, rest) = pattern.split_once("://").map_or((None, pattern), |(scheme, rest)| (Some(scheme), rest));
    if scheme.is_some_and(|scheme| !matches!(scheme, "http" | "https")) {
        return fault("names a scheme that is neither https nor http");
    }
    // A pattern says which server, never what is asked of it.
    if let Some(place) = rest.find(['/', '?', '#']) {
        let server = pattern.get(..pattern.len() - (rest.len() - place)).unwrap_or_default();
        let only =
            if server.is_empty() { String::new() } else { format!("; {server:.80} would cover every path there") };
        return Err(format!("{pattern:.80} holds a path, and only servers can be named{only}: {FORM}"));
    }
    if rest.contains('@') {
        return fault("holds a user name");
    }
    let Parts { host, port, .. } = Parts::of(pattern);
    if host.contains(':') && !host.starts_with('[') {
        return fault("looks like an IPv6 address, which stands in brackets as in [::1]:8080");
    }
    if let Some(port) = port.filter(|port| *port != "*" && port.parse::<u16>().is_err()) {
        return fault(&format!("has the port {port:?}, which is neither a number from 0 to 65535 nor `*`"));
    }
    let name = host.strip_prefix("*.").unwrap_or(host);
    let is_address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'));
    if host == "*" || is_address || is_name { Ok(()) } else { fault("names no host") }
}

impl Target for HttpTarget {
    fn name(&self) -> &str {
        &self.origin
    }

    fn variant(&self) -> &str {
        &self.method
    }

    fn extra(&self) -> Option<Value> {
        Some(serde_json::json!({ "methods": [self.method] }))
    }

    fn is_in(&self, scope: &Scope, extra: Option<&Value>, _parameters: &Value) -> bool {
        let methods = extra.and_then(|extra| extra.get("methods")).and_then(Value::as_array);
        let method_fits = methods.is_none_or(|methods| {
            methods.iter().any(|method| method.as_str().is_some_and(|method| method.eq_ignore_ascii_case(&self.method)))
        });
        method_fits
            && match scope {
                Scope::Pattern(pattern) => self.fits(pattern),
                Scope::Literal(url) => {
                    let own = Url::parse(url).ok().and_then(|url| Self::of(&url, &self.method));
                    own.is_some_and(|own| own.origin == self.origin)
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn covers(scope: &Scope, url: &str) -> bool {
        HttpTarget::of(&Url::parse(url).unwrap(), "GET").unwrap().is_in(scope, None, &json!({}))
    }

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, url, expected) in [
            ("*", "https://a.example/x", true),
            ("*", "http://127.0.0.1:8080/", true),
            ("https://*", "http://a.example/", false),
            ("https://*", "https://a.example:8443/", true),
            ("a.example", "https://a.example/", true),
            ("a.example", "https://A.EXAMPLE./", true),
            ("A.Example", "https://a.example/", true),
            ("a.example", "http://a.example/", false),
            ("a.example", "https://a.example:8443/", false),
            ("a.example:8443", "https://a.example:8443/", true),
            ("a.example:*", "https://a.example:99/", true),
            ("http://a.example", "http://a.example/", true),
            ("http://a.example", "http://a.example:81/", false),
            ("a.example", "https://a.example.evil.test/", false),
            ("a.example", "https://evila.example/", false),
            ("*.example", "https://a.example/", true),
            ("*.example", "https://b.a.example/", true),
            ("*.example", "https://example/", false),
            ("*.example", "https://evilexample/", false),
            ("http://[::1]:80", "http://[::1]/", true),
            ("http://[::1]", "http://[::1]/", true),
            ("http://127.0.0.1", "http://0x7f.1/", true),
        ] {
            assert_eq!(covers(&Scope::Pattern(pattern.into()), url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn a_text_that_is_no_pattern_is_told_apart() {
        for pattern in [
            "*",
            "a.example",
            "*.a.example",
            "https://a.example",
            "http://*:8080",
            "a:*",
            "[::1]:80",
            "10.0.0.1",
            "A_b",
        ] {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
        }
        for text in [
            "", "a b", "ftp://a", "a/b", "a:x", "a:99999", "*a", "a.*", "u@a", "[::1", "[x]", "https://", "*.", "a\n",
            "ä",
        ] {
            assert!(check_pattern(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_fault_of_a_text_that_is_no_pattern_names_the_part_and_the_way_out() {
        for (text, fault) in [
            ("https://api.example.com:8443/v1/hook?x=1", "https://api.example.com:8443 would cover every path there"),
            ("http://intranet:8080/", "http://intranet:8080 would cover every path there"),
            ("api.example.com/hook", "api.example.com would cover"),
            ("/hook", "only servers can be named: write"),
            ("a.example:https", "the port \"https\""),
            ("a.example:70000", "from 0 to 65535"),
            ("https://me@a.example", "user name"),
            ("::1", "brackets"),
            ("a b", "holds a space"),
        ] {
            let said = check_pattern(text).unwrap_err();
            assert!(said.contains(fault) && said.contains("[https://]host[:port]"), "{text}: {said}");
        }
    }

    #[test]
    fn a_server_without_http_is_covered_by_its_name_and_never_by_an_address_of_the_web() {
        for (pattern, host, port, expected) in [
            ("mail.example.com", "mail.example.com", 465, true),
            ("Mail.example.com:465", "mail.example.com", 465, true),
            ("mail.example.com:587", "mail.example.com", 465, false),
            ("*.example.com", "mail.example.com", 587, true),
            ("*", "mail.example.com", 25, true),
            ("[::1]", "::1", 25, true),
            ("https://mail.example.com", "mail.example.com", 465, false),
            ("http://*", "mail.example.com", 465, false),
            ("api.example.com", "mail.example.com", 465, false),
        ] {
            assert_eq!(host_pattern_covers(pattern, host, port), expected, "{pattern} {host}:{port}");
        }
    }

    #[test]
    fn a_parameter_covers_its_own_origin_only() {
        let scope = Scope::Literal("https://a.example/hook?x=1".into());
        assert!(covers(&scope, "https://a.example/other"));
        assert!(!covers(&scope, "http://a.example/"));
        assert!(!covers(&scope, "https://a.example:444/"));
        assert!(!covers(&scope, "https://b.example/"));
        assert!(!covers(&Scope::Literal("*".into()), "https://a.example/"));
    }

    #[test]
    fn a_right_may_name_methods() {
        let scope = Scope::Pattern("*".into());
        let url = Url::parse("https://a.example/").unwrap();
        let extra = json!({ "methods": ["GET", "HEAD"] });
        let is_in = |method| HttpTarget::of(&url, method).unwrap().is_in(&scope, Some(&extra), &json!({}));
        assert!(is_in("GET") && !is_in("DELETE"));
    }
}
