//! `<collection>.metadata.json`: the indexes of a collection, and what kind it is.

use sandglass_database::bson::{Bson, Document};
use sandglass_database::{Index, extended_json};

use super::CliError;
use super::file::File;

/// Options of an index without a meaning for what is found or refused.
const HARMLESS: [&str; 9] =
    ["v", "ns", "key", "name", "background", "hidden", "prepareUnique", "textIndexVersion", "2dsphereIndexVersion"];

/// The indexes of a collection beside the one on `_id`.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    pub made: Vec<Index>,
    /// What cannot be kept.
    pub notes: Vec<String>,
}

pub(super) fn collection_name(file: &File) -> Result<Option<String>, CliError> {
    Ok(read(file)?.get_str("collectionName").ok().map(str::to_owned))
}

/// `collection`, `view` or `timeseries`; older dumps do not say.
pub(super) fn kind(file: &File) -> Result<Option<String>, CliError> {
    let metadata = read(file)?;
    let is_view = metadata.get_document("options").is_ok_and(|options| options.contains_key("viewOn"));
    Ok(if is_view { Some("view".to_owned()) } else { metadata.get_str("type").ok().map(str::to_owned) })
}

/// # Errors
/// When the file is no metadata.
pub(super) fn indexes(file: &File) -> Result<Indexes, CliError> {
    let metadata = read(file)?;
    let mut indexes = Indexes::default();
    if let Ok(options) = metadata.get_document("options") {
        let lost = options.keys().filter(|key| !["uuid", "autoIndexId"].contains(&key.as_str()));
        indexes.notes.extend(lost.map(|key| format!("its option {key} is not kept")));
    }
    for value in metadata.get_array("indexes").into_iter().flatten() {
        let Bson::Document(definition) = value else {
            return Err(CliError::Failure(format!(
                "{}: an index is {value} instead of an object",
                file.path.display()
            )));
        };
        if definition.get_str("name").is_ok_and(|name| name == "_id_") {
            continue;
        }
        match index(definition, &mut indexes.notes) {
            Ok(index) => indexes.made.push(index),
            Err(why) => indexes.notes.push(format!("{why}: it is left out")),
        }
    }
    Ok(indexes)
}

fn read(file: &File) -> Result<Document, CliError> {
    let fault = |what: String| CliError::Failure(format!("{}: {what}", file.path.display()));
    let value = serde_json::from_slice(&file.whole()?).map_err(|error| fault(format!("it is not JSON: {error}")))?;
    extended_json::to_document(value).map_err(|error| fault(error.to_string()))
}

/// The index as it can be made here, or why it cannot.
fn index(definition: &Document, notes: &mut Vec<String>) -> Result<Index, String> {
    let name = definition.get_str("name").unwrap_or("without a name");
    let fields = definition.get_document("key").map_err(|_| format!("index {name} has no key"))?;
    let mut keys = Document::new();
    for (field, kind) in fields {
        let direction = direction(kind).filter(|_| !field.contains('$'));
        let direction =
            direction.ok_or_else(|| format!("index {name} is of a kind that is not offered here ({field}: {kind})"))?;
        keys.insert(field, direction);
    }
    if definition
        .get_document("collation")
        .is_ok_and(|collation| !collation.get_str("locale").is_ok_and(|name| name == "simple"))
    {
        return Err(format!("index {name} sorts by the rules of a language (collation), which is not offered here"));
    }
    let mut index = Index::on(keys);
    if definition.contains_key("name") {
        index.name = name.to_owned();
    }
    for (option, value) in definition {
        match (option.as_str(), value) {
            ("unique", value) => index.unique = is_true(value),
            ("sparse", value) => index.sparse = is_true(value),
            ("partialFilterExpression", Bson::Document(filter)) => index.partial = Some(filter.clone()),
            ("collation", _) => {}
            (other, _) if HARMLESS.contains(&other) => {}
            (other, _) => notes.push(format!("index {name} is made without its option {other}")),
        }
    }
    Ok(index)
}

/// MongoDB takes any number for the direction and looks at its sign.
fn direction(kind: &Bson) -> Option<i32> {
    let number = match kind {
        Bson::Int32(number) => f64::from(*number),
        #[expect(clippy::cast_precision_loss, reason = "only the sign is looked at")]
        Bson::Int64(number) => *number as f64,
        Bson::Double(number) => *number,
        _ => return None,
    };
    if number > 0.0 {
        Some(1)
    } else if number < 0.0 {
        Some(-1)
    } else {
        None
    }
}

/// Old servers kept whatever was given for a flag.
fn is_true(value: &Bson) -> bool {
    match value {
        Bson::Boolean(flag) => *flag,
        Bson::Int32(number) => *number != 0,
        Bson::Int64(number) => *number != 0,
        Bson::Double(number) => *number != 0.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use sandglass_database::bson::doc;

    use super::super::file;
    use super::*;

    fn found(text: &str) -> Result<Indexes, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.metadata.json");
        std::fs::write(&path, text).unwrap();
        indexes(&file::open(&path, None).unwrap())
    }

    #[test]
    fn indexes_are_made_as_far_as_they_can_be() {
        let indexes = found(
            r#"{"options": {"capped": true}, "indexes": [
                {"v": {"$numberInt": "2"}, "key": {"_id": {"$numberInt": "1"}}, "name": "_id_"},
                {"v": 1, "key": {"b": 1.0, "a": {"$numberLong": "-1"}}, "name": "ba", "ns": "x.y", "unique": true, "sparse": 1},
                {"key": {"at": 1}, "name": "ttl", "expireAfterSeconds": 60},
                {"key": {"words": "text"}, "name": "t"}, {"key": {"$**": 1}, "name": "w"},
                {"key": {"a": 1}, "name": "c", "collation": {"locale": "de"}},
                {"key": {"a": 1}, "name": "s", "collation": {"locale": "simple"}, "partialFilterExpression": {"a": {"$gt": 1}}}]}"#,
        )
        .unwrap();
        let mut first = Index::on(doc! {"b": 1, "a": -1}).unique().sparse();
        first.name = "ba".to_owned();
        assert_eq!(indexes.made.first(), Some(&first));
        let names = indexes.made.iter().map(|index| index.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["ba", "ttl", "s"]);
        assert_eq!(indexes.made.last().unwrap().partial, Some(doc! {"a": {"$gt": 1}}));
        let notes = indexes.notes.join("\n");
        for word in ["capped", "expireAfterSeconds", "words: \"text\"", "$**", "collation"] {
            assert!(notes.contains(word), "{word}: {notes}");
        }
        assert_eq!(indexes.notes.len(), 5, "{notes}");
    }

    #[test]
    fn what_is_no_metadata_is_refused_with_the_name_of_the_file() {
        for text in ["", "{", "[]", r#"{"indexes": [5]}"#] {
            let error = found(text).unwrap_err().to_string();
            assert!(error.contains("a.metadata.json"), "{error}");
        }
    }
}
