//! One page that is complete in itself: style and pictures stand inside, nothing is fetched, nothing runs.
//!
//! Every text of the data goes through [`escape`]; a policy in the page forbids scripts and requests besides.

mod chart;
mod table;

use super::visible;
use crate::report::{Figure, Report, Section, to_the_minute};

const STYLE: &str = include_str!("style.css");

pub fn of(report: &Report) -> String {
    let title = escape(&report.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n"
    );
    if let Some(period) = &report.period {
        page.push_str(&format!(
            "<p class=\"period\">{} <span class=\"zone\">{}</span></p>\n",
            escape(&period.text),
            escape(&report.zone)
        ));
    }
    if let Some(previous) = &report.previous {
        page.push_str(&format!("<p class=\"quiet\">compared with {}</p>\n", escape(&previous.text)));
    }
    page.push_str("</header>\n");
    for note in &report.notes {
        page.push_str(&format!("<p class=\"note\" role=\"note\">{}</p>\n", escape(note)));
    }
    for section in &report.sections {
        write_section(&mut page, section);
    }
    page.push_str(&format!(
        "<footer>Made {} by the job “{}” of Sandglass.</footer>\n</main>\n</body>\n</html>\n",
        escape(&to_the_minute(&report.generated_at)),
        escape(&report.job)
    ));
    page
}

fn write_section(page: &mut String, section: &Section) {
    page.push_str(&format!("<section>\n<h2>{}</h2>\n", escape(&section.title)));
    if !section.note.is_empty() {
        page.push_str(&format!("<p class=\"quiet\">{}</p>\n", escape(&section.note)));
    }
    if !section.figures.is_empty() {
        page.push_str("<div class=\"figures\">\n");
        section.figures.iter().for_each(|figure| write_figure(page, figure));
        page.push_str("</div>\n");
    }
    for found in &section.tables {
        table::write(page, found);
    }
    page.push_str("</section>\n");
}

fn write_figure(page: &mut String, figure: &Figure) {
    page.push_str(&format!(
        "<div class=\"figure\"><div class=\"label\">{}</div><div class=\"value\">{}</div>",
        escape(figure.label),
        escape(&figure.show())
    ));
    if let Some(previous) = figure.show_previous() {
        let class = match figure.is_better() {
            Some(true) => "better",
            Some(false) => "worse",
            None => "same",
        };
        let previous = escape(&previous);
        page.push_str(&match figure.show_change() {
            Some(change) => format!(
                "<div class=\"change\"><span class=\"{class}\">{}</span> from {previous}</div>",
                escape(&change)
            ),
            None => format!("<div class=\"change\">before: {previous}</div>"),
        });
    }
    page.push_str("</div>\n");
}

/// A text for any place in the page, attributes included.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '`' => escaped.push_str("&#96;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_in_every_place() {
        let escaped = escape("<img src=x onerror='a()'>\u{202e}\"&`\u{0}");
        assert_eq!(escaped, "&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;&#96;");
    }
}
