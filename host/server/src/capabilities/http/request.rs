//! What a request may look like, checked before anything is opened. Pure.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use url::Url;

use super::auth::Auth;
use crate::capabilities::GateError;

const LONGEST_URL: usize = 8_192;
const MOST_HEADERS: usize = 100;
const MOST_HEADER_BYTES: usize = 32_768;

/// Headers that belong to the host: they decide where a message ends or to whom it goes (RFC 9110, 7.6.1).
const RESERVED: [&str; 14] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "http2-settings",
    "alt-used",
];

/// A request as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub timeout: Option<Duration>,
    pub follow_redirects: bool,
    pub auth: Auth,
}

/// A request that is fit to be sent.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Hop {
    /// Checks a request.
    ///
    /// # Errors
    /// `invalid`, `denied` or `limit`, naming what is wrong.
    pub(super) fn new(request: HttpRequest, body_bound: usize) -> Result<Self, GateError> {
        let body = request.body.filter(|body| !body.is_empty());
        if let Some(length) = body.as_ref().map(Vec::len).filter(|length| *length > body_bound) {
            return Err(GateError::limit(
                "body-bytes",
                format!("a body of {length} bytes, and at most {body_bound} go (http.body_bytes)"),
            ));
        }
        Ok(Self {
            method: method(&request.method)?,
            url: url(&request.url)?,
            headers: headers(&request.headers)?,
            body: body.map(Bytes::from),
        })
    }

    /// Whether the method promises to change nothing (RFC 9110, 9.2.1).
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}

fn method(text: &str) -> Result<Method, GateError> {
    match text {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => {
            Method::from_bytes(text.as_bytes()).map_err(|error| GateError::invalid("method", error.to_string()))
        }
        other => Err(GateError::invalid(
            "method",
            format!("{other:?} is not allowed: GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are"),
        )),
    }
}

/// Checks the form of a URL, of the first one and of each a redirect names.
pub(super) fn url(text: &str) -> Result<Url, GateError> {
    if text.len() > LONGEST_URL {
        return Err(GateError::invalid("url", format!("a URL has at most {LONGEST_URL} bytes")));
    }
    let mut url =
        Url::parse(text).map_err(|error| GateError::invalid("url", format!("not an absolute URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(GateError::denied("scheme", format!("{:?} is not allowed: https and http are", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(GateError::invalid("url-credentials", "a URL must not hold a user name or password: use `auth`"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(GateError::invalid("url", "the URL has no host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Checks the name of a header that the host does not set itself.
///
/// # Errors
/// `invalid` for what is no name, `denied` for the host's own headers.
pub(super) fn header_name(name: &str) -> Result<HeaderName, GateError> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| GateError::invalid("header-name", format!("{name:?} is no header name")))?;
    // Servers that hand headers on as variables read `_` as `-`.
    if RESERVED.contains(&header.as_str().replace('_', "-").as_str()) {
        return Err(GateError::denied("header-reserved", format!("the header {header} belongs to the host")));
    }
    Ok(header)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, GateError> {
    let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if pairs.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err(GateError::limit(
            "header-bytes",
            format!("at most {MOST_HEADERS} headers with {MOST_HEADER_BYTES} bytes together"),
        ));
    }
    let mut map = HeaderMap::with_capacity(pairs.len() + 1);
    for (name, value) in pairs {
        let header = header_name(name)?;
        let value = HeaderValue::from_str(value).map_err(|_| {
            GateError::invalid(
                "header-value",
                format!("the value of {header} holds characters that no header may hold"),
            )
        })?;
        map.append(header, value);
    }
    if !map.contains_key(USER_AGENT) {
        map.insert(USER_AGENT, HeaderValue::from_static(concat!("Sandglass/", env!("CARGO_PKG_VERSION"))));
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Hop, GateError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = HttpRequest { method: method.into(), url: url.into(), headers, ..HttpRequest::default() };
        Hop::new(request, 10)
    }

    #[test]
    fn what_smuggles_or_reaches_elsewhere_is_refused_by_name() {
        for (method, url, headers, reason) in [
            ("CONNECT", "https://a.example", &[][..], "method"),
            ("TRACE", "https://a.example", &[], "method"),
            ("get", "https://a.example", &[], "method"),
            ("GET / HTTP/1.1\r\nX: y", "https://a.example", &[], "method"),
            ("GET", "file:///etc/passwd", &[], "scheme"),
            ("GET", "ftp://a.example", &[], "scheme"),
            ("GET", "gopher://a.example", &[], "scheme"),
            ("GET", "/relative", &[], "url"),
            ("GET", "https://", &[], "url"),
            ("GET", "https://user:pass@a.example", &[], "url-credentials"),
            ("GET", "https://a.example", &[("Host", "b.example")], "header-reserved"),
            ("GET", "https://a.example", &[("HOST", "b.example")], "header-reserved"),
            ("GET", "https://a.example", &[("Content-Length", "5")], "header-reserved"),
            ("GET", "https://a.example", &[("Transfer-Encoding", "chunked")], "header-reserved"),
            ("GET", "https://a.example", &[("Content_Length", "5")], "header-reserved"),
            ("GET", "https://a.example", &[("Connection", "upgrade")], "header-reserved"),
            ("GET", "https://a.example", &[("Proxy-Authorization", "x")], "header-reserved"),
            ("GET", "https://a.example", &[("X", "a\r\nHost: b")], "header-value"),
            ("GET", "https://a.example", &[("X", "a\0b")], "header-value"),
            ("GET", "https://a.example", &[("X\r\nY", "a")], "header-name"),
            ("GET", "https://a.example", &[("", "a")], "header-name"),
            ("GET", "https://a.example", &[("X", "\n")], "header-value"),
        ] {
            let error = hop(method, url, headers).unwrap_err();
            assert_eq!(error.reason, reason, "{method} {url} {headers:?}: {error}");
        }
    }

    #[test]
    fn a_body_beyond_the_bound_is_a_limit() {
        let request = HttpRequest {
            method: "POST".into(),
            url: "https://a.example".into(),
            body: Some(vec![0; 11]),
            ..HttpRequest::default()
        };
        assert_eq!(Hop::new(request, 10).unwrap_err().reason, "body-bytes");
    }

    #[test]
    fn a_plain_request_is_fit_and_says_who_sends_it() {
        let hop = hop("GET", "https://a.example/x#fragment", &[("Accept", "text/html")]).unwrap();
        assert_eq!(hop.url.as_str(), "https://a.example/x");
        assert!(hop.headers.get(USER_AGENT).unwrap().to_str().unwrap().starts_with("Sandglass/"));
    }
}
