//! Reading ids from paths and versions from headers.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::error::{ApiError, Code};

/// The `{id}` of the path. Something that is no id names nothing: 404.
pub(super) struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = segment(parts, state).await?;
        text.parse()
            .map(Self)
            .map_err(|_| ApiError::new(Code::NotFound, "the address holds no id of 24 hexadecimal digits"))
    }
}

/// The one variable part of the path, as text.
pub(super) struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        segment(parts, state).await.map(Self)
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, ApiError> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::new(Code::NotFound, "the address is not valid UTF-8"))?;
    params
        .iter()
        .next()
        .map(|(_, value)| value.to_owned())
        .ok_or_else(|| ApiError::new(Code::NotFound, "the address is not complete"))
}

/// The version that `If-Match` names; none for `*` or without the header.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| {
        ApiError::new(
            Code::Header,
            "`If-Match` must be an ETag as it was answered: the version in quotes, such as \"3\"",
        )
    })
}

/// An answer with the version as its ETag.
pub(super) fn tagged(version: i64, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
