//! The request itself: address, headers, body.

use sandglass_sdk::http::Request;
use sandglass_sdk::{execution, random};
use serde_json::{Map, Value};

use crate::parameters::{BodyFormat, Parameters};

/// Headers that the host sets or that belong to one connection only.
const RESERVED: [&str; 14] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "http2-settings",
    "alt-used",
];

/// What is wrong with an address, if anything. The host looks again, and more closely.
pub fn check_url(url: &str) -> Result<(), String> {
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let rest = rest.ok_or("does not begin with https:// (or http://): give the whole address")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("holds a user name or password: use the sign-in, which keeps secrets".to_owned());
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if port.parse::<u16>().is_err() {
                return Err(format!("has the port {port}, which is no number from 0 to 65535"));
            }
            host
        }
        _ => authority,
    };
    if host.is_empty() {
        return Err("names no host".to_owned());
    }
    if url.contains('\\') || url.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err("holds a space, a backslash or a control character: encode it, as in %20".to_owned());
    }
    Ok(())
}

/// What is wrong with a header, if anything (RFC 9110, section 5).
pub fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_token = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(format!("{name:?} is no header name: use letters, digits and hyphens"));
    }
    // Some servers read `_` as `-`.
    if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&name.replace('_', "-"))) {
        return Err(format!("{name} is set by the host: leave it out"));
    }
    if value.chars().any(|letter| letter.is_control() && letter != '\t') {
        return Err("holds a line break or another control character: write it on one line".to_owned());
    }
    Ok(())
}

/// The body's bytes.
pub fn encode(body: &Value, format: BodyFormat) -> Result<Vec<u8>, String> {
    match (format, body) {
        (BodyFormat::Json, body) => Ok(body.to_string().into_bytes()),
        (BodyFormat::Text, Value::String(text)) => Ok(text.clone().into_bytes()),
        (BodyFormat::Text, _) => Err("is no text: write it in quotes, or choose the body format json".to_owned()),
        (BodyFormat::Form, Value::Object(fields)) => form(fields).map(String::into_bytes),
        (BodyFormat::Form, _) => Err("is no object: give the fields of the form as its members".to_owned()),
    }
}

fn form(fields: &Map<String, Value>) -> Result<String, String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            match value {
                Value::String(text) => form.append_pair(name, text),
                Value::Number(_) | Value::Bool(_) => form.append_pair(name, &value.to_string()),
                _ => return Err(format!("has the field {name}, which is no text, number or list of them")),
            };
        }
    }
    Ok(form.finish())
}

/// The address with the query, without a fragment.
pub fn full_url(parameters: &Parameters) -> String {
    let url = parameters.url.split('#').next().unwrap_or_default();
    if parameters.query.is_empty() {
        return url.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters.query).finish();
    let joint = if !url.contains('?') {
        "?"
    } else if url.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    format!("{url}{joint}{query}")
}

/// The address for people: without the query, which may hold what is nobody's business.
pub fn shown_url(parameters: &Parameters) -> &str {
    parameters.url.split(['?', '#']).next().unwrap_or_default()
}

/// Headers of every try: the job's own, and ours where it says nothing.
pub fn headers(parameters: &Parameters) -> Vec<(String, String)> {
    let mut headers = parameters.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>();
    let mut set = |name: &str, value: String| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value));
        }
    };
    if parameters.body.is_some() {
        let content_type = match parameters.body_format {
            BodyFormat::Json => "application/json",
            BodyFormat::Text => "text/plain; charset=utf-8",
            BodyFormat::Form => "application/x-www-form-urlencoded",
        };
        set("Content-Type", content_type.to_owned());
    }
    set("User-Agent", concat!("Sandglass/", env!("CARGO_PKG_VERSION")).to_owned());
    set("Idempotency-Key", execution::id());
    headers
}

/// Adds the trace of this try (<https://www.w3.org/TR/trace-context/>): the execution is the trace, the try a span.
pub fn traced<'a>(request: Request<'a>, parameters: &Parameters) -> Request<'a> {
    if parameters.headers.keys().any(|name| name.eq_ignore_ascii_case("traceparent")) {
        return request;
    }
    let id = execution::id();
    let is_object_id = id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let trace = if is_object_id { format!("{id}00000000") } else { random::hex(16) };
    request.header("traceparent", &format!("00-{trace}-{}-01", random::hex(8)))
}
