//! Requests that a test answers.

use std::cell::Cell;
use std::time::Duration;

use super::state::{begin, with};
use crate::Error;
use crate::http::{Auth, Request};
use crate::secrets::Secret;

/// What was added to a request from a secret, by the secret's label.
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
/// Request::new("GET", "https://shop.example.com/").auth(Auth::Bearer(&token)).send()?;
/// // The label, not the text: that is all a template knows.
/// assert_eq!(world.requests()[0].credential, Credential::Bearer("shop-token".into()));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    None,
    /// A bearer token.
    Bearer(String),
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Label of the password.
        secret: String,
    },
    /// A header.
    Header {
        /// Its name.
        name: String,
        /// Label of its value.
        secret: String,
    },
    /// A signature over the body.
    HmacSha256 {
        /// The header that carries it.
        header: String,
        /// Label of the key.
        secret: String,
    },
}

/// A request that the template sent.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::fakes::Reply;
/// use sandglass_sdk::http::Request;
///
/// world.reply(Reply::new(200));
/// Request::new("DELETE", "https://shop.example.com/orders/7").send()?;
/// let sent = &world.requests()[0];
/// assert_eq!((sent.method.as_str(), sent.url.as_str()), ("DELETE", "https://shop.example.com/orders/7"));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Names and values in their order.
    pub headers: Vec<(String, String)>,
    /// What was added from a secret.
    pub credential: Credential,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The limit that the template set.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed.
    pub follows_redirects: bool,
}

impl SentRequest {
    /// The first header of that name, whatever its case.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("GET", "https://shop.example.com/").header("Accept", "text/csv").send()?;
    /// assert_eq!(world.requests()[0].header("ACCEPT"), Some("text/csv"));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200));
    /// Request::new("POST", "https://shop.example.com/").body("hello").send()?;
    /// assert_eq!(world.requests()[0].text(), "hello");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body.as_deref().unwrap_or_default()).into_owned()
    }
}

/// What a test answers to a request.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::fakes::Reply;
/// use sandglass_sdk::http::Request;
///
/// world.reply(Reply::new(429).header("retry-after", "60"));
/// let response = Request::new("GET", "https://shop.example.com/").send()?;
/// assert_eq!(response.header("retry-after"), Some("60"));
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reply {
    answer: Result<u16, Error>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    takes: Duration,
}

impl Reply {
    /// An answer with this status.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(404));
    /// assert_eq!(Request::new("GET", "https://shop.example.com/").send()?.status(), 404);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { answer: Ok(status), headers: Vec::new(), body: Vec::new(), takes: Duration::ZERO }
    }

    /// No answer, but this error.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// use sandglass_sdk::{Error, ErrorKind};
    ///
    /// world.reply(Reply::error(Error {
    ///     kind: ErrorKind::Unavailable,
    ///     reason: "connection-refused".into(),
    ///     message: "nobody listens there".into(),
    ///     retry_after_ms: None,
    ///     details: None,
    /// }));
    /// let error = Request::new("GET", "https://shop.example.com/").send().unwrap_err();
    /// assert_eq!(error.kind, ErrorKind::Unavailable);
    /// ```
    #[must_use]
    pub fn error(error: Error) -> Self {
        Self { answer: Err(error), ..Self::new(0) }
    }

    /// Adds a header.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).header("etag", "7"));
    /// assert_eq!(Request::new("GET", "https://shop.example.com/").send()?.header("ETag"), Some("7"));
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// world.reply(Reply::new(200).body("hello"));
    /// assert_eq!(Request::new("GET", "https://shop.example.com/").send()?.read(100)?, b"hello");
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Lets the clock move on by this before the answer is there.
    ///
    /// ```
    /// # let world = sandglass_sdk::fakes::World::new();
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    ///
    /// use std::time::Duration;
    ///
    /// let before = world.now();
    /// world.reply(Reply::new(200).after(Duration::from_secs(3)));
    /// Request::new("GET", "https://shop.example.com/").send()?;
    /// assert_eq!((world.now() - before).num_seconds(), 3);
    /// # Ok::<(), sandglass_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn after(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }
}

/// An answer, for the public wrapper.
#[derive(Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    read: Cell<usize>,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    pub fn read(&self, max: u32) -> Result<Vec<u8>, Error> {
        begin("http.read")?;
        let piece = self.body.iter().skip(self.read.get()).take(max as usize).copied().collect::<Vec<_>>();
        self.read.set(self.read.get() + piece.len());
        Ok(piece)
    }
}

#[expect(clippy::panic, reason = "a request that the test did not expect is the test's failure")]
pub fn send(request: &Request<'_>) -> Result<Response, Error> {
    let sent = SentRequest {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        credential: credential(&request.auth),
        body: request.body.clone(),
        timeout: request.timeout,
        follows_redirects: request.follows_redirects,
    };
    let shown = format!("{} {}", sent.method, sent.url);
    with(|state| state.requests.push(sent));
    begin("http.send")?;
    let Some(reply) = with(|state| state.replies.pop_front()) else {
        panic!("the test has no reply to this request: {shown}");
    };
    with(|state| state.now += reply.takes);
    let status = reply.answer?;
    Ok(Response { status, headers: reply.headers, body: reply.body, read: Cell::new(0) })
}

fn credential(auth: &Auth<'_>) -> Credential {
    let label = |secret: &Secret| secret.handle().label().to_owned();
    match auth {
        Auth::None => Credential::None,
        Auth::Bearer(secret) => Credential::Bearer(label(secret)),
        Auth::Basic { username, secret } => Credential::Basic { username: username.clone(), secret: label(secret) },
        Auth::Header { name, secret } => Credential::Header { name: name.clone(), secret: label(secret) },
        Auth::HmacSha256 { header, secret } => Credential::HmacSha256 { header: header.clone(), secret: label(secret) },
    }
}
