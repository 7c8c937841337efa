//! Which form of a file a client takes (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// How bytes are encoded on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Brotli,
}

impl Encoding {
    /// As `Content-Encoding` names it; none for plain bytes.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// Whether the client takes this encoding: named, or covered by `*`, and not with a weight of 0.
pub(super) fn takes(headers: &HeaderMap, encoding: Encoding) -> bool {
    let Some(name) = encoding.name() else { return true };
    let mut any = false;
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for item in value.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let refused = parts.any(|part| {
                let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
                weight.and_then(|weight| weight.parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0)
            });
            if coding.eq_ignore_ascii_case(name) {
                return !refused;
            }
            any |= coding == "*" && !refused;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn an_encoding_is_taken_when_it_is_named_or_any_is_and_none_refuses_it() {
        for (text, gzip, brotli) in [
            ("", false, false),
            ("gzip", true, false),
            ("GZIP, deflate, br", true, true),
            ("br;q=0, gzip;q=0.5", true, false),
            ("*", true, true),
            ("*, br;q=0.0", true, false),
            ("*;q=0", false, false),
            ("identity", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            assert_eq!(takes(&headers, Encoding::Gzip), gzip, "{text}");
            assert_eq!(takes(&headers, Encoding::Brotli), brotli, "{text}");
            assert!(takes(&headers, Encoding::Plain));
        }
    }
}
