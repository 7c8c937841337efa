//! `Idempotency-Key`: the same key and body within a day give the same answer.

use std::future::Future;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bson::oid::ObjectId;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::error::{ApiError, Code};
use super::state::Shared;
use crate::repository::{Claimed, Kept};

const MOST_KEY: usize = 255;

/// A key as it was sent, bound to who sent it and to what.
pub(super) struct Key {
    /// Identity in the store.
    id: String,
    hash: [u8; 32],
}

/// An answer that can be given again.
pub(super) struct Answer {
    pub body: Value,
    pub version: Option<i64>,
}

impl Key {
    /// `None` without the header. `scope` names caller, operation and subject.
    pub fn read(headers: &HeaderMap, scope: &[&str]) -> Result<Option<Self>, ApiError> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().ok().filter(|key| (1..=MOST_KEY).contains(&key.len())).ok_or_else(|| {
            ApiError::new(Code::Header, format!("`Idempotency-Key` must be 1 to {MOST_KEY} visible characters"))
        })?;
        let mut hash = Sha256::new();
        for part in scope.iter().chain([&key]) {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Ok(Some(Self { id: hex(&hash), hash }))
    }

    /// The id that whatever this key creates has, so that a repetition after a crash cannot create it twice.
    pub fn object_id(&self) -> ObjectId {
        let mut bytes = [0; 12];
        for (to, from) in bytes.iter_mut().zip(self.hash) {
            *to = from;
        }
        ObjectId::from_bytes(bytes)
    }
}

/// Does the work, or gives the answer that it was given before. Only successes are kept.
///
/// `work` is told the id that what it creates is to have, the same in every repetition, also after a crash; `None`
/// without a key.
pub(super) async fn once<W>(
    api: &Shared,
    key: Option<Key>,
    body: &Value,
    work: impl FnOnce(Option<ObjectId>) -> W,
) -> Result<Response, ApiError>
where
    W: Future<Output = Result<Answer, ApiError>> + Send + 'static,
{
    let Some(key) = key else { return work(None).await.map(|answer| send(kept(&answer), false)) };
    let body_hash = hex(&Sha256::digest(body.to_string()));
    let work = match api.requests.claim(&key.id, &body_hash, api.clock.now()).await? {
        Claimed::Done(kept) => return Ok(send(kept, true)),
        Claimed::Different => {
            return Err(ApiError::new(
                Code::KeyReused,
                "this `Idempotency-Key` came with another body before; use a new one",
            ));
        }
        Claimed::Pending => {
            return Err(ApiError::new(
                Code::InProgress,
                "the same request is being answered at this moment; try again",
            ));
        }
        Claimed::Fresh(subject) => work(Some(subject)),
    };
    // Goes on when the caller hangs up: cut off halfway, the same key would do the work a second time.
    let api = Arc::clone(api);
    let work = async move {
        match work.await {
            Ok(answer) => {
                let kept = kept(&answer);
                if let Err(error) = api.requests.keep(&key.id, &kept, api.clock.now()).await {
                    tracing::warn!(%error, "the answer to an idempotent request could not be kept");
                }
                Ok(send(kept, false))
            }
            Err(error) => {
                if let Err(error) = api.requests.release(&key.id).await {
                    tracing::warn!(%error, "an idempotency key could not be given back; it frees itself");
                }
                Err(error)
            }
        }
    };
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

fn kept(answer: &Answer) -> Kept {
    Kept {
        status: StatusCode::OK.as_u16(),
        body: answer.body.to_string(),
        etag: answer.version.map(|version| format!("\"{version}\"")),
    }
}

fn send(kept: Kept, again: bool) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], kept.body).into_response();
    if let Some(etag) = kept.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    if again {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
