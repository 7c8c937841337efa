//! A REST client that shows what came back when a test did not expect it.

use std::sync::Once;
use std::time::Duration;

use serde_json::Value;

const API: &str = "/api/admin/scheduler";

#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body as JSON, of an answer that must be a success.
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }
}

impl Client {
    pub fn new(base: &str, token: Option<&str>) -> Self {
        static TLS: Once = Once::new();
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().expect("a client");
        Self { base: base.to_owned(), token: token.map(str::to_owned), http }
    }

    /// A path that begins with the API's base, unless it is one of those outside of it.
    fn url(&self, path: &str) -> String {
        let outside = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];
        if path == "/" || outside.iter().any(|prefix| path.starts_with(prefix)) || path.starts_with("/api/") {
            format!("{}{path}", self.base)
        } else {
            format!("{}{API}{path}", self.base)
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PUT", path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    /// A request to be finished by the test.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let headers = response.headers().clone();
                let content_type =
                    headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
                let text = response.text().await.unwrap_or_default();
                Answer { status, content_type, headers, text }
            }
            // Status 0: nobody answered. Tests that kill servers expect it.
            Err(error) => Answer {
                status: 0,
                content_type: String::new(),
                headers: reqwest::header::HeaderMap::new(),
                text: error.to_string(),
            },
        }
    }
}
