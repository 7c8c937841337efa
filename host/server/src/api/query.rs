//! Reads query strings strictly: an unknown or repeated parameter is a fault, and all faults are told at once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::form_urlencoded;

use super::error::{ApiError, Code};
use crate::registry::fields::{Problems, instant, nearest, shown};

/// Rows of a page, unless asked for otherwise.
const PAGE_SIZE: u32 = 50;
pub(super) const MOST_PAGE_SIZE: u32 = 200;
const MOST_TEXT: usize = 500;

/// What other interfaces call what stands here under another name.
const OTHERWISE: [(&str, &str); 12] = [
    ("limit", "page_size"),
    ("per_page", "page_size"),
    ("size", "page_size"),
    ("count", "page_size"),
    ("offset", "page"),
    ("skip", "page"),
    ("template", "template_type"),
    ("type", "template_type"),
    ("state", "status"),
    ("q", "search"),
    ("query", "search"),
    ("order", "sort"),
];

/// The parameters of a request; each is taken out by the one who knows it, and the rest is refused.
pub(super) struct Query {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    problems: Problems,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        Ok(Self::parse(text))
    }
}

impl Query {
    fn parse(text: &str) -> Self {
        let given = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        Self { given, known: Vec::new(), problems: Problems::default() }
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut found = self.given.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone());
        let first = found.next();
        if found.next().is_some() {
            self.fault(name, "repeated", "stands in the query more than once");
        }
        let first = first.filter(|text| !text.is_empty());
        if first.as_ref().is_some_and(|text| text.len() > MOST_TEXT) {
            self.fault(name, "too_long", format!("is longer than {MOST_TEXT} bytes"));
            return None;
        }
        // No name and no pattern of the store may hold a zero byte.
        if first.as_ref().is_some_and(|text| text.contains('\0')) {
            self.fault(name, "zero_byte", "holds a zero byte");
            return None;
        }
        first
    }

    pub fn fault(&mut self, name: &str, code: &str, message: impl Into<String>) {
        self.problems.add(format!("?{name}"), code, message);
    }

    pub fn whole(&mut self, name: &'static str, low: u32, high: u32) -> Option<u32> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            let message = format!("must be a whole number between {low} and {high}, not {}", shown(&text));
            self.fault(name, "out_of_range", message);
        }
        number
    }

    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.word(name, &[("true", true), ("false", false)])
    }

    pub fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let text = self.text(name)?;
        let found = instant(&text);
        if found.is_none() {
            let message = format!("{} is no time as in RFC 3339, such as 2027-01-31T08:00:00Z", shown(&text));
            self.fault(name, "invalid_time", message);
        }
        found
    }

    /// An IANA zone; UTC without one.
    pub fn zone(&mut self, name: &'static str) -> Tz {
        let Some(text) = self.text(name) else { return Tz::UTC };
        text.parse().unwrap_or_else(|_| {
            let message = format!("{} is no IANA time zone such as Europe/Berlin", shown(&text));
            self.fault(name, "unknown_zone", message);
            Tz::UTC
        })
    }

    /// An id or another text with a form of its own.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(found) => Some(found),
            Err(error) => {
                self.fault(name, "malformed", error.to_string());
                None
            }
        }
    }

    pub fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let list = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            self.fault(name, "unknown_word", format!("{} is none of {list}", shown(&text)));
        }
        found
    }

    /// `page` and `page_size`.
    pub fn page(&mut self) -> (u32, u32) {
        let page = self.whole("page", 1, 1_000_000).unwrap_or(1);
        (page, self.page_size())
    }

    pub fn page_size(&mut self) -> u32 {
        self.whole("page_size", 1, MOST_PAGE_SIZE).unwrap_or(PAGE_SIZE)
    }

    /// # Errors
    /// [`Code::Query`] with everything that was found.
    pub fn finish(mut self) -> Result<(), ApiError> {
        let unknown: Vec<String> = self
            .given
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| !self.known.contains(&name.as_str()))
            .collect();
        for name in unknown {
            let other = OTHERWISE.iter().find(|(other, usual)| *other == name && self.known.contains(usual));
            let near = other.map(|(_, usual)| *usual).or_else(|| nearest(&name, &self.known));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let short: String = name.chars().take(64).collect();
            self.fault(&short, "unknown_parameter", format!("there is no query parameter {}{hint}", shown(&name)));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::with(Code::Query, self.problems.into_vec())) }
    }
}

/// Handlers whose route takes no parameter.
pub(super) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, state).await?.finish().map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_query_is_told_at_once() {
        let mut query = Query::parse("page=0&page_size=201&enabled=yes&pgae=1&enabled=true");
        query.page();
        query.boolean("enabled");
        let error = query.finish().unwrap_err();
        let found: Vec<_> = error.errors.iter().map(|p| (p.pointer.as_str(), p.code.as_str())).collect();
        assert_eq!(
            found,
            [
                ("?page", "out_of_range"),
                ("?page_size", "out_of_range"),
                ("?enabled", "repeated"),
                ("?enabled", "unknown_word"),
                ("?pgae", "unknown_parameter"),
            ]
        );
    }

    #[test]
    fn a_name_that_is_usual_elsewhere_is_answered_with_the_one_that_is_usual_here() {
        let mut query = Query::parse("limit=5");
        query.page();
        assert!(query.finish().unwrap_err().errors[0].message.contains("did you mean `page_size`?"));
        let error = Query::parse("limit=5").finish().unwrap_err();
        assert!(!error.errors[0].message.contains("did you mean"), "{:?}", error.errors);
    }

    #[test]
    fn a_zero_byte_is_refused_before_the_store_sees_it() {
        let mut query = Query::parse("search=a%00b");
        assert_eq!(query.text("search"), None);
        assert_eq!(query.finish().unwrap_err().errors[0].code, "zero_byte");
    }
}
