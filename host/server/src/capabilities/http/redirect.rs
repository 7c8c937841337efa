//! Where a redirect leads, and what of the request goes along. Pure; after RFC 9110, 15.4.

use reqwest::header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};

use super::request::{self, Hop};
use crate::capabilities::GateError;

/// Headers that go along to another origin. Everything else might be a credential.
const HARMLESS: [&str; 9] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "content-type",
    "content-language",
    "idempotency-key",
    "traceparent",
    "user-agent",
];

/// The next request, or `None` if the answer is no redirect that can be followed.
///
/// # Errors
/// `denied` for a step from https to http, and for what [`request::url`] refuses.
pub(super) fn next(hop: &Hop, status: StatusCode, answer: &HeaderMap) -> Result<Option<Hop>, GateError> {
    let keeps_method = match status.as_u16() {
        301..=303 => false,
        307 | 308 => true,
        _ => return Ok(None),
    };
    let Some(location) = answer.get(LOCATION) else { return Ok(None) };
    let fault = || GateError::invalid("redirect", "the server redirects to something that is no URL");
    let location = location.to_str().map_err(|_| fault())?;
    let url = request::url(hop.url.join(location).map_err(|_| fault())?.as_str())?;
    if hop.url.scheme() == "https" && url.scheme() == "http" {
        return Err(GateError::denied("redirect-downgrade", "the server redirects from https to http"));
    }
    let mut next = Hop { url, ..hop.clone() };
    let becomes_get = match status.as_u16() {
        303 => hop.method != Method::HEAD,
        _ => !keeps_method && hop.method == Method::POST,
    };
    if becomes_get {
        next.method = Method::GET;
        next.body = None;
        for name in [CONTENT_TYPE, CONTENT_LANGUAGE, CONTENT_ENCODING] {
            next.headers.remove(name);
        }
    }
    if next.url.origin() != hop.url.origin() {
        let kept = next.headers.iter().filter(|(name, _)| HARMLESS.contains(&name.as_str()));
        next.headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::super::HttpRequest;
    use super::*;

    fn step(method: &str, from: &str, status: u16, to: &str) -> Result<Option<Hop>, GateError> {
        let headers = [("Authorization", "Bearer x"), ("X-Api-Key", "y"), ("Accept", "a/b"), ("Content-Type", "c/d")];
        let hop = Hop::new(
            HttpRequest {
                method: method.into(),
                url: from.into(),
                headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
                body: (method == "POST").then(|| b"body".to_vec()),
                ..HttpRequest::default()
            },
            100,
        )
        .unwrap();
        let answer = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        next(&hop, StatusCode::from_u16(status).unwrap(), &answer)
    }

    #[test]
    fn credentials_stay_within_the_origin() {
        let same = step("GET", "https://a.example/x", 302, "/y").unwrap().unwrap();
        assert_eq!(same.url.as_str(), "https://a.example/y");
        assert!(same.headers.contains_key("authorization") && same.headers.contains_key("x-api-key"));

        for to in ["https://b.example/", "https://a.example:444/", "//b.example/"] {
            let other = step("GET", "https://a.example/x", 302, to).unwrap().unwrap();
            assert!(!other.headers.contains_key("authorization") && !other.headers.contains_key("x-api-key"), "{to}");
            assert!(other.headers.contains_key("accept"), "{to}");
        }
    }

    #[test]
    fn a_downgrade_is_refused_and_an_upgrade_is_not() {
        assert_eq!(
            step("GET", "https://a.example/", 302, "http://a.example/").unwrap_err().reason,
            "redirect-downgrade"
        );
        assert!(step("GET", "http://a.example/", 302, "https://a.example/").unwrap().is_some());
        assert_eq!(step("GET", "https://a.example/", 302, "file:///etc/passwd").unwrap_err().reason, "scheme");
        assert_eq!(
            step("GET", "https://a.example/", 302, "https://u:p@b.example/").unwrap_err().reason,
            "url-credentials"
        );
    }

    #[test]
    fn the_method_changes_as_the_standard_says() {
        for (method, status, expected, has_body) in [
            ("POST", 301, "GET", false),
            ("POST", 302, "GET", false),
            ("POST", 303, "GET", false),
            ("POST", 307, "POST", true),
            ("POST", 308, "POST", true),
            ("PUT", 302, "PUT", false),
            ("DELETE", 303, "GET", false),
            ("HEAD", 303, "HEAD", false),
        ] {
            let hop = step(method, "https://a.example/", status, "/x").unwrap().unwrap();
            assert_eq!((hop.method.as_str(), hop.body.is_some()), (expected, has_body), "{method} {status}");
        }
        assert!(step("GET", "https://a.example/", 200, "/x").unwrap().is_none());
        assert!(step("GET", "https://a.example/", 304, "/x").unwrap().is_none());
    }
}
