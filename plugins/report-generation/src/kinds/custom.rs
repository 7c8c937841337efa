//! The rows of a pipeline of the job's own.

use sandglass_sdk::Failure;
use serde_json::{Map, Value, json};

use super::Found;
use crate::parameters::Parameters;
use crate::query::{self, Steps, explained, take};
use crate::report::{Cell, Chart, Column, Figure, Section, Table, Unit};
use crate::source::{missing, open};
use crate::time::Period;

/// Rows of one report.
const MOST_ROWS: usize = 5_000;
/// Columns of one report.
const MOST_COLUMNS: usize = 100;

pub fn run(parameters: &Parameters, period: &Period, steps: &mut Steps) -> Result<Found, Failure> {
    let name = parameters.source.collection.as_deref().unwrap_or_default();
    let collection = open(parameters, name)?;
    steps.begin("running the pipeline")?;
    let mut stages: Vec<Value> = Vec::new();
    if let Some(field) = &parameters.source.date_field {
        stages.push(json!({ "$match": query::within(field, period) }));
    }
    stages.extend(parameters.pipeline.iter().cloned().map(Value::Object));
    let cursor = collection.aggregate(&Value::Array(stages), &json!({})).map_err(explained)?;
    let (rows, is_complete) = take(&cursor, MOST_ROWS)?;
    let mut found = Found { looked_at: rows.len() as u64, ..Found::default() };
    if rows.is_empty() {
        found.notes.extend(missing(parameters, name));
    }
    if !is_complete {
        found
            .notes
            .push(format!("The pipeline gives more than {MOST_ROWS} rows: these are the first. End it with $limit."));
    }
    let (table, is_whole) = table(&rows);
    if !is_whole {
        found.notes.push(format!("The rows have more than {MOST_COLUMNS} fields: the first are shown."));
    }
    found.sections.push(
        Section::new("rows", parameters.title()).figure(Figure::count("rows", "Rows", rows.len() as f64)).table(table),
    );
    Ok(found)
}

/// A column for each field, in the order they are met.
fn table(rows: &[Value]) -> (Table, bool) {
    let mut names: Vec<String> = Vec::new();
    let mut is_whole = true;
    for name in rows.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if names.contains(name) {
        } else if names.len() < MOST_COLUMNS {
            names.push(name.clone());
        } else {
            is_whole = false;
        }
    }
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| names.iter().map(|name| row.get(name).map_or(Cell::Nothing, Cell::of)).collect())
        .collect();
    let is_number = |place: usize| {
        let values = || cells.iter().filter_map(|row| row.get(place)).filter(|cell| **cell != Cell::Nothing);
        values().next().is_some() && values().all(|cell| cell.as_number().is_some())
    };
    let columns = names.iter().enumerate().map(|(place, name)| Column {
        id: name.clone(),
        title: name.clone(),
        unit: if is_number(place) { Unit::Count } else { Unit::Text },
    });
    let columns: Vec<Column> = columns.collect();
    let drawn = columns.iter().position(|column| column.unit == Unit::Count && column.id != "_id");
    let chart = drawn.filter(|_| cells.len() <= 100).map_or(Chart::None, Chart::Bars);
    (Table { columns, rows: cells, chart, ..Table::new("rows", "Rows", &[]) }, is_whole)
}
