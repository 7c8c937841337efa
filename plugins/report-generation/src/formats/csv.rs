//! For spreadsheets and programs: one value a line, in a form that is the same for every report.
//!
//! `section, table, row, name, value, previous, change` (RFC 4180, UTF-8). A custom report is a table of its own, with
//! its own columns. Texts that a spreadsheet would run as a formula get an apostrophe before them.

use crate::report::{Cell, Report, Table, number_to_json};

const HEADER: [&str; 7] = ["section", "table", "row", "name", "value", "previous", "change"];

pub fn of(report: &Report) -> String {
    let mut text = String::new();
    if report.kind == "custom" {
        report.sections.iter().flat_map(|section| &section.tables).for_each(|table| rows(&mut text, table));
        return text;
    }
    line(&mut text, HEADER.iter().map(|name| (*name).to_owned()));
    for section in &report.sections {
        for figure in &section.figures {
            let number = |value: Option<f64>| value.map_or_else(String::new, plain);
            let change = figure.change().map(|change| change.difference);
            line(
                &mut text,
                [
                    safe(&section.id),
                    "figures".to_owned(),
                    String::new(),
                    figure.id.to_owned(),
                    number(figure.value),
                    number(figure.previous.flatten()),
                    number(change),
                ],
            );
        }
        for table in &section.tables {
            for row in &table.rows {
                let mut cells = table.columns.iter().zip(row);
                let Some((_, first)) = cells.next() else { continue };
                for (column, value) in cells {
                    let names = [safe(&section.id), safe(&table.id), cell(first), safe(&column.id), cell(value)];
                    line(&mut text, names.into_iter().chain([String::new(), String::new()]));
                }
            }
        }
    }
    text
}

fn rows(text: &mut String, table: &Table) {
    line(text, table.columns.iter().map(|column| safe(&column.title)));
    for row in &table.rows {
        line(text, row.iter().map(cell));
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Number(number) => plain(*number),
        Cell::Text(text) => safe(text),
        Cell::Json(value) => safe(&value.to_string()),
    }
}

fn plain(number: f64) -> String {
    number_to_json(number).to_string()
}

/// A text that no spreadsheet takes for a formula.
fn safe(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn line(text: &mut String, cells: impl IntoIterator<Item = String>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_not_run() {
        let mut text = String::new();
        let cells = ["a,b", "say \"x\"", "two\nlines", "=1+1", "plain"].map(|text| cell(&Cell::text(text)));
        line(&mut text, cells);
        assert_eq!(text, "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",'=1+1,plain\r\n");
        assert_eq!(cell(&Cell::Number(-5.0)), "-5");
    }
}
