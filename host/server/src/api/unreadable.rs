//! Requests that hyper cannot read: it refuses them itself, before any handler, with a bare status. This gives that
//! refusal the body that every other one has.
//!
//! Told apart by what the frame adds to each answer of ours: a refusal without a request id is hyper's.

use axum::http::StatusCode;
use bson::oid::ObjectId;

use super::error::{ApiError, Code};

/// The answer to send instead, if `head` is a refusal that hyper made.
pub(super) fn instead_of(head: &[u8]) -> Option<Vec<u8>> {
    let status = StatusCode::from_bytes(head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?;
    let text = std::str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    let is_ours = text.split("\r\n").any(|line| line.to_ascii_lowercase().starts_with("x-request-id:"));
    if is_ours || !text.contains("content-length: 0") {
        return None;
    }
    let (code, detail) = match status {
        StatusCode::BAD_REQUEST => (Code::BadRequest, "the request line or a header is not HTTP/1.1"),
        StatusCode::URI_TOO_LONG => (Code::AddressTooLong, "the address of the request is too long"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            (Code::HeadersTooLarge, "the request has too many headers, or too large ones")
        }
        _ => return None,
    };
    let id = ObjectId::new().to_hex();
    let body = serde_json::to_string(&ApiError::new(code, detail).body(&id)).unwrap_or_default();
    tracing::debug!(id, status = status.as_u16(), "a request could not be read");
    Some(
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\
             x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}
