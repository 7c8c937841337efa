//! Whether a change comes from our own pages. Browsers send cookies along with whatever another site makes them send;
//! they also say where it comes from, and that is what is read here. Pure.
//!
//! `Sec-Fetch-Site` where the browser sends it (over HTTPS and to this machine), else `Origin` against `Host`.

use axum::http::{HeaderMap, HeaderName, header};
use url::{Host, Url};

use super::error::{ApiError, Code};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How browsers reach this server.
#[derive(Debug, Clone, Default)]
pub struct PublicAddress {
    /// `server.public_url`, without the path.
    origin: Option<String>,
    is_plain: bool,
}

impl PublicAddress {
    /// Of `server.public_url`, which may be empty.
    pub fn of(url: &str) -> Self {
        let Ok(url) = Url::parse(url) else { return Self::default() };
        let is_plain = url.scheme() == "http" && !is_this_machine(&url);
        Self { origin: Some(url.origin().ascii_serialization()), is_plain }
    }

    /// Whether it is plain HTTP to another machine: then cookies cannot be kept to safe connections.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// As it begins every link, if it is configured.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What it means that a request says nothing of where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It carries a cookie, so a browser sent it; one that does not say from where is refused.
    IsForeign,
    /// It carries nothing that a program could not: no browser sent it.
    IsProgram,
}

/// # Errors
/// [`Code::CrossSite`].
pub(super) fn check(headers: &HeaderMap, address: &PublicAddress, silence: Silence) -> Result<(), ApiError> {
    let refused = |detail: &str| Err(ApiError::new(Code::CrossSite, detail));
    let (site, origin) = (only(headers, &SEC_FETCH_SITE), only(headers, &header::ORIGIN));
    match (site, origin) {
        (Said::Unclear, _) | (_, Said::Unclear) => refused("`Origin` or `Sec-Fetch-Site` cannot be read"),
        (Said::Once("same-origin"), _) => Ok(()),
        (Said::Once(_), _) => refused("a page of another site sent this request; nothing was done"),
        (Said::Nothing, Said::Once(origin)) if is_own(origin, headers, address) => Ok(()),
        (Said::Nothing, Said::Once(_)) => refused(
            "`Origin` is not the address that this request went to; behind a proxy, let it pass `Host` on, or set server.public_url",
        ),
        (Said::Nothing, Said::Nothing) if silence == Silence::IsProgram => Ok(()),
        (Said::Nothing, Said::Nothing) => {
            refused("a change with a cookie has to say where it comes from (`Origin`); programs send a token instead")
        }
    }
}

/// Refuses to begin a session in a browser that would drop its cookie, and says why, before that is a riddle.
///
/// # Errors
/// [`Code::PlainHttp`].
pub(super) fn check_keeps_cookies(headers: &HeaderMap, address: &PublicAddress) -> Result<(), ApiError> {
    let Said::Once(origin) = only(headers, &header::ORIGIN) else { return Ok(()) };
    let Ok(url) = Url::parse(origin) else { return Ok(()) };
    if url.scheme() != "http" || is_this_machine(&url) || address.is_plain() {
        return Ok(());
    }
    let shown: String = origin.chars().take(100).collect();
    Err(ApiError::new(
        Code::PlainHttp,
        format!(
            "this browser came over plain HTTP ({shown}) and would not keep the session: put HTTPS before the server, or set \
             server.public_url to this address if the network is trusted"
        ),
    ))
}

enum Said<'a> {
    Nothing,
    Once(&'a str),
    Unclear,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Said<'a> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => value.to_str().map_or(Said::Unclear, Said::Once),
        (Some(_), Some(_)) => Said::Unclear,
    }
}

fn is_own(origin: &str, headers: &HeaderMap, address: &PublicAddress) -> bool {
    if address.origin() == Some(origin) {
        return true;
    }
    let Said::Once(host) = only(headers, &header::HOST) else { return false };
    // Which scheme the browser speaks is not known here: TLS may end before this server.
    ["http://", "https://"]
        .into_iter()
        .any(|scheme| origin.strip_prefix(scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_request_of_another_site_is_refused_whatever_it_says() {
        let unknown = PublicAddress::default();
        for (given, expected) in [
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://x.example"), ("host", "box:8000")][..], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://box:8000"), ("host", "box:8000")], false),
            (&[("sec-fetch-site", "same-site"), ("host", "box:8000")], false),
            (&[("sec-fetch-site", "none"), ("host", "box:8000")], false),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "http://box:8000"), ("host", "box:8000")], true),
            (&[("origin", "https://BOX:8000"), ("host", "box:8000")], true),
            (&[("origin", "http://box"), ("host", "box:8000")], false),
            (&[("origin", "http://box:8000.evil.example"), ("host", "box:8000")], false),
            (&[("origin", "http://evil.example"), ("host", "box:8000")], false),
            (&[("origin", "null"), ("host", "box:8000")], false),
            (&[("origin", "http://box:8000")], false),
            (&[("origin", "http://box:8000"), ("origin", "http://evil.example"), ("host", "box:8000")], false),
            (&[("host", "box:8000")], false),
        ] {
            assert_eq!(check(&headers(given), &unknown, Silence::IsForeign).is_ok(), expected, "{given:?}");
        }
        assert!(check(&headers(&[("host", "box:8000")]), &unknown, Silence::IsProgram).is_ok());
        assert!(check(&headers(&[("origin", "http://evil.example")]), &unknown, Silence::IsProgram).is_err());
    }

    #[test]
    fn the_configured_address_is_ours_whatever_host_a_proxy_makes_of_it() {
        let address = PublicAddress::of("https://jobs.example.com/");
        let from = headers(&[("origin", "https://jobs.example.com"), ("host", "127.0.0.1:8000")]);
        assert!(check(&from, &address, Silence::IsForeign).is_ok());
        assert!(check(&from, &PublicAddress::default(), Silence::IsForeign).is_err());
    }

    #[test]
    fn only_plain_http_to_another_machine_is_plain() {
        for (url, expected) in [
            ("", false),
            ("https://jobs.example.com", false),
            ("http://localhost:8000", false),
            ("http://127.0.0.1:8000", false),
            ("http://[::1]:8000", false),
            ("http://jobs.lan:8000", true),
            ("http://192.168.1.5", true),
            ("http://localhost.evil.example", true),
        ] {
            assert_eq!(PublicAddress::of(url).is_plain(), expected, "{url}");
        }
    }

    #[test]
    fn a_browser_that_would_drop_the_cookie_is_told_so() {
        let keeps = |origin: &'static str, url: &str| {
            check_keeps_cookies(&headers(&[("origin", origin)]), &PublicAddress::of(url)).is_ok()
        };
        assert!(!keeps("http://jobs.lan:8000", ""));
        assert!(keeps("http://jobs.lan:8000", "http://jobs.lan:8000"));
        assert!(
            keeps("http://localhost:8000", "") && keeps("http://127.0.0.1:8000", "") && keeps("https://jobs.lan", "")
        );
    }
}
