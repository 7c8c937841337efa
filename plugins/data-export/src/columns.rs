//! Which columns a table has, and which value of a document stands in which of them.
//!
//! Columns are named by the job, or found by looking at documents: the fields in the order in which they first appear,
//! and with `flatten` what stands inside of documents and arrays, as `address.city` and `items.0.sku`. Fields that turn
//! up later than the looking are counted, never silently dropped.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::extended::{Kind, kind};
use crate::parameters::ColumnSetting;

/// More columns than this are no table any more.
pub const MOST_COLUMNS: usize = 1_000;
/// Fields without a column that are named; the others are counted.
const NAMED_SURPRISES: usize = 10;

/// The columns of a table.
#[derive(Debug)]
pub struct Columns {
    titles: Vec<String>,
    plan: Plan,
}

#[derive(Debug)]
enum Plan {
    /// The parts of each column's path.
    Named(Vec<Vec<String>>),
    Found {
        root: Node,
        flattens: bool,
    },
}

/// A place in the shape of the documents.
#[derive(Debug, Default)]
struct Node {
    column: Option<usize>,
    inner: HashMap<String, Node>,
}

/// There are more columns than a table may have.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyColumns;

/// Fields that have no column.
#[derive(Debug, Default)]
pub struct Surprises {
    /// Documents that have such fields.
    pub documents: u64,
    /// The first of them by name.
    pub names: BTreeSet<String>,
}

impl Columns {
    /// Those that the job names.
    pub fn named(settings: &[ColumnSetting]) -> Self {
        let path = |setting: &ColumnSetting| setting.path.split('.').map(str::to_owned).collect();
        Self {
            titles: settings.iter().map(|setting| setting.title().to_owned()).collect(),
            plan: Plan::Named(settings.iter().map(path).collect()),
        }
    }

    /// None yet: [`learn`](Self::learn) finds them.
    pub fn unknown(flattens: bool) -> Self {
        Self { titles: Vec::new(), plan: Plan::Found { root: Node::default(), flattens } }
    }

    /// What stands above each column.
    pub fn titles(&self) -> &[String] {
        &self.titles
    }

    /// Adds the columns that this document needs.
    ///
    /// # Errors
    /// When they are more than a table may have.
    pub fn learn(&mut self, document: &Value) -> Result<(), TooManyColumns> {
        let Plan::Found { root, flattens } = &mut self.plan else { return Ok(()) };
        let mut trail = Vec::new();
        learn(root, document, *flattens, true, &mut trail, &mut self.titles);
        if self.titles.len() > MOST_COLUMNS { Err(TooManyColumns) } else { Ok(()) }
    }

    /// The value of each column, `None` where the document has no such field.
    pub fn values<'a>(&self, document: &'a Value, surprises: &mut Surprises) -> Vec<Option<Cow<'a, Value>>> {
        match &self.plan {
            Plan::Named(paths) => paths.iter().map(|path| at(document, path)).collect(),
            Plan::Found { root, flattens } => {
                let mut values = vec![None; self.titles.len()];
                let mut trail = Vec::new();
                if place(root, document, *flattens, &mut trail, &mut values, &mut surprises.names) {
                    surprises.documents += 1;
                }
                values
            }
        }
    }
}

/// The parts of a value that have columns of their own; none when it is a cell as a whole.
fn parts(value: &Value, divides: bool) -> Option<Vec<(Cow<'_, str>, &Value)>> {
    match kind(value) {
        Kind::Document(fields) if divides && !fields.is_empty() => {
            Some(fields.iter().map(|(name, value)| (name.as_str().into(), value)).collect())
        }
        Kind::Array(items) if divides && !items.is_empty() => {
            Some(items.iter().enumerate().map(|(index, item)| (index.to_string().into(), item)).collect())
        }
        _ => None,
    }
}

fn learn<'a>(
    node: &mut Node,
    value: &'a Value,
    flattens: bool,
    is_whole: bool,
    trail: &mut Vec<Cow<'a, str>>,
    titles: &mut Vec<String>,
) {
    let Some(parts) = parts(value, flattens || is_whole) else {
        if node.column.is_none() && !is_whole && titles.len() <= MOST_COLUMNS {
            node.column = Some(titles.len());
            titles.push(trail.join("."));
        }
        return;
    };
    for (name, part) in parts {
        if !node.inner.contains_key(name.as_ref()) {
            node.inner.insert(name.clone().into_owned(), Node::default());
        }
        let Some(next) = node.inner.get_mut(name.as_ref()) else { continue };
        trail.push(name);
        learn(next, part, flattens, false, trail, titles);
        trail.pop();
    }
}

/// Puts the values where their columns are. Tells whether there was one without.
fn place<'a>(
    node: &Node,
    value: &'a Value,
    flattens: bool,
    trail: &mut Vec<Cow<'a, str>>,
    values: &mut [Option<Cow<'a, Value>>],
    unknown: &mut BTreeSet<String>,
) -> bool {
    let Some(parts) = parts(value, flattens || trail.is_empty()) else {
        if trail.is_empty() {
            return false;
        }
        let Some(cell) = node.column.and_then(|column| values.get_mut(column)) else {
            return is_new(trail, unknown);
        };
        *cell = Some(Cow::Borrowed(value));
        return false;
    };
    let mut has_unknown = false;
    for (name, part) in parts {
        let next = node.inner.get(name.as_ref());
        trail.push(name);
        has_unknown |= match next {
            Some(next) => place(next, part, flattens, trail, values, unknown),
            None => is_new(trail, unknown),
        };
        trail.pop();
    }
    has_unknown
}

fn is_new(trail: &[Cow<'_, str>], unknown: &mut BTreeSet<String>) -> bool {
    if unknown.len() < NAMED_SURPRISES {
        unknown.insert(trail.join("."));
    }
    true
}

/// The value at a path, as MongoDB reads it: a number leads to an element of an array, a name leads into all of its
/// documents.
fn at<'a>(value: &'a Value, path: &[String]) -> Option<Cow<'a, Value>> {
    let Some((first, rest)) = path.split_first() else { return Some(Cow::Borrowed(value)) };
    match value {
        Value::Object(fields) => at(fields.get(first)?, rest),
        Value::Array(items) => match first.parse::<usize>() {
            Ok(index) => at(items.get(index)?, rest),
            Err(_) => {
                let inside = items.iter().filter(|item| item.is_object()).filter_map(|item| at(item, path));
                let inside = inside.map(Cow::into_owned).collect::<Vec<_>>();
                (!inside.is_empty()).then_some(Cow::Owned(Value::Array(inside)))
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(flattens: bool, documents: &[Value]) -> Columns {
        let mut columns = Columns::unknown(flattens);
        documents.iter().for_each(|document| columns.learn(document).unwrap());
        columns
    }

    fn row(columns: &Columns, document: &Value) -> Vec<Value> {
        let values = columns.values(document, &mut Surprises::default());
        values.into_iter().map(|value| value.map_or(json!("-"), Cow::into_owned)).collect()
    }

    #[test]
    fn fields_become_columns_in_the_order_they_appear() {
        let documents = [json!({"_id": 1, "b": {"x": 1}}), json!({"_id": 2, "a": [1], "b": null})];
        let columns = found(false, &documents);
        assert_eq!(columns.titles(), ["_id", "b", "a"]);
        assert_eq!(row(&columns, &documents[0]), [json!(1), json!({"x": 1}), json!("-")]);
        assert_eq!(row(&columns, &documents[1]), [json!(2), json!(null), json!([1])]);
    }

    #[test]
    fn flattened_documents_and_arrays_have_a_column_for_each_value() {
        let documents = [
            json!({"_id": {"$oid": "a"}, "at": {"city": "Oslo", "geo": [1.5, {"deep": true}]}, "none": {}, "list": []}),
            json!({"_id": 2, "at": "nowhere", "at.city": "a dot in the name"}),
        ];
        let columns = found(true, &documents);
        assert_eq!(columns.titles(), ["_id", "at.city", "at.geo.0", "at.geo.1.deep", "none", "list", "at", "at.city"]);
        let first = [json!({"$oid": "a"}), json!("Oslo"), json!(1.5), json!(true), json!({}), json!([])];
        assert_eq!(row(&columns, &documents[0])[..6], first);
        assert_eq!(row(&columns, &documents[1])[6..], [json!("nowhere"), json!("a dot in the name")]);
    }

    #[test]
    fn a_field_that_turns_up_late_is_counted_and_named() {
        let columns = found(true, &[json!({"a": 1, "b": {"c": 1}})]);
        let mut surprises = Surprises::default();
        for document in [json!({"a": 2}), json!({"x": 1, "b": {"d": [2]}}), json!({"b": 5}), json!({})] {
            columns.values(&document, &mut surprises);
        }
        assert_eq!(surprises.documents, 2);
        assert_eq!(surprises.names.into_iter().collect::<Vec<_>>(), ["b", "b.d", "x"]);
    }

    #[test]
    fn named_columns_follow_their_paths() {
        let settings = ["_id", "user.name", "items.sku", "items.1.sku", "items.9", "missing"];
        let settings = settings.map(|path| ColumnSetting { path: path.to_owned(), title: None });
        let columns = Columns::named(&settings);
        let document = json!({"_id": 1, "user": {"name": "Ada"}, "items": [{"sku": "A"}, {"sku": "B"}, 5]});
        let expected = [json!(1), json!("Ada"), json!(["A", "B"]), json!("B"), json!("-"), json!("-")];
        assert_eq!(row(&columns, &document), expected);
    }

    #[test]
    fn a_thousand_columns_are_enough() {
        let mut columns = Columns::unknown(true);
        columns.learn(&json!({"list": vec![0; MOST_COLUMNS]})).unwrap();
        assert_eq!(columns.learn(&json!({"one": "more"})), Err(TooManyColumns));
    }
}
