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
        let (scheme, rest) = pattern.split_once("://").map_or((None, pattern), |(scheme, rest)| (Some(scheme), rest));
        let rest = rest.trim_end_matches('/');
        // The port stands behind the last colon, unless that is inside the brackets of an IPv6 address.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let host = host.to_ascii_lowercase();
        let is_any = host == "*";
        let scheme_fits = match scheme {
            Some(scheme) => scheme == self.scheme,
            None => is_any || self.scheme == "https",
        };
        let port_fits = match port {
            Some("*") => true,
            Some(port) => port.parse() == Ok(self.port),
            None => is_any || self.port == if self.scheme == "http" { 80 } else { 443 },
        };
        let host_fits = is_any
            || match host.strip_prefix("*.") {
                Some(parent) => {
                    self.host.strip_suffix(parent).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
                }
                None => host.trim_end_matches('.') == self.host,
            };
        scheme_fits && port_fits && host_fits
    }
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
    let rest = match pattern.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        Some(_) => return fault("names a scheme that is neither https nor http"),
        None => pattern,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    if port.is_some_and(|port| port != "*" && port.parse::<u16>().is_err()) {
        return fault("has a port that is no number");
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
