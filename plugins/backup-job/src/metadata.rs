//! `<collection>.metadata.json`: options and indexes of a collection, as mongodump writes them in canonical Extended
//! JSON.

use sandglass_sdk::chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// Objects with one of these as their first key stand for one value and are written out already.
const WRAPPERS: [&str; 17] = [
    "$oid",
    "$numberInt",
    "$numberLong",
    "$numberDouble",
    "$numberDecimal",
    "$binary",
    "$date",
    "$timestamp",
    "$regularExpression",
    "$symbol",
    "$code",
    "$scope",
    "$dbPointer",
    "$minKey",
    "$maxKey",
    "$undefined",
    "$uuid",
];
/// Options of an index that a restore can hand on.
const KNOWN: [&str; 5] = ["key", "name", "unique", "sparse", "partialFilterExpression"];
/// Options without a meaning for what is found or refused.
const HARMLESS: [&str; 7] =
    ["v", "ns", "background", "hidden", "textIndexVersion", "2dsphereIndexVersion", "prepareUnique"];

/// The text of the file. `indexes` as the host lists them, without the one on `_id`.
pub fn text(connection: &str, collection: &str, indexes: &[Value]) -> String {
    let primary = json!({ "name": "_id_", "key": { "_id": 1 } });
    let indexes = std::iter::once(&primary).chain(indexes.iter().filter(|index| !is_primary(index))).map(index);
    json!({
        "indexes": indexes.collect::<Vec<_>>(),
        "uuid": uuid(connection, collection),
        "collectionName": collection,
        "type": "collection",
    })
    .to_string()
}

fn is_primary(index: &Value) -> bool {
    index.get("name").is_some_and(|name| name == "_id_")
}

/// One definition, in the order that MongoDB gives: version, key, name, options.
fn index(index: &Value) -> Value {
    let mut definition = Map::new();
    definition.insert("v".to_owned(), json!({ "$numberInt": "2" }));
    for key in ["key", "name"] {
        definition.extend(index.get(key).map(|value| (key.to_owned(), canonical(value))));
    }
    let rest = index.as_object().into_iter().flatten().filter(|(key, _)| !["v", "key", "name"].contains(&key.as_str()));
    definition.extend(rest.map(|(key, value)| (key.clone(), canonical(value))));
    Value::Object(definition)
}

/// A collection keeps it from backup to backup, as MongoDB's own would; version 8 of RFC 9562, of a hash.
fn uuid(connection: &str, collection: &str) -> String {
    let hash = Sha256::digest(format!("{connection}/{collection}").as_bytes());
    let marked = |(place, byte): (usize, &u8)| match place {
        6 => (byte & 0x0f) | 0x80,
        8 => (byte & 0x3f) | 0x80,
        _ => *byte,
    };
    hash.iter().take(16).enumerate().map(marked).map(|byte| format!("{byte:02x}")).collect()
}

/// Numbers and dates with their types written out.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => json!({ "$numberInt": whole.to_string() }),
            Some(whole) => json!({ "$numberLong": whole.to_string() }),
            None => json!({ "$numberDouble": number.to_string() }),
        },
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(object) => match object.iter().next() {
            Some((key, Value::String(text))) if key == "$date" => match text.parse::<DateTime<Utc>>() {
                Ok(date) => json!({ "$date": { "$numberLong": date.timestamp_millis().to_string() } }),
                Err(_) => value.clone(),
            },
            Some((key, _)) if WRAPPERS.contains(&key.as_str()) => value.clone(),
            _ => Value::Object(object.iter().map(|(key, inner)| (key.clone(), canonical(inner))).collect()),
        },
        other => other.clone(),
    }
}

/// An index that can be made again, and what of it is lost.
#[derive(Debug, PartialEq)]
pub struct Restorable {
    pub definition: Value,
    pub lost: Vec<String>,
}

/// The indexes that a metadata file tells of beside the one on `_id`: each as it can be made, or why it cannot.
///
/// # Errors
/// When the text is no metadata.
pub fn indexes(text: &[u8]) -> Result<Vec<Result<Restorable, String>>, String> {
    let metadata = serde_json::from_slice::<Value>(text).map_err(|error| format!("is not JSON: {error}"))?;
    let Some(indexes) = metadata.get("indexes").and_then(Value::as_array) else {
        return Err("has no list `indexes`".to_owned());
    };
    Ok(indexes.iter().filter(|index| !is_primary(index)).map(restorable).collect())
}

fn restorable(index: &Value) -> Result<Restorable, String> {
    let name = index.get("name").and_then(Value::as_str).unwrap_or("without a name");
    let Some(fields) = index.get("key").and_then(Value::as_object) else {
        return Err(format!("index {name} has no key"));
    };
    if let Some((field, kind)) = fields.iter().find(|(field, kind)| field.contains('$') || direction(kind).is_none()) {
        return Err(format!("index {name} is of a kind that is not offered here: {field}: {kind}"));
    }
    if index.get("collation").is_some_and(|collation| collation.get("locale").is_none_or(|name| name != "simple")) {
        return Err(format!("index {name} sorts by the rules of a language (collation), which is not offered here"));
    }
    let mut definition = Map::new();
    let mut lost = Vec::new();
    for (key, value) in index.as_object().into_iter().flatten() {
        if key == "key" {
            let fields = fields.iter().filter_map(|(field, kind)| Some((field.clone(), json!(direction(kind)?))));
            definition.insert(key.clone(), Value::Object(fields.collect()));
        } else if KNOWN.contains(&key.as_str()) {
            definition.insert(key.clone(), value.clone());
        } else if !HARMLESS.contains(&key.as_str()) && key != "collation" {
            lost.push(format!("index {name} is made without its option {key}"));
        }
    }
    Ok(Restorable { definition: Value::Object(definition), lost })
}

/// 1 or -1, in whatever number it is written. MongoDB takes any number and looks at its sign.
fn direction(kind: &Value) -> Option<i32> {
    let wrapped = ["$numberInt", "$numberLong", "$numberDouble"].into_iter().find_map(|key| kind.get(key)?.as_str());
    let number = kind.as_f64().or_else(|| wrapped?.parse().ok())?;
    if number > 0.0 {
        Some(1)
    } else if number < 0.0 {
        Some(-1)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_mongodump_writes() {
        let indexes = [json!({
            "name": "at_-1", "key": {"at": -1}, "unique": true,
            "partialFilterExpression": {"n": {"$gt": 1.5}, "at": {"$lt": {"$date": "1970-01-01T00:00:01Z"}}, "x": "y"}
        })];
        let expected = concat!(
            r#"{"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"},"#,
            r#"{"v":{"$numberInt":"2"},"key":{"at":{"$numberInt":"-1"}},"name":"at_-1","unique":true,"#,
            r#""partialFilterExpression":{"n":{"$gt":{"$numberDouble":"1.5"}},"#,
            r#""at":{"$lt":{"$date":{"$numberLong":"1000"}}},"x":"y"}}],"uuid":""#
        );
        let found = text("default", "users", &indexes);
        assert!(found.starts_with(expected), "{found}");
        assert!(found.ends_with(r#"","collectionName":"users","type":"collection"}"#), "{found}");
        let uuid = serde_json::from_str::<Value>(&found).unwrap()["uuid"].as_str().unwrap().to_owned();
        assert!(uuid.len() == 32 && uuid.chars().all(|digit| digit.is_ascii_hexdigit()), "{uuid}");
    }

    #[test]
    fn indexes_come_back_as_they_can_be_made() {
        let metadata = json!({"indexes": [
            {"v": 2, "key": {"_id": 1}, "name": "_id_"},
            {"v": 2, "key": {"a": {"$numberInt": "1"}, "b": {"$numberDouble": "-1.0"}}, "name": "ab", "unique": true, "ns": "x.y"},
            {"key": {"at": {"$numberLong": "1"}}, "name": "ttl", "expireAfterSeconds": {"$numberInt": "60"}},
            {"key": {"words": "text"}, "name": "t"}, {"key": {"$**": 1}, "name": "w"},
            {"key": {"a": 1}, "name": "c", "collation": {"locale": "de"}}, {"name": "k"}
        ]});
        let found = indexes(metadata.to_string().as_bytes()).unwrap();
        let made = found.iter().filter_map(|index| index.as_ref().ok()).collect::<Vec<_>>();
        assert_eq!(made[0].definition, json!({"key": {"a": 1, "b": -1}, "name": "ab", "unique": true}));
        assert_eq!(made[0].lost, Vec::<String>::new());
        assert_eq!(made[1].lost, ["index ttl is made without its option expireAfterSeconds"]);
        let refused = found.iter().filter_map(|index| index.as_ref().err()).map(String::as_str).collect::<Vec<_>>();
        assert_eq!(refused.len(), 4, "{refused:?}");
        assert!(refused[0].contains("text") && refused[2].contains("collation"), "{refused:?}");
        assert!(indexes(b"{}").is_err() && indexes(b"{").is_err());
    }
}
