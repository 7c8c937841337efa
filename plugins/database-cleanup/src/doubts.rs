//! What may be wrong when nothing was found: names that are mistyped match nothing, and nobody would notice.

use sandglass_sdk::documents::{self, Collection, FindOptions};
use sandglass_sdk::{Error, log, nearest};
use serde_json::{Value, json};

use crate::parameters::Parameters;

/// Documents that are looked at for the date field; more would cost the time of a run.
const LOOKED_AT: u64 = 100;

/// Warnings for a run that found nothing. What cannot be looked at is no reason to fail.
pub fn about(parameters: &Parameters, name: &str, collection: &Collection) -> Vec<String> {
    match look(parameters, name, collection) {
        Ok(warning) => warning.into_iter().collect(),
        Err(error) => {
            log::debug("whether the names are right is not known", &[("error", &error.message)]);
            Vec::new()
        }
    }
}

fn look(parameters: &Parameters, name: &str, collection: &Collection) -> Result<Option<String>, Error> {
    let field = parameters.date_field.as_str();
    let looks_for_field = parameters.days_old.is_some();
    let options = FindOptions {
        sort: Some(json!({ "_id": 1 })),
        projection: Some(if looks_for_field { json!({ field: 1 }) } else { json!({ "_id": 1 }) }),
        limit: Some(if looks_for_field { LOOKED_AT } else { 1 }),
        ..FindOptions::default()
    };
    let cursor = collection.find(&json!({}), &options)?;
    let mut looked_at = 0;
    loop {
        let batch = cursor.next_batch(0)?;
        if batch.iter().any(|document| !looks_for_field || has(document, field)) {
            return Ok(None);
        }
        looked_at += batch.len();
        if batch.is_empty() {
            break;
        }
    }
    if looked_at == 0 {
        return Ok(documents::missing(name));
    }
    let sample = collection.find_one(&json!({}), &FindOptions::default())?.unwrap_or_default();
    let known = sample.as_object().into_iter().flat_map(|fields| fields.keys()).map(String::as_str);
    let hint = nearest(field, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let whose = match looked_at {
        1 => format!("the only document in {name} does not have"),
        count => format!("none of the first {count} documents in {name} has"),
    };
    Ok(Some(format!("{whose} the field {field}, and without it no document is ever old{hint}")))
}

/// Whether a document has anything at a dotted path, in lists as well.
fn has(value: &Value, path: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has(item, path)),
        Value::Object(fields) => {
            let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
            fields.get(name).is_some_and(|inner| rest.is_none_or(|rest| has(inner, rest)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_through_documents_and_lists() {
        let document = json!({"a": {"b": null}, "list": [{"c": 1}, 2]});
        for (path, expected) in [("a", true), ("a.b", true), ("a.c", false), ("list.c", true), ("b", false)] {
            assert_eq!(has(&document, path), expected, "{path}");
        }
    }
}
