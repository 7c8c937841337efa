//! `$trim $ltrim $rtrim`: characters taken off the ends of a text.

use super::{
    arithmetic::null,
    call::{Call, Definition, Value, fields},
    string::string,
};
use crate::Result;

const FIELDS: &[(&str, bool)] = &[("input", true), ("chars", false)];

/// The white space that goes without `chars`. Source: the table on the manual's page on `$trim`.
const WHITE_SPACE: &[char] = &[
    '\0', '\t', '\n', '\u{b}', '\u{c}', '\r', ' ', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}',
    '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}',
];

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$trim" => fields(FIELDS, |call| trim(call, |text, chars| text.trim_matches(chars))),
        "$ltrim" => fields(FIELDS, |call| trim(call, |text, chars| text.trim_start_matches(chars))),
        "$rtrim" => fields(FIELDS, |call| trim(call, |text, chars| text.trim_end_matches(chars))),
        _ => None,
    }
}

fn trim(call: &Call<'_>, cut: for<'t> fn(&'t str, &[char]) -> &'t str) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let text = call.text(0, "input")?;
    if !call.is_given(1) {
        return string(cut(text, WHITE_SPACE));
    }
    if call.is_nullish(1) {
        return null();
    }
    let chars: Vec<char> = call.text(1, "chars")?.chars().collect();
    string(cut(text, &chars))
}
