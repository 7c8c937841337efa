//! Which fields documents have, and of which types, told from a sample.

use std::collections::BTreeMap;

use serde_json::Value;

/// Fields that are told apart; beyond, the sample has no schema worth showing.
const MOST_FIELDS: usize = 200;

/// What a sample says about one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Documents that have it.
    pub documents: u64,
    /// How often each type was met.
    pub types: BTreeMap<&'static str, u64>,
}

/// Fields by their dotted paths, two levels deep, in the order they were met.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    order: Vec<String>,
    fields: BTreeMap<String, Field>,
    pub documents: u64,
    /// There were more fields than are told apart.
    pub is_cut: bool,
}

impl Fields {
    pub fn add(&mut self, document: &Value) {
        self.documents += 1;
        for (name, value) in document.as_object().into_iter().flatten() {
            let kind = type_of(value);
            self.note(name.clone(), kind);
            if kind == "object" {
                for (inner, value) in value.as_object().into_iter().flatten() {
                    self.note(format!("{name}.{inner}"), type_of(value));
                }
            }
        }
    }

    fn note(&mut self, path: String, kind: &'static str) {
        if !self.fields.contains_key(&path) {
            if self.order.len() >= MOST_FIELDS {
                self.is_cut = true;
                return;
            }
            self.order.push(path.clone());
        }
        let field = self.fields.entry(path).or_default();
        field.documents += 1;
        *field.types.entry(kind).or_default() += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.order.iter().filter_map(|path| Some((path.as_str(), self.fields.get(path)?)))
    }
}

impl Field {
    /// The types, the most frequent first: `string 98 %, null 2 %`.
    pub fn shown(&self) -> String {
        let mut types: Vec<(&&str, &u64)> = self.types.iter().collect();
        types.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
        if let [(only, _)] = types.as_slice() {
            return (**only).to_owned();
        }
        let shown =
            types.iter().map(|(name, count)| format!("{name} {:.0} %", **count as f64 * 100.0 / self.documents as f64));
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// The type of a value in Extended JSON, by MongoDB's names.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Number(number) if number.is_f64() => "double",
        Value::Number(number) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => "int",
        Value::Number(_) => "long",
        Value::Object(members) => members.keys().next().map_or("object", |name| match name.as_str() {
            "$oid" => "objectId",
            "$date" => "date",
            "$numberInt" => "int",
            "$numberLong" => "long",
            "$numberDouble" => "double",
            "$numberDecimal" => "decimal",
            "$binary" | "$uuid" => "binData",
            "$regularExpression" => "regex",
            "$timestamp" => "timestamp",
            "$code" => "javascript",
            "$symbol" => "symbol",
            "$minKey" => "minKey",
            "$maxKey" => "maxKey",
            "$undefined" => "undefined",
            "$dbPointer" => "dbPointer",
            _ => "object",
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_and_their_types_are_told() {
        let mut fields = Fields::default();
        fields.add(&json!({"_id": {"$oid": "a"}, "n": 1, "at": {"$date": "2026-01-01T00:00:00Z"}, "in": {"x": "y"}}));
        fields.add(&json!({"_id": {"$oid": "b"}, "n": {"$numberLong": "1"}, "in": {"x": null}}));
        fields.add(&json!({"_id": {"$oid": "c"}, "n": 2, "in": [1.5]}));
        let shown: Vec<(String, String, u64)> =
            fields.iter().map(|(path, field)| (path.to_owned(), field.shown(), field.documents)).collect();
        let line = |path: &str, types: &str, documents| (path.to_owned(), types.to_owned(), documents);
        assert_eq!(
            shown,
            [
                line("_id", "objectId", 3),
                line("n", "int 67 %, long 33 %", 3),
                line("at", "date", 1),
                line("in", "object 67 %, array 33 %", 3),
                line("in.x", "null 50 %, string 50 %", 2),
            ]
        );
    }

    #[test]
    fn documents_without_a_schema_do_not_fill_the_memory() {
        let mut fields = Fields::default();
        for number in 0..500 {
            fields.add(&json!({ format!("key{number}"): 1 }));
        }
        assert_eq!((fields.iter().count(), fields.is_cut), (MOST_FIELDS, true));
    }
}
