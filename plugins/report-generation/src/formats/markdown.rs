//! Text with tables, for chats and wikis. Nothing in the data can become markup.

use super::visible;
use crate::report::{Column, Report, Section, Table, Unit, to_the_minute};

pub fn of(report: &Report) -> String {
    let mut text = format!("# {}\n\n", escape(&report.title));
    if let Some(period) = &report.period {
        text.push_str(&format!("{} ({})  \n", escape(&period.text), escape(&report.zone)));
    }
    if let Some(previous) = &report.previous {
        text.push_str(&format!("compared with {}  \n", escape(&previous.text)));
    }
    text.push_str(&format!(
        "Made {} by the job {}\n",
        escape(&to_the_minute(&report.generated_at)),
        escape(&report.job)
    ));
    for note in &report.notes {
        text.push_str(&format!("\n> {}\n", escape(note)));
    }
    for section in &report.sections {
        write_section(&mut text, section);
    }
    text
}

fn write_section(text: &mut String, section: &Section) {
    text.push_str(&format!("\n## {}\n", escape(&section.title)));
    if !section.note.is_empty() {
        text.push_str(&format!("\n{}\n", escape(&section.note)));
    }
    if !section.figures.is_empty() {
        let compares = section.figures.iter().any(|figure| figure.previous.is_some());
        text.push_str(if compares {
            "\n| Figure | Value | Before | Change |\n| --- | ---: | ---: | ---: |\n"
        } else {
            "\n| Figure | Value |\n| --- | ---: |\n"
        });
        for figure in &section.figures {
            let mut cells = vec![escape(figure.label), escape(&figure.show())];
            if compares {
                cells.push(figure.show_previous().map_or_else(String::new, |previous| escape(&previous)));
                cells.push(figure.show_change().map_or_else(String::new, |change| escape(&change)));
            }
            row(text, &cells);
        }
    }
    for table in &section.tables {
        write_table(text, table);
    }
}

fn write_table(text: &mut String, table: &Table) {
    text.push_str(&format!("\n### {}\n", escape(&table.title)));
    if !table.note.is_empty() {
        text.push_str(&format!("\n{}\n", escape(&table.note)));
    }
    if table.rows.is_empty() {
        text.push_str("\nNothing.\n");
        return;
    }
    text.push('\n');
    row(text, &table.columns.iter().map(|column| escape(&column.title)).collect::<Vec<_>>());
    let is_text = |column: &Column| matches!(column.unit, Unit::Text | Unit::Instant);
    let rules: Vec<String> =
        table.columns.iter().map(|column| if is_text(column) { "---" } else { "---:" }.to_owned()).collect();
    row(text, &rules);
    for cells in &table.rows {
        let cells = table.columns.iter().zip(cells).map(|(column, cell)| escape(&cell.show(column.unit)));
        row(text, &cells.collect::<Vec<_>>());
    }
}

fn row(text: &mut String, cells: &[String]) {
    text.push_str(&format!("| {} |\n", cells.join(" | ")));
}

/// Every sign that Markdown gives a meaning becomes itself.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let text = visible(text);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // A colon between digits or before a space is no part of an address.
        let is_plain_colon = letter == ':' && letters.peek().is_none_or(|next| next.is_ascii_digit() || *next == ' ');
        match letter {
            _ if is_plain_colon => escaped.push(letter),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A bare address becomes a link in many readers; an entity keeps it a text.
            ':' => escaped.push_str("&#58;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_become_markup() {
        let hostile = "<script>alert(1)</script> [a](javascript:x) | `b` **c**\n# d";
        let escaped = escape(hostile);
        assert!(!escaped.contains(['<', '>', '\n']) && !escaped.contains("javascript:"), "{escaped}");
        assert_eq!(escape("14:17 at: https://x"), "14:17 at: https&#58;//x");
        assert!(escaped.contains(r"\[a\](javascript&#58;x) \| \`b\` \*\*c\*\* \# d"), "{escaped}");
    }
}
