//! The web interface: files that were built into the binary, open to anyone, for they hold no data.
//!
//! It answers only addresses that no route has: files below `/assets/`, and `index.html` for whatever a browser asks for
//! as a page, so that the address of a page can be passed on. Everything else goes on to the guard, and asks for a token.
//! It compresses nothing and reads no disk: what is here was made by `cargo xtask ui`.

mod encoding;
mod file;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::ApiError;
use file::File;

/// What was built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interface {
    /// None when the binary was built before the interface was.
    index: Option<&'static str>,
    files: &'static [File],
}

/// What `build.rs` found.
pub(super) const EMBEDDED: Interface = include!(concat!(env!("OUT_DIR"), "/interface.rs"));

/// The word in `index.html` that stands for the nonce.
const NONCE: &str = "__SANDGLASS_NONCE__";
const ASSETS: &str = "/assets/";
const NOT_BUILT: &str = include_str!("ui/not_built.html");

/// Answers what is a page or a file of the interface, hands on the rest.
pub(super) async fn offer(
    State(interface): State<Interface>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let has_route = request.extensions().get::<MatchedPath>().is_some();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if has_route || !reads {
        return Ok(next.run(request).await);
    }
    let path = request.uri().path();
    if path.starts_with(ASSETS) {
        return interface.file(path, request.headers());
    }
    let is_page = path == "/" || (wants_page(request.headers()) && !path.starts_with("/api/"));
    if is_page { interface.page() } else { Ok(next.run(request).await) }
}

/// A browser that goes to an address says that it wants HTML; programs, scripts and images do not.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

impl Interface {
    fn file(&self, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
        let name = path.strip_prefix('/').unwrap_or(path);
        let file = self.files.iter().find(|file| file.name == name).ok_or_else(|| ApiError::not_found("file"))?;
        Ok(file.answer(headers))
    }

    /// `index.html`, which only runs scripts and takes styles that carry this answer's nonce or are files of ours.
    fn page(&self) -> Result<Response, ApiError> {
        let nonce = nonce()?;
        let text = match self.index {
            Some(index) => index.replace(NONCE, &nonce),
            None => NOT_BUILT.to_owned(),
        };
        let policy = policy(&nonce);
        let mut response = Body::from(text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        let policy = HeaderValue::from_str(&policy).map_err(|error| ApiError::internal(&error))?;
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }
}

/// Nothing inline without the nonce, nothing evaluated, nothing from another host, in nobody's frame.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// 128 random bits, new for every answer.
fn nonce() -> Result<String, ApiError> {
    let mut bytes = [0u8; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| ApiError::internal(&"the machine gives no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
