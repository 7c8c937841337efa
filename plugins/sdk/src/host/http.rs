//! Requests in the contract's shape, whose secrets are borrowed handles.

use crate::Error;
use crate::bindings::sandglass::http::client;
use crate::http::{Auth, Request};

pub use client::Response;

pub fn send(request: &Request<'_>) -> Result<Response, Error> {
    client::send(&client::Request {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        auth: match &request.auth {
            Auth::None => client::Auth::None,
            Auth::Bearer(secret) => client::Auth::Bearer(secret.handle()),
            Auth::Basic { username, secret } => client::Auth::Basic((username.clone(), secret.handle())),
            Auth::Header { name, secret } => client::Auth::Header((name.clone(), secret.handle())),
            Auth::HmacSha256 { header, secret } => client::Auth::HmacSha256((header.clone(), secret.handle())),
        },
        body: request.body.clone(),
        timeout_ms: request.timeout.map(|timeout| u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX)),
        follow_redirects: request.follows_redirects,
    })
}
