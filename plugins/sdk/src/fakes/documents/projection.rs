//! Which fields of a document are shown: inclusion or exclusion, by dotted paths without arrays.

use serde_json::{Map, Value};

use super::filter::unknown;

/// # Panics
/// When the projection uses what is not known here.
pub fn project(document: &Value, projection: &Value) -> Value {
    let (Some(fields), Some(source)) = (projection.as_object(), document.as_object()) else {
        unknown("a projection that is no object", projection)
    };
    let shows = |value: &Value| match value {
        Value::Bool(shown) => *shown,
        Value::Number(number) => number.as_f64() != Some(0.0),
        _ => unknown("computed fields", projection),
    };
    let including = fields.iter().any(|(path, value)| path != "_id" && shows(value))
        || (fields.len() == 1 && fields.get("_id").is_some_and(shows));
    let mut shown = Map::new();
    if including {
        if fields.get("_id").is_none_or(shows) {
            shown.extend(source.get_key_value("_id").map(|(key, value)| (key.clone(), value.clone())));
        }
        for path in fields.keys().filter(|path| *path != "_id") {
            include(source, path, &mut shown);
        }
    } else {
        shown.clone_from(source);
        for path in fields.iter().filter(|(_, value)| !shows(value)).map(|(path, _)| path) {
            shown.shift_remove(path);
        }
    }
    Value::Object(shown)
}

fn include(source: &Map<String, Value>, path: &str, shown: &mut Map<String, Value>) {
    match path.split_once('.') {
        None => shown.extend(source.get_key_value(path).map(|(key, value)| (key.clone(), value.clone()))),
        Some((first, rest)) => {
            if let Some(Value::Object(inner)) = source.get(first) {
                let entry = shown.entry(first).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(inner_shown) = entry {
                    include(inner, rest, inner_shown);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_is_shown_or_hidden() {
        let document = json!({"_id": 1, "a": 2, "deep": {"b": 3, "c": 4}});
        assert_eq!(project(&document, &json!({"_id": 1})), json!({"_id": 1}));
        assert_eq!(project(&document, &json!({"_id": 0, "a": 1})), json!({"a": 2}));
        assert_eq!(project(&document, &json!({"deep.b": 1})), json!({"_id": 1, "deep": {"b": 3}}));
        assert_eq!(project(&document, &json!({"deep": 0})), json!({"_id": 1, "a": 2}));
    }
}
