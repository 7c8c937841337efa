//! Documents: merging, single fields by name, and the way to lists of keys and values and back.

use bson::{Bson, Document, doc};

use super::{
    arithmetic::null,
    array::array,
    call::{ANY, Call, Definition, Value, fields, is_nullish, listed},
    convert::type_name,
};
use crate::Result;

pub(super) fn definition(name: &str) -> Option<Definition> {
    match name {
        "$mergeObjects" => listed(0, ANY, merge),
        "$objectToArray" => listed(1, 1, to_array),
        "$arrayToObject" => listed(1, 1, from_array),
        "$getField" => fields(&[("field", true), ("input", false)], get),
        "$setField" => fields(&[("field", true), ("input", true), ("value", true)], set),
        "$unsetField" => fields(&[("field", true), ("input", true)], set),
        _ => None,
    }
}

/// `{$getField: name}` stands for the field of the current document.
pub(super) fn shorthand(name: &str, operand: &Bson) -> Result<Option<Bson>> {
    let is_long = matches!(operand, Bson::Document(document)
        if !document.keys().next().is_some_and(|key| key.starts_with('$')));
    Ok((name == "$getField" && !is_long)
        .then(|| Bson::Document(doc! { "field": operand.clone(), "input": "$$CURRENT" })))
}

fn merge(call: &mut Call<'_>) -> Result<Value> {
    let operands = match (call.operands.len(), call.take(0)) {
        (1, Some(Bson::Array(documents))) => documents.into_iter().map(Some).collect(),
        (length, first) => {
            let mut operands = vec![first];
            operands.extend((1..length).map(|index| call.take(index)));
            operands
        }
    };
    let mut merged = Document::new();
    for operand in operands {
        match operand {
            Some(Bson::Document(document)) => merged.extend(document),
            value if is_nullish(value.as_ref()) => {}
            value => return Err(call.wrong("an operand", "a document", value.as_ref())),
        }
    }
    Ok(Some(merged.into()))
}

fn to_array(call: &mut Call<'_>) -> Result<Value> {
    match call.take(0) {
        Some(Bson::Document(document)) => {
            array(document.into_iter().map(|(key, value)| doc! { "k": key, "v": value }.into()).collect())
        }
        value if is_nullish(value.as_ref()) => null(),
        value => Err(call.wrong("the operand", "a document", value.as_ref())),
    }
}

fn from_array(call: &mut Call<'_>) -> Result<Value> {
    if call.is_nullish(0) {
        return null();
    }
    let items = call.take_array(0, "the operand")?;
    let is_pairs = matches!(items.first(), Some(Bson::Array(_)));
    let mut document = Document::new();
    for item in items {
        let (key, value) = match item {
            Bson::Array(pair) if is_pairs => match <[Bson; 2]>::try_from(pair) {
                Ok([key, value]) => (key, value),
                Err(pair) => return Err(call.error(format!("a pair has 2 elements, found {}", pair.len()))),
            },
            Bson::Document(mut entry) if !is_pairs => match (entry.len(), entry.remove("k"), entry.remove("v")) {
                (2, Some(key), Some(value)) => (key, value),
                _ => return Err(call.error("an entry has exactly the fields k and v")),
            },
            other => {
                let expected = if is_pairs { "a pair like the first" } else { "a document with the fields k and v" };
                return Err(call.wrong("an element", expected, Some(&other)));
            }
        };
        match key {
            Bson::String(key) if !key.contains('\0') => document.insert(key, value),
            Bson::String(_) => return Err(call.error("a key must not hold a NUL character")),
            other => return Err(call.error(format!("a key must be a string, found {}", type_name(&other)))),
        };
    }
    Ok(Some(document.into()))
}

fn get(call: &mut Call<'_>) -> Result<Value> {
    let field = call.text(0, "field")?.to_owned();
    match call.get(1) {
        Some(Bson::Document(document)) => Ok(document.get(&field).cloned()),
        Some(Bson::Null | Bson::Undefined) => null(),
        _ => Ok(None),
    }
}

/// A missing value takes the field out, and so does `$unsetField`, which has none.
fn set(call: &mut Call<'_>) -> Result<Value> {
    let field = call.text(0, "field")?.to_owned();
    if field.contains('\0') {
        return Err(call.error("field must not hold a NUL character"));
    }
    let mut document = match call.take(1) {
        Some(Bson::Document(document)) => document,
        value if is_nullish(value.as_ref()) => return null(),
        value => return Err(call.wrong("input", "a document", value.as_ref())),
    };
    match call.take(2) {
        Some(value) => document.insert(field, value),
        None => document.remove(field),
    };
    Ok(Some(document.into()))
}
