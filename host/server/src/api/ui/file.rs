//! One file that was built in, in the form that a client takes.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::encoding::{Encoding, takes};

/// A file and its compressed forms.
#[derive(Debug)]
pub(super) struct File {
    /// Its path, without a slash in front. It holds a hash of its content.
    pub name: &'static str,
    pub plain: &'static [u8],
    pub gzip: Option<&'static [u8]>,
    pub brotli: Option<&'static [u8]>,
}

/// A name with a hash in it never means other bytes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

impl File {
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = self.form(headers);
        let tag = self.tag(encoding);
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|text| text.split(',')).any(|one| {
            let one = one.trim();
            one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
        });
        let mut response =
            if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(bytes).into_response() };
        let answered = response.headers_mut();
        answered.insert(header::CACHE_CONTROL, FOR_EVER);
        answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answered.insert(header::ETAG, tag);
        }
        if !is_known {
            answered.insert(header::CONTENT_TYPE, self.media_type());
            if let Some(name) = encoding.name() {
                answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            }
        }
        response
    }

    /// The smallest form that the client takes.
    fn form(&self, headers: &HeaderMap) -> (Encoding, &'static [u8]) {
        let forms = [(Encoding::Brotli, self.brotli), (Encoding::Gzip, self.gzip)];
        let taken = forms
            .into_iter()
            .find_map(|(encoding, bytes)| Some((encoding, bytes?)).filter(|_| takes(headers, encoding)));
        taken.unwrap_or((Encoding::Plain, self.plain))
    }

    /// Of these bytes in this form.
    fn tag(&self, encoding: Encoding) -> String {
        let hash = Sha256::digest(self.plain);
        let digits: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{digits}-{}\"", encoding.name().unwrap_or("plain"))
    }

    fn media_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self.name.rsplit('.').next().unwrap_or_default() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            "json" => "application/json",
            _ => "application/octet-stream",
        })
    }
}
