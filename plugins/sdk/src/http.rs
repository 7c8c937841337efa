//! Requests to HTTP servers that a grant names.

use std::time::Duration;

use crate::secrets::Secret;
use crate::{Error, host};

/// What the host adds to a request from a secret, without showing it.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// # world.secret("shop-token", "s3cret");
/// use sandglass_sdk::fakes::{Credential, Reply};
/// use sandglass_sdk::http::{Auth, Request};
/// use sandglass_sdk::secrets::Secret;
///
/// world.reply(Reply::new(200));
/// let token = Secret::get("shop-token")?;
/// Request::new("GET", "https://shop.example.com/orders").auth(Auth::Bearer(&token)).send()?;
/// assert_eq!(world.requests()[0].credential, Credential::Bearer("shop-token".into()));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub enum Auth<'a> {
    /// Nothing.
    #[default]
    None,
    /// `Authorization: Bearer` with the secret.
    Bearer(&'a Secret),
    /// `Authorization: Basic` with a user name, and the secret as password.
    Basic {
        /// User name, without a colon.
        username: String,
        /// The password.
        secret: &'a Secret,
    },
    /// The secret as the value of a header.
    Header {
        /// Name of the header.
        name: String,
        /// Its value.
        secret: &'a Secret,
    },
    /// A header with `sha256=` and, in hexadecimal digits, the HMAC-SHA256 of the body's bytes.
    HmacSha256 {
        /// Name of the header.
        header: String,
        /// The key.
        secret: &'a Secret,
    },
}

/// One request.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::fakes::Reply;
/// use sandglass_sdk::http::Request;
///
/// world.reply(Reply::new(201));
/// let response = Request::new("POST", "https://shop.example.com/orders").body("{}").send()?;
/// assert_eq!(response.status(), 201);
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) auth: Auth<'a>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) follows_redirects: bool,
}

impl<'a> Request<'a> {
    /// A request without headers or body that does not follow redirects.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("GET", "https://shop.example.com/orders").send()?;
    /// assert_eq!(world.requests()[0].method, "GET");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            auth: Auth::None,
            body: None,
            timeout: None,
            follows_redirects: false,
        }
    }

    /// Adds a header.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("GET", "https://shop.example.com/").header("Accept", "application/json").send()?;
    /// assert_eq!(world.requests()[0].header("accept"), Some("application/json"));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds something from a secret.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// # world.secret("shop-token", "s3cret");
    /// use sandglass_sdk::fakes::{Credential, Reply};
    /// use sandglass_sdk::http::{Auth, Request};
    /// use sandglass_sdk::secrets::Secret;
    ///
    /// world.reply(Reply::new(200));
    /// let key = Secret::get("shop-token")?;
    /// let signed = Auth::HmacSha256 { header: "X-Signature".into(), secret: &key };
    /// Request::new("POST", "https://shop.example.com/").auth(signed).body("{}").send()?;
    /// assert!(matches!(world.requests()[0].credential, Credential::HmacSha256 { .. }));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn auth(mut self, auth: Auth<'a>) -> Self {
        self.auth = auth;
        self
    }

    /// Sets the body.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("POST", "https://shop.example.com/").body(r#"{"a": 1}"#).send()?;
    /// assert_eq!(world.requests()[0].text(), r#"{"a": 1}"#);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// Limits the time of the whole exchange, redirects and reading the body included. Without it 30 seconds; the host's
    /// own bound holds in any case.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// use std::time::Duration;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("GET", "https://shop.example.com/").timeout(Duration::from_secs(5)).send()?;
    /// assert_eq!(world.requests()[0].timeout, Some(Duration::from_secs(5)));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Follows up to five redirects, each of which is checked like the first address.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("GET", "https://shop.example.com/").follow_redirects(true).send()?;
    /// assert!(world.requests()[0].follows_redirects);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn follow_redirects(mut self, follow: bool) -> Self {
        self.follows_redirects = follow;
        self
    }

    /// Sends it and waits for the headers of the answer. A status of 400 and above is an answer.
    ///
    /// # Errors
    /// `denied` (no grant, or a forbidden address), `invalid` (address or header), `timeout`, `unavailable` (no
    /// connection), `limit` (requests of this run).
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(503));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.status(), 503, "an answer is no error, whatever its status");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn send(&self) -> Result<Response, Error> {
        let handle = host::http::send(self)?;
        Ok(Response { status: handle.status(), headers: handle.headers(), handle })
    }
}

/// An answer whose body is read piece by piece.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::fakes::Reply;
/// use sandglass_sdk::http::Request;
///
/// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
/// let response = Request::new("GET", "https://shop.example.com/").send()?;
/// assert_eq!(response.read_to_end(1_024)?.bytes, b"hello");
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    handle: host::http::Response,
}

/// The beginning of a body.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::fakes::Reply;
/// use sandglass_sdk::http::Request;
///
/// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
/// let response = Request::new("GET", "https://shop.example.com/").send()?;
/// let body = response.read_to_end(2)?;
/// assert_eq!((body.bytes.as_slice(), body.size_bytes), (&b"he"[..], 5));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes that were kept.
    pub bytes: Vec<u8>,
    /// How long the whole body is in bytes.
    pub size_bytes: u64,
}

impl Body {
    /// Whether there was more than was kept.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert!(response.read_to_end(2)?.is_cut());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.size_bytes > self.bytes.len() as u64
    }
}

impl Response {
    /// The status code.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in small letters.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.headers(), [("content-type".to_owned(), "text/plain".to_owned())]);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of that name, whatever its case.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.header("Content-Type"), Some("text/plain"));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The next bytes of the body, at most `max`; empty at the end.
    ///
    /// # Errors
    /// `timeout`, `unavailable` when the connection broke, `limit` when the body is too large.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.read(3)?, b"hel");
    /// assert_eq!(response.read(3)?, b"lo");
    /// assert!(response.read(3)?.is_empty());
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Error> {
        self.handle.read(max)
    }

    /// Reads the body to its end and keeps the first `keep` bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("content-type", "text/plain").body("hello"));
    /// let response = Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!(response.read_to_end(1_024)?.bytes, b"hello");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    pub fn read_to_end(&self, keep: usize) -> Result<Body, Error> {
        let mut body = Body::default();
        loop {
            let piece = self.read(64 * 1024)?;
            if piece.is_empty() {
                return Ok(body);
            }
            body.size_bytes += piece.len() as u64;
            let room = keep.saturating_sub(body.bytes.len());
            body.bytes.extend(piece.iter().take(room));
        }
    }
}
