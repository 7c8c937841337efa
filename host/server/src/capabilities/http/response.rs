//! An answer whose body is read piece by piece.

use bytes::Bytes;
use tokio::time::Instant;

use super::client::explain;
use super::pattern::HttpTarget;
use crate::capabilities::guard::{Gate, Target as _};
use crate::capabilities::operation::HTTP_READ;
use crate::capabilities::{ErrorKind, GateError};
use crate::model::audit::Usage;

/// Headers of an answer, in bytes, that are handed to a guest.
const MOST_HEADER_BYTES: usize = 65_536;
/// Most that one read hands over.
const MOST_AT_ONCE: usize = 1_048_576;

/// An answer. Dropping it closes the connection if the body was not read to its end.
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    answer: reqwest::Response,
    target: HttpTarget,
    waiting: Bytes,
    read_bytes: usize,
    body_bound: usize,
    until: Instant,
}

impl Response {
    pub(super) fn new(
        answer: reqwest::Response,
        target: HttpTarget,
        body_bound: usize,
        until: Instant,
    ) -> Result<Self, GateError> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers: Vec<(String, String)> =
            answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
        let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MOST_HEADER_BYTES {
            return Err(GateError::limit("header-bytes", format!("the answer has {bytes} bytes of headers")));
        }
        let status = answer.status().as_u16();
        Ok(Self { status, headers, answer, target, waiting: Bytes::new(), read_bytes: 0, body_bound, until })
    }

    /// The status code.
    pub fn status(&self, gate: &mut Gate) -> u16 {
        gate.accessed();
        self.status
    }

    /// The headers, names in small letters.
    pub fn headers(&self, gate: &mut Gate) -> Vec<(String, String)> {
        gate.accessed();
        self.headers.clone()
    }

    /// The next bytes, at most `max`. Empty at the end.
    ///
    /// # Errors
    /// Those of the gate; `limit` when the body is larger than allowed, `timeout`, `unavailable`.
    pub async fn read(&mut self, gate: &mut Gate, max: u32) -> Result<Vec<u8>, GateError> {
        gate.pass(&HTTP_READ, &self.target).await?;
        let since = Instant::now();
        if self.waiting.is_empty() {
            self.waiting = self.chunk(gate).await?;
        }
        let max = usize::try_from(max).unwrap_or(MOST_AT_ONCE).min(MOST_AT_ONCE);
        let piece = self.waiting.split_to(self.waiting.len().min(max));
        let usage = Usage { bytes_out: piece.len() as u64, ..Usage::default() };
        gate.note(&HTTP_READ, self.target.name(), usage, since);
        Ok(piece.to_vec())
    }

    async fn chunk(&mut self, gate: &Gate) -> Result<Bytes, GateError> {
        // One instant for the whole exchange: a body that drips does not start the time anew with each drop.
        let until = self.until.min(Instant::now() + gate.remaining());
        loop {
            let chunk = match tokio::time::timeout_at(until, self.answer.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(Bytes::new()),
                Ok(Err(error)) => return Err(explain(&error)),
                Err(_) => {
                    return Err(GateError::new(ErrorKind::Timeout, "http-timeout", "the body did not come in time"));
                }
            };
            self.read_bytes += chunk.len();
            if self.read_bytes > self.body_bound {
                let bound = self.body_bound;
                return Err(GateError::limit(
                    "body-bytes",
                    format!("the body is larger than {bound} bytes (http.body_bytes)"),
                ));
            }
            if !chunk.is_empty() {
                return Ok(chunk);
            }
        }
    }
}
