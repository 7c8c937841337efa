//! Reads JSON bodies strictly: a limit before parsing, a cap on depth, no key twice, no integer that does not fit.
//!
//! serde_json alone lets the last of two equal keys win and turns a 30-digit integer into a fraction.

use std::cell::RefCell;
use std::fmt;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use tokio::time::timeout;

use super::error::{ApiError, Code};
use super::state::Shared;
use crate::model::template::Problem;
use crate::registry::fields::join;

const MOST_DEPTH: usize = 64;
/// Integers beyond this are read as fractions by everybody in between, so they are refused.
const LARGEST: f64 = 9_223_372_036_854_775_808.0;

/// A JSON body that has to be there.
pub(super) struct Json(pub Value);

/// A JSON body that may be left out.
pub(super) struct OptionalJson(pub Option<Value>);

impl FromRequest<Shared> for Json {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, ApiError> {
        match OptionalJson::from_request(request, state).await?.0 {
            Some(value) => Ok(Self(value)),
            None => Err(ApiError::new(Code::Malformed, "a JSON body is expected, and there is none")),
        }
    }
}

impl FromRequest<Shared> for OptionalJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, ApiError> {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        // Routes that wait for a run have no bound of their own; their bodies still do.
        let bytes = timeout(state.request_timeout, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| ApiError::new(Code::Timeout, "the body did not arrive in time"))?;
        let bytes = bytes.map_err(unread)?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !media_type.as_deref().is_some_and(is_json) {
            return Err(ApiError::new(Code::MediaType, "send the body as `Content-Type: application/json`"));
        }
        parse(&bytes).map(|value| Self(Some(value)))
    }
}

fn unread(rejection: BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::new(Code::TooLarge, "the body is larger than the server takes (server.body_limit_bytes)")
        }
        other => ApiError::new(Code::BadRequest, other.to_string()),
    }
}

fn is_json(media_type: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(media_type) else { return false };
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    utf8 && (essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")))
}

/// # Errors
/// [`Code::Malformed`], with the pointer of the fault where there is one.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    let reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed { reading: &reading, depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| match reading.fault.into_inner() {
        Some(problem) => ApiError::with(Code::Malformed, vec![problem]),
        None => {
            let path = reading.path.into_inner();
            let pointer = path.iter().fold(String::new(), |pointer, step| join(&pointer, step));
            let message: String = error.to_string().chars().take(300).collect();
            ApiError::with(Code::Malformed, vec![Problem { pointer, code: "syntax".into(), message }])
        }
    })
}

#[derive(Default)]
struct Reading {
    path: RefCell<Vec<String>>,
    fault: RefCell<Option<Problem>>,
}

impl Reading {
    fn refuse<E: serde::de::Error>(&self, code: &str, message: impl Into<String>) -> E {
        let message = message.into();
        let pointer = self.path.borrow().iter().fold(String::new(), |pointer, step| join(&pointer, step));
        *self.fault.borrow_mut() = Some(Problem { pointer, code: code.to_owned(), message: message.clone() });
        E::custom(message)
    }
}

struct Seed<'a> {
    reading: &'a Reading,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth >= MOST_DEPTH {
            return Err(self.reading.refuse("too_deep", format!("nested deeper than {MOST_DEPTH} levels")));
        }
        Ok(Self { reading: self.reading, depth: self.depth + 1 })
    }

    fn again(&self) -> Self {
        Self { reading: self.reading, depth: self.depth }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        // The store keeps signed integers.
        i64::try_from(number).map(Value::from).map_err(|_| self.reading.refuse("number_too_large", too_large()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        if number.fract() == 0.0 && number.abs() >= LARGEST {
            return Err(self.reading.refuse("number_too_large", too_large()));
        }
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        loop {
            inner.reading.path.borrow_mut().push(items.len().to_string());
            let item = list.next_element_seed(inner.again())?;
            inner.reading.path.borrow_mut().pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut fields = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            inner.reading.path.borrow_mut().push(name.clone());
            if fields.contains_key(&name) {
                return Err(inner.reading.refuse("duplicate_key", "this key stands here twice"));
            }
            // The store ends a name at its zero byte and can keep none inside.
            if name.contains('\0') {
                return Err(inner.reading.refuse("zero_byte", "a key must not hold a zero byte"));
            }
            let value = object.next_value_seed(inner.again())?;
            inner.reading.path.borrow_mut().pop();
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

fn too_large() -> &'static str {
    "the number does not fit into 64 bits with a sign"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (String, String) {
        let error = parse(text.as_bytes()).unwrap_err();
        (error.errors[0].pointer.clone(), error.errors[0].code.clone())
    }

    #[test]
    fn what_serde_would_let_pass_is_refused_with_its_place() {
        assert_eq!(fault(r#"{"a": {"b": 1, "b": 2}}"#), ("/a/b".into(), "duplicate_key".into()));
        assert_eq!(fault(r#"{"a": [1, 123456789012345678901234567890]}"#), ("/a/1".into(), "number_too_large".into()));
        assert_eq!(fault(r#"{"a": 18446744073709551615}"#), ("/a".into(), "number_too_large".into()));
        let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
        assert_eq!(fault(&deep).1, "too_deep");
        let very_deep = "[".repeat(100_000);
        assert_eq!(fault(&very_deep).1, "too_deep");
        assert_eq!(fault(r#"{"a": {"b\u0000c": 1}}"#), ("/a/b\0c".into(), "zero_byte".into()));
        assert_eq!(fault("{\"a\": tru").1, "syntax");
        assert_eq!(fault("{} {}").1, "syntax");
    }

    #[test]
    fn honest_json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,2.5,1e3,null,true],"b":{"c":"ü","d":9223372036854775807}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        parse(deep.as_bytes()).unwrap();
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        for (media_type, expected) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/problem+json", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            assert_eq!(is_json(media_type.as_bytes()), expected, "{media_type}");
        }
    }
}
