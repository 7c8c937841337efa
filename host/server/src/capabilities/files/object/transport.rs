//! Requests of the library over our own HTTP client, so that there is one client and one TLS stack in the house.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use reqwest::header::{HeaderValue, IF_NONE_MATCH};
use reqwest::{Body, Method, Url};

/// Time to a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Time without a byte of an answer. A store may think long about an upload that it puts together.
const SILENCE: Duration = Duration::from_secs(120);
/// The largest answer: a page of a list has 1,000 names, and no more than 1 MiB of a file is asked for at once.
const LARGEST_ANSWER: usize = 8 * 1_048_576;

/// A client for all object stores.
///
/// # Errors
/// A TLS set-up that fails.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Somebody else may have installed it already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(8)
    };
    builder().build().or_else(|error| {
        tracing::warn!(%error, "no certificates to trust on this machine: object stores over https will be refused");
        builder().tls_certs_only([]).build()
    })
}

/// How requests of one folder go out.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    pub(super) client: reqwest::Client,
    /// Whether an upload is completed only if there is no object of its name: the library can ask for that when it
    /// sends a whole object, and not when it completes an upload in parts.
    pub(super) creates_only: bool,
}

impl HttpConnector for Transport {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let is_completion = parts.method == Method::POST && url.query_pairs().any(|(key, _)| key == "uploadId");
        let mut sent = reqwest::Request::new(parts.method, url);
        *sent.headers_mut() = parts.headers;
        if self.creates_only && is_completion {
            // No part of the signature, which covers only the headers that it names.
            sent.headers_mut().insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        *sent.body_mut() = Some(Body::wrap(body));
        let mut answer = self.client.execute(sent).await.map_err(explain)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(explain)? {
            if bytes.len() + chunk.len() > LARGEST_ANSWER {
                return Err(HttpError::new(HttpErrorKind::Decode, Broken("its answer is too large".to_owned())));
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(bytes.into());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Why there is no answer, without an address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(String);

/// The kind decides whether the library tries again.
fn explain(error: reqwest::Error) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_builder() {
        HttpErrorKind::Unknown
    } else {
        HttpErrorKind::Interrupted
    };
    let mut deepest = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        deepest = cause.to_string();
        source = cause.source();
    }
    HttpError::new(kind, Broken(deepest))
}
