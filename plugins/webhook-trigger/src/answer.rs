//! What came back, and whether it is what was expected.

use sandglass_sdk::Error;
use sandglass_sdk::http::{Body, Response};
use serde_json::{Map, Value, json};

use crate::parameters::{Parameters, SaveResponse};

/// Bytes of a body that the result keeps.
const KEPT_BYTES: usize = 64 * 1024;
/// Bytes of a body that are looked at for what it has to say.
const CHECKED_BYTES: usize = 1024 * 1024;

/// An answer, read as far as it matters.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    /// Why the body could not be read to its end.
    pub cut_short: Option<Error>,
}

impl Answer {
    /// Reads the answer.
    pub fn read(response: &Response, parameters: &Parameters) -> Self {
        let keep = match parameters.save_response {
            _ if !parameters.expect.is_empty() => CHECKED_BYTES,
            SaveResponse::Body => KEPT_BYTES,
            SaveResponse::None | SaveResponse::Headers => 0,
        };
        let (body, cut_short) = match response.read_to_end(keep) {
            Ok(body) => (body, None),
            Err(error) => (Body::default(), Some(error)),
        };
        Self { status: response.status(), headers: response.headers().to_vec(), body, cut_short }
    }

    /// Size of the body in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.body.size_bytes
    }

    /// What is not as the job expects it, if anything.
    pub fn check(&self, parameters: &Parameters) -> Result<(), String> {
        if parameters.expect.is_empty() {
            return Ok(());
        }
        if self.body.is_cut() {
            return Err(format!(
                "the answer has {} bytes, more than the megabyte that can be checked",
                self.size_bytes()
            ));
        }
        let answer = serde_json::from_slice::<Value>(&self.body.bytes)
            .map_err(|error| format!("the answer is not JSON, so it cannot be checked: {error}"))?;
        for (pointer, expected) in &parameters.expect {
            match answer.pointer(pointer) {
                Some(found) if equal(found, expected) => {}
                Some(found) => {
                    return Err(format!("the answer has {} at {pointer} instead of {expected}", shortened(found)));
                }
                None => return Err(format!("the answer has nothing at {pointer} where {expected} was expected")),
            }
        }
        Ok(())
    }

    /// What the result keeps of it.
    pub fn kept(&self, parameters: &Parameters) -> Value {
        if parameters.save_response == SaveResponse::None {
            return Value::Null;
        }
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            headers.insert(name.clone(), Value::String(value.clone()));
        }
        let mut kept = json!({ "headers": headers });
        if parameters.save_response == SaveResponse::Body
            && let Some(kept) = kept.as_object_mut()
        {
            let bytes = self.body.bytes.get(..KEPT_BYTES).unwrap_or(&self.body.bytes);
            kept.insert("body".to_owned(), json!(String::from_utf8_lossy(bytes)));
            kept.insert("body_is_cut".to_owned(), json!(self.size_bytes() > bytes.len() as u64));
        }
        kept
    }
}

/// 1 and 1.0 are the same number in JSON.
fn equal(found: &Value, expected: &Value) -> bool {
    found == expected || (found.is_number() && found.as_f64() == expected.as_f64())
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 100 { format!("{}…", text.chars().take(100).collect::<String>()) } else { text }
}
