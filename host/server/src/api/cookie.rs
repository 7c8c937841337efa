//! Cookies. `__Host-` binds one to one host and to safe connections; browsers count this machine among them. Only where the
//! configuration says that people come over plain HTTP they have other names.

use axum::http::{HeaderMap, HeaderValue, header};

use super::PublicAddress;
use crate::model::session::LONGEST;

/// A cookie of ours, which pages cannot read and other sites cannot have sent.
pub(super) struct Cookie {
    safe: &'static str,
    plain: &'static str,
    age_seconds: i64,
}

/// Lets its browser in.
pub(super) const SESSION: Cookie =
    Cookie { safe: "__Host-sandglass", plain: "sandglass-plain", age_seconds: LONGEST.num_seconds() };
/// Opens nothing; stays when its browser signs out.
pub(super) const DEVICE: Cookie =
    Cookie { safe: "__Host-sandglass-device", plain: "sandglass-plain-device", age_seconds: 365 * 86_400 };

impl Cookie {
    fn name(&self, address: &PublicAddress) -> &'static str {
        if address.is_plain() { self.plain } else { self.safe }
    }

    /// What a browser shows.
    pub(super) fn shown<'a>(&self, headers: &'a HeaderMap, address: &PublicAddress) -> Option<&'a str> {
        let name = self.name(address);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// The header that has a browser show this from now on.
    pub(super) fn keep(&self, secret: &str, address: &PublicAddress) -> Option<HeaderValue> {
        self.set(secret, self.age_seconds, address)
    }

    /// The header that has a browser show nothing any more.
    pub(super) fn forget(&self, address: &PublicAddress) -> Option<HeaderValue> {
        self.set("", 0, address)
    }

    fn set(&self, secret: &str, age: i64, address: &PublicAddress) -> Option<HeaderValue> {
        let (name, secure) = (self.name(address), if address.is_plain() { "" } else { "; Secure" });
        let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a=1; x__Host-sandglass=no; __Host-sandglass-device=no".parse().unwrap());
        headers.append("cookie", "b=2; __Host-sandglass=yes".parse().unwrap());
        assert_eq!(SESSION.shown(&headers, &PublicAddress::default()), Some("yes"));
        assert_eq!(SESSION.shown(&headers, &PublicAddress::of("http://jobs.lan")), None);
        headers.insert("cookie", "__Host-sandglass=".parse().unwrap());
        assert_eq!(SESSION.shown(&headers, &PublicAddress::default()), None);
    }

    #[test]
    fn only_a_configured_plain_address_gives_up_the_safe_name() {
        let text = |url: &str| SESSION.keep("x", &PublicAddress::of(url)).unwrap().to_str().unwrap().to_owned();
        let all = "HttpOnly; SameSite=Strict; Max-Age=43200";
        assert_eq!(text(""), format!("__Host-sandglass=x; Path=/; {all}; Secure"));
        assert_eq!(text("http://localhost:8000"), format!("__Host-sandglass=x; Path=/; {all}; Secure"));
        assert_eq!(text("http://jobs.lan"), format!("sandglass-plain=x; Path=/; {all}"));
        assert!(SESSION.forget(&PublicAddress::default()).unwrap().to_str().unwrap().contains("=; Path=/"));
    }
}
