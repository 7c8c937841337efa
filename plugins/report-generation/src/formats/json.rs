//! For programs: everything by its id, numbers as numbers.

use serde_json::{Map, Value, json};

use crate::report::{Figure, Report, Section, Span, Table, number_to_json};

pub fn of(report: &Report) -> Value {
    let mut answer = Map::from_iter([
        ("report_type".to_owned(), Value::from(report.kind)),
        ("title".to_owned(), report.title.as_str().into()),
        ("job".to_owned(), report.job.as_str().into()),
        ("generated_at".to_owned(), report.generated_at.as_str().into()),
        ("timezone".to_owned(), report.zone.as_str().into()),
    ]);
    if let Some(period) = &report.period {
        answer.insert("period".to_owned(), span(period));
    }
    if let Some(previous) = &report.previous {
        answer.insert("previous_period".to_owned(), span(previous));
    }
    let sections = report.sections.iter().map(|found| (found.id.clone(), section(found)));
    answer.insert("sections".to_owned(), Value::Object(sections.collect()));
    answer.insert("notes".to_owned(), report.notes.clone().into());
    Value::Object(answer)
}

/// A period.
pub fn span(span: &Span) -> Value {
    json!({ "start": span.start, "end": span.end, "text": span.text })
}

fn section(section: &Section) -> Value {
    let figures = section.figures.iter().map(|found| (found.id.to_owned(), figure(found)));
    let tables = section.tables.iter().map(|found| (found.id.clone(), table(found)));
    json!({
        "title": section.title,
        "note": section.note,
        "figures": figures.collect::<Map<_, _>>(),
        "tables": tables.collect::<Map<_, _>>(),
    })
}

fn figure(figure: &Figure) -> Value {
    let number = |value: Option<f64>| value.map_or(Value::Null, number_to_json);
    let mut answer = json!({ "label": figure.label, "unit": figure.unit.name(), "value": number(figure.value) });
    if let (Some(answer), Some(previous)) = (answer.as_object_mut(), figure.previous) {
        let change = figure.change();
        answer.insert("previous".to_owned(), number(previous));
        answer.insert("change".to_owned(), number(change.map(|change| change.difference)));
        answer.insert("change_share".to_owned(), number(change.and_then(|change| change.share)));
    }
    answer
}

fn table(table: &Table) -> Value {
    let columns = table
        .columns
        .iter()
        .map(|column| json!({ "id": column.id, "title": column.title, "unit": column.unit.name() }));
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().zip(row).map(|(column, cell)| (column.id.clone(), cell.to_json()));
        Value::Object(cells.collect())
    });
    json!({
        "title": table.title,
        "note": table.note,
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// The figures alone, by section and id: what the result of a run shows, wherever the report goes.
pub fn figures(report: &Report) -> Value {
    let of = |section: &Section| {
        let figures =
            section.figures.iter().map(|found| (found.id.to_owned(), found.value.map_or(Value::Null, number_to_json)));
        (section.id.clone(), Value::Object(figures.collect()))
    };
    Value::Object(report.sections.iter().filter(|section| !section.figures.is_empty()).map(of).collect())
}
