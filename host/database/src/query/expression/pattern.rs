//! `$regexMatch $regexFind $regexFindAll`: the patterns of filters, on texts of any origin.

use std::borrow::Cow;

use bson::{Bson, doc};

use super::{
    arithmetic::null,
    call::{Call, Definition, Value, fields},
    comparison::boolean,
};
use crate::{Result, query::regex};

const FIELDS: &[(&str, bool)] = &[("input", true), ("regex", true), ("options", false)];

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$regexMatch" => fields(FIELDS, |call| match read(call)? {
            Some((text, regex)) => boolean(regex.is_match(text)),
            None => boolean(false),
        }),
        "$regexFind" => fields(FIELDS, |call| match read(call)? {
            Some((text, regex)) => match regex.captures(text) {
                Some(captures) => Ok(Some(found(text, &captures, &mut Position::default()))),
                None => null(),
            },
            None => null(),
        }),
        "$regexFindAll" => fields(FIELDS, find_all),
        _ => None,
    }
}

fn find_all(call: &mut Call<'_>) -> Result<Value> {
    let mut all = Vec::new();
    if let Some((text, regex)) = read(call)? {
        let mut position = Position::default();
        for captures in regex.captures_iter(text) {
            call.budget.spend(captures.len() + 3)?;
            all.push(found(text, &captures, &mut position));
        }
    }
    Ok(Some(Bson::Array(all)))
}

/// The text and the compiled pattern, or `None` if one of them is null or missing.
fn read<'c>(call: &'c Call<'_>) -> Result<Option<(&'c str, ::regex::Regex)>> {
    let text = if call.is_nullish(0) { None } else { Some(call.text(0, "input")?) };
    let options = if call.is_nullish(2) { "" } else { call.text(2, "options")? };
    let (pattern, options) = match call.get(1) {
        _ if call.is_nullish(1) => return Ok(None),
        Some(Bson::RegularExpression(regex)) => match regex.options.as_str() {
            own if own.is_empty() => (Cow::Borrowed(regex.pattern.as_str()), options.to_owned()),
            own if options.is_empty() => (Cow::Borrowed(regex.pattern.as_str()), own.to_owned()),
            _ => return Err(call.error("options stand both in the regular expression and beside it")),
        },
        Some(Bson::String(pattern)) => (Cow::Borrowed(pattern.as_str()), options.to_owned()),
        other => return Err(call.wrong("regex", "a string or a regular expression", other)),
    };
    let regex = regex::compile(&pattern, &options)?;
    Ok(text.map(|text| (text, regex)))
}

/// How many code points lie before a byte; kept from match to match, so that counting goes through the text once.
#[derive(Debug, Default)]
struct Position {
    byte: usize,
    code_point: usize,
}

impl Position {
    fn advance(&mut self, text: &str, byte: usize) -> usize {
        self.code_point += text.get(self.byte..byte).unwrap_or_default().chars().count();
        self.byte = byte;
        self.code_point
    }
}

fn found(text: &str, captures: &::regex::Captures<'_>, position: &mut Position) -> Bson {
    let groups = captures.iter().skip(1).map(|group| group.map_or(Bson::Null, |group| group.as_str().into()));
    let groups = groups.collect::<Vec<Bson>>();
    let (start, whole) = captures.get(0).map_or((0, ""), |whole| (whole.start(), whole.as_str()));
    let index = i32::try_from(position.advance(text, start)).unwrap_or(i32::MAX);
    Bson::Document(doc! { "match": whole, "idx": index, "captures": groups })
}
