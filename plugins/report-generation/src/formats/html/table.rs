//! Tables, plain or with a picture of what they say.

use super::{chart, escape};
use crate::report::{Cell, Chart, Column, Table, Unit};

/// A longer table of a series is folded away behind its picture.
const SHOWN_ROWS: usize = 8;

pub fn write(page: &mut String, table: &Table) {
    page.push_str(&format!("<div class=\"block\">\n<h3>{}</h3>\n", escape(&table.title)));
    if !table.note.is_empty() {
        page.push_str(&format!("<p class=\"quiet\">{}</p>\n", escape(&table.note)));
    }
    if table.rows.is_empty() {
        page.push_str("<p class=\"empty\">Nothing to show.</p>\n</div>\n");
        return;
    }
    match &table.chart {
        Chart::Series(columns) if table.rows.len() > 1 => {
            columns.iter().for_each(|column| chart::series(page, table, *column));
            let is_long = table.rows.len() > SHOWN_ROWS;
            page.push_str(if is_long { "<details><summary>All figures</summary>\n" } else { "" });
            grid(page, table, &Look::Plain);
            page.push_str(if is_long { "</details>\n" } else { "" });
        }
        Chart::Bars(column) if table.columns.len() <= MOST_COLUMNS => {
            grid(page, table, &Look::Bar(*column, largest(table, *column)))
        }
        Chart::Shades(columns) => grid(page, table, &Look::Shades(columns)),
        Chart::Series(_) | Chart::Bars(_) | Chart::None => grid(page, table, &Look::Plain),
    }
    page.push_str("</div>\n");
}

/// A wider table has no room for bars.
const MOST_COLUMNS: usize = 5;

enum Look<'a> {
    Plain,
    /// Bars in this column, full at this value.
    Bar(usize, f64),
    Shades(&'a [usize]),
}

fn largest(table: &Table, column: usize) -> f64 {
    table.rows.iter().filter_map(|row| row.get(column)?.as_number()).fold(0.0, f64::max)
}

fn grid(page: &mut String, table: &Table, look: &Look<'_>) {
    page.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for column in &table.columns {
        page.push_str(&format!("<th scope=\"col\"{}>{}</th>", class(column, ""), escape(&column.title)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (place, (column, cell)) in table.columns.iter().zip(row).enumerate() {
            write_cell(page, column, cell, look, place);
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

fn write_cell(page: &mut String, column: &Column, cell: &Cell, look: &Look<'_>, place: usize) {
    let shown = escape(&cell.show(column.unit));
    match (look, cell.as_number()) {
        (Look::Bar(at, full), Some(number)) if *at == place && *full > 0.0 => {
            let width = (number / full * 100.0).clamp(0.0, 100.0);
            page.push_str(&format!(
                "<td class=\"number bar\"><span class=\"track\"><span class=\"fill\" style=\"width:{width:.1}%\"></span>\
                 </span><span class=\"amount\">{shown}</span></td>"
            ));
        }
        (Look::Shades(columns), Some(share)) if columns.contains(&place) => {
            let shade = (share * 100.0).clamp(0.0, 100.0).round();
            page.push_str(&format!("<td class=\"number shade\" style=\"--shade:{shade}%\">{shown}</td>"));
        }
        (Look::Shades(columns), None) if columns.contains(&place) => page.push_str("<td></td>"),
        _ => page
            .push_str(&format!("<td{}>{shown}</td>", class(column, if *cell == Cell::Nothing { "quiet" } else { "" }))),
    }
}

fn class(column: &Column, also: &str) -> String {
    let number = match column.unit {
        Unit::Text => "",
        Unit::Instant => "instant",
        _ => "number",
    };
    let all = format!("{number} {also}");
    match all.trim() {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    }
}
