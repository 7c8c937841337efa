//! A case as it stands in a file. The frame is plain JSON, the values are Extended JSON.

use std::{collections::BTreeMap, path::Path};

use sandglass_database::{
    bson::{Bson, Document},
    extended_json::{to_bson, to_canonical, to_document},
};
use serde_json::Value;

pub struct Case {
    pub id: String,
    pub kind: String,
    pub documents: Vec<Document>,
    /// Name of the shared set that the documents are.
    pub set: Option<String>,
    pub filter: Document,
    pub sort: Option<Document>,
    pub projection: Option<Document>,
    pub skip: i64,
    pub limit: i64,
    pub field: String,
    pub pipeline: Vec<Document>,
    pub update: Option<Bson>,
    pub array_filters: Vec<Document>,
    pub upsert: bool,
    pub many: bool,
    pub new: bool,
    pub remove: bool,
    pub expect: Value,
    pub exact: bool,
}

/// The shared sets by name.
pub type Sets = BTreeMap<String, Vec<Document>>;

/// The golden sets and those of the folder.
pub fn sets(folder: &Path) -> Sets {
    let mut sets = Sets::new();
    for path in [super::tests().join("golden/sets.json"), folder.join("sets.json")] {
        if path.exists() {
            let text = std::fs::read_to_string(&path).unwrap();
            let read: BTreeMap<String, Vec<Value>> = serde_json::from_str(&text).unwrap();
            sets.extend(read.into_iter().map(|(name, documents)| (name, all(documents))));
        }
    }
    sets
}

fn all(documents: Vec<Value>) -> Vec<Document> {
    documents.into_iter().map(|document| to_document(document).unwrap()).collect()
}

impl Case {
    pub fn read(line: &str, sets: &Sets) -> Self {
        let frame: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let document = |key: &str| frame.get(key).map(|value| to_document(value.clone()).unwrap());
        let flag = |key: &str| frame.get(key).is_some_and(|value| value.as_bool().unwrap());
        let list = |key: &str| frame.get(key).map(|value| all(value.as_array().unwrap().clone())).unwrap_or_default();
        let text = |key: &str| frame.get(key).map(|value| value.as_str().unwrap().to_owned()).unwrap_or_default();
        let number = |key: &str| frame.get(key).map(|value| value.as_i64().unwrap()).unwrap_or_default();
        let id = text("id");
        let documents = match frame.get("set") {
            Some(name) => sets.get(name.as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no set {name}")).clone(),
            None => list("documents"),
        };
        Self {
            kind: text("kind"),
            documents,
            set: frame.get("set").map(|name| name.as_str().unwrap().to_owned()),
            filter: document("filter").unwrap_or_default(),
            sort: document("sort"),
            projection: document("projection"),
            skip: number("skip"),
            limit: number("limit"),
            field: text("field"),
            pipeline: list("pipeline"),
            update: frame.get("update").map(|value| to_bson(value.clone()).unwrap()),
            array_filters: list("array_filters"),
            upsert: flag("upsert"),
            many: flag("many"),
            new: flag("new"),
            remove: flag("remove"),
            expect: frame.get("expect").unwrap_or_else(|| panic!("{id} expects nothing")).clone(),
            exact: frame.get("order").is_none_or(|order| order == "exact"),
            id,
        }
    }
}

/// Values as text that shows type and order of fields, so that equal means the same.
pub fn text(value: &Bson) -> String {
    to_canonical(value.clone()).to_string()
}

/// An expected list, in the same writing.
pub fn texts(values: &Value) -> Vec<String> {
    values.as_array().unwrap().iter().map(|value| text(&to_bson(value.clone()).unwrap())).collect()
}
