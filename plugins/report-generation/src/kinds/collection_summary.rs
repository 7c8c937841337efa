//! What is stored: counts, spans of time, fields with their types, sizes and indexes.

use sandglass_sdk::Failure;
use sandglass_sdk::documents::{Collection, FindOptions};
use serde_json::{Value, json};

use super::Found;
use super::field_types::Fields;
use crate::parameters::Parameters;
use crate::query::{self, Steps, count, explained, instant};
use crate::report::{Cell, Chart, Figure, Section, Table, Unit};
use crate::source::{missing, name_of, open, reachable};
use crate::time::Period;

/// Collections of one report.
const MOST_COLLECTIONS: usize = 50;
/// Documents of a sample: so many from each end, in the order of `_id`.
const SAMPLE: u64 = 100;
/// Names that a field with a date often has, in the order in which they are tried.
const DATE_FIELDS: [&str; 7] =
    ["created_at", "timestamp", "createdAt", "placed_at", "date", "updated_at", "started_at"];

pub fn run(parameters: &Parameters, period: &Period, steps: &mut Steps) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut wanted = reachable(parameters)?;
    if let Some(name) = &parameters.source.collection {
        wanted.retain(|entry| name_of(entry) == name);
        if wanted.is_empty() {
            found.notes.extend(missing(parameters, name));
        }
    }
    if wanted.len() > MOST_COLLECTIONS {
        found.notes.push(format!("Of {} collections the first {MOST_COLLECTIONS} are shown.", wanted.len()));
        wanted.truncate(MOST_COLLECTIONS);
    }
    let mut overview = Vec::new();
    let mut sections = Vec::new();
    for entry in &wanted {
        steps.begin(&format!("looking at {}", name_of(entry)))?;
        let summary = summarise(parameters, period, entry)?;
        found.looked_at += summary.fields.documents;
        overview.push(summary.row(entry, period));
        sections.push(summary.section(entry));
    }
    let columns = [
        ("collection", "Collection", Unit::Text),
        ("documents", "Documents", Unit::Count),
        ("bytes", "Size", Unit::Bytes),
        ("in_period", "In this time", Unit::Count),
        ("date_field", "Date field", Unit::Text),
        ("oldest", "Oldest", Unit::Instant),
        ("newest", "Newest", Unit::Instant),
        ("indexes", "Indexes", Unit::Count),
    ];
    let sum = |field: &str| wanted.iter().map(|entry| count(entry, field)).sum();
    let in_period = overview.iter().filter_map(|row| row.get(3).and_then(Cell::as_number)).sum();
    let first = Section::new("overview", "Overview")
        .figure(Figure::count("collections", "Collections", wanted.len() as f64).state())
        .figure(Figure::count("documents", "Documents", sum("count")).state())
        .figure(Figure::new("bytes", "Size", Unit::Bytes, Some(sum("size_bytes"))).state())
        .figure(Figure::count("in_period", "Documents of this time", in_period).up())
        .table(Table::new("collections", "Collections", &columns).rows(overview).drawn(Chart::Bars(1)));
    found.sections.push(first);
    found.sections.extend(sections);
    Ok(found)
}

struct Summary {
    date_field: Option<String>,
    oldest: Option<Value>,
    newest: Option<Value>,
    in_period: Option<f64>,
    fields: Fields,
    indexes: Vec<Value>,
}

fn summarise(parameters: &Parameters, period: &Period, entry: &Value) -> Result<Summary, Failure> {
    let collection = open(parameters, name_of(entry))?;
    let fields = sample(&collection)?;
    let date_field = date_field(parameters, &fields);
    let (mut oldest, mut newest, mut in_period) = (None, None, None);
    if let Some(field) = &date_field {
        oldest = end_of(&collection, field, 1)?;
        newest = end_of(&collection, field, -1)?;
        in_period = Some(collection.count(&query::within(field, period)).map_err(explained)? as f64);
    }
    let indexes = collection.indexes().map_err(explained)?;
    Ok(Summary { date_field, oldest, newest, in_period, fields, indexes })
}

/// The first and the last documents, in the order of `_id`; none of them twice.
fn sample(collection: &Collection) -> Result<Fields, Failure> {
    let mut fields = Fields::default();
    let mut seen = Vec::new();
    for direction in [1, -1] {
        let options =
            FindOptions { sort: Some(json!({ "_id": direction })), limit: Some(SAMPLE), ..FindOptions::default() };
        let cursor = collection.find(&json!({}), &options).map_err(explained)?;
        let (documents, _) = query::take(&cursor, usize::try_from(SAMPLE).unwrap_or(usize::MAX))?;
        for document in documents {
            let id = document.get("_id").cloned().unwrap_or_default();
            if !seen.contains(&id) {
                fields.add(&document);
                seen.push(id);
            }
        }
    }
    Ok(fields)
}

/// The field that the job names, or the first of the usual names that holds dates in the sample.
fn date_field(parameters: &Parameters, fields: &Fields) -> Option<String> {
    if let Some(named) = &parameters.source.date_field {
        return Some(named.clone());
    }
    let holds_dates = |name: &str| fields.iter().any(|(path, field)| path == name && field.types.contains_key("date"));
    DATE_FIELDS.into_iter().find(|name| holds_dates(name)).map(str::to_owned)
}

/// The date at one end.
fn end_of(collection: &Collection, field: &str, direction: i32) -> Result<Option<Value>, Failure> {
    let options = FindOptions {
        sort: Some(json!({ field: direction })),
        projection: Some(json!({ "_id": 0, field: 1 })),
        ..FindOptions::default()
    };
    let dated = json!({ field: { "$type": "date", "$not": { "$type": "array" } } });
    let found = collection.find_one(&dated, &options).map_err(explained)?;
    Ok(found.and_then(|document| query::at(&document, field).cloned()))
}

impl Summary {
    fn row(&self, entry: &Value, period: &Period) -> Vec<Cell> {
        let date = |value: &Option<Value>| {
            value.as_ref().and_then(instant).map_or(Cell::Nothing, |at| Cell::Text(period.local(at)))
        };
        vec![
            Cell::text(name_of(entry)),
            Cell::Number(count(entry, "count")),
            Cell::Number(count(entry, "size_bytes")),
            Cell::number(self.in_period),
            self.date_field.as_ref().map_or(Cell::Nothing, Cell::text),
            date(&self.oldest),
            date(&self.newest),
            Cell::Number(self.indexes.len() as f64),
        ]
    }

    fn section(&self, entry: &Value) -> Section {
        let name = name_of(entry);
        let sampled = self.fields.documents;
        let field_columns =
            [("field", "Field", Unit::Text), ("types", "Types", Unit::Text), ("present", "Present in", Unit::Share)];
        let fields = self.fields.iter().map(|(path, field)| {
            let share = field.documents as f64 / sampled.max(1) as f64;
            vec![Cell::text(path), Cell::Text(field.shown()), Cell::Number(share)]
        });
        let index_columns =
            [("index", "Index", Unit::Text), ("keys", "Keys", Unit::Text), ("options", "Options", Unit::Text)];
        let indexes = self.indexes.iter().map(|index| {
            let text = |name: &str| index.get(name).map(query::label).unwrap_or_default();
            let options = ["unique", "sparse", "partialFilterExpression"];
            let options = options.into_iter().filter(|option| index.get(option).is_some());
            vec![Cell::Text(text("name")), Cell::Text(text("key")), Cell::Text(options.collect::<Vec<_>>().join(", "))]
        });
        let mut note = format!(
            "Fields are told from a sample of {sampled} documents, the first and the last in the order of _id."
        );
        if self.fields.is_cut {
            note.push_str(" There were more fields than are shown.");
        }
        Section::new(&format!("collection_{name}"), name)
            .note(note)
            .table(Table::new("fields", "Fields", &field_columns).rows(fields.collect()))
            .table(
                Table::new("indexes", "Indexes", &index_columns)
                    .note("Beside the one on _id, which every collection has.")
                    .rows(indexes.collect()),
            )
    }
}
