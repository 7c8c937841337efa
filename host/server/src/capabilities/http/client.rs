//! The connector: one request to a checked address. Decides nothing itself.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_LENGTH;
use url::Host;

use super::address::{Class, InvalidNetwork, Networks};
use super::request::Hop;
use super::resolver::{Checked, Forbidden, Lookup, SystemLookup};
use crate::capabilities::{ErrorKind, GateError};
use crate::config;

/// Bounds of requests, from the configuration.
#[derive(Debug, Clone, Copy)]
pub(in crate::capabilities) struct HttpBounds {
    pub(in crate::capabilities) requests: u64,
    pub(in crate::capabilities) body_bytes: usize,
    pub(in crate::capabilities) redirects: u32,
    pub(in crate::capabilities) timeout: Duration,
}

/// A client that reaches only what the operator allows. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    networks: Arc<Networks>,
    pub(in crate::capabilities) bounds: HttpBounds,
}

/// A client that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error(transparent)]
    Network(#[from] InvalidNetwork),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

impl HttpClient {
    /// Makes the client.
    ///
    /// # Errors
    /// A network in the configuration that is none, or a TLS set-up that fails.
    pub fn new(settings: &config::Http) -> Result<Self, HttpSetupError> {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// As [`new`](Self::new), with names looked up elsewhere.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_lookup(settings: &config::Http, lookup: Arc<dyn Lookup>) -> Result<Self, HttpSetupError> {
        let networks = Arc::new(Networks::new(settings.allow_private_networks, &settings.allowed_networks)?);
        // Somebody else may have installed it already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = match builder(&networks, &lookup).build() {
            Ok(client) => client,
            Err(error) => {
                // A bare container: plain requests still work, and the rest of the host does anyway.
                tracing::warn!(%error, "no certificates to trust on this machine: every https request will be refused");
                builder(&networks, &lookup).tls_certs_only([]).build()?
            }
        };
        let bounds = HttpBounds {
            requests: settings.requests.into(),
            body_bytes: settings.body_bytes,
            redirects: settings.redirects,
            timeout: Duration::from_secs(settings.timeout_seconds),
        };
        Ok(Self { client, networks, bounds })
    }

    /// Checks what can be checked without a resolver: an address that is written out never reaches it.
    ///
    /// # Errors
    /// `denied` for an address that may not be reached.
    pub(super) fn check_literal(&self, hop: &Hop) -> Result<(), GateError> {
        let address = match hop.url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.networks.check(address).map_err(|class| forbidden(&address.to_string(), class))
    }

    /// Sends one request and waits for the headers of the answer.
    ///
    /// # Errors
    /// `denied` for an address, `timeout`, `unavailable`.
    pub(super) async fn exchange(&self, hop: &Hop, timeout: Duration) -> Result<reqwest::Response, GateError> {
        self.check_literal(hop)?;
        let mut request = self.client.request(hop.method.clone(), hop.url.clone()).headers(hop.headers.clone());
        if let Some(body) = &hop.body {
            request = request.body(body.clone());
        } else if matches!(hop.method, Method::POST | Method::PUT | Method::PATCH) {
            // Without it some servers wait for a body, or answer 411 (RFC 9110, 8.6).
            request = request.header(CONTENT_LENGTH, 0);
        }
        match tokio::time::timeout(timeout, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(GateError::new(
                ErrorKind::Timeout,
                "http-timeout",
                format!("no answer within {} ms", timeout.as_millis()),
            )),
        }
    }
}

fn builder(networks: &Arc<Networks>, lookup: &Arc<dyn Lookup>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(8)
        .dns_resolver(Checked { networks: networks.clone(), lookup: lookup.clone() })
}

/// Why a request failed, without its URL, which may hold secrets.
pub(super) fn explain(error: &reqwest::Error) -> GateError {
    let mut deepest = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(Forbidden { name, class }) = cause.downcast_ref() {
            return forbidden(name, *class);
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    if error.is_timeout() {
        return GateError::new(ErrorKind::Timeout, "http-timeout", "the server did not answer in time");
    }
    let (reason, what) = if error.is_connect() {
        ("no-connection", "the server cannot be reached")
    } else if error.is_builder() {
        return GateError::invalid("request", "the request cannot be built");
    } else {
        ("broken-answer", "the server did not answer properly")
    };
    GateError::new(ErrorKind::Unavailable, reason, format!("{what}: {deepest}"))
}

fn forbidden(name: &str, class: Class) -> GateError {
    GateError::denied(
        "forbidden-address",
        format!("{name} is a {} address; an operator can allow its network with http.allowed_networks", class.as_str()),
    )
}
