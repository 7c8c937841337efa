//! The figures alone, for the body of an e-mail: as text, and as HTML that mail programs show (tables and plain styles;
//! most of them leave pictures and style sheets out).

use super::html::escape;
use super::visible;
use crate::report::{Figure, Report};

pub fn text(report: &Report) -> String {
    let mut text = format!("{}\n", visible(&report.title));
    if let Some(period) = &report.period {
        text.push_str(&format!("{} ({})\n", visible(&period.text), visible(&report.zone)));
    }
    for section in report.sections.iter().filter(|section| !section.figures.is_empty()) {
        text.push_str(&format!("\n{}\n", visible(&section.title)));
        for figure in &section.figures {
            text.push_str(&format!("  {}: {}{}\n", figure.label, figure.show(), compared(figure)));
        }
    }
    for note in &report.notes {
        text.push_str(&format!("\nNote: {}\n", visible(note)));
    }
    text.push_str("\nThe whole report is attached.\n");
    text
}

fn compared(figure: &Figure) -> String {
    match (figure.show_previous(), figure.show_change()) {
        (Some(previous), Some(change)) => format!(" ({change} from {previous})"),
        (Some(previous), None) => format!(" (before: {previous})"),
        (None, _) => String::new(),
    }
}

pub fn html(report: &Report) -> String {
    let mut page = format!(
        "<div style=\"font-family:Arial,sans-serif;font-size:15px\">\n<h1 style=\"font-size:22px\">{}</h1>\n",
        escape(&report.title)
    );
    if let Some(period) = &report.period {
        page.push_str(&format!("<p>{} ({})</p>\n", escape(&period.text), escape(&report.zone)));
    }
    for section in report.sections.iter().filter(|section| !section.figures.is_empty()) {
        page.push_str(&format!(
            "<h2 style=\"font-size:17px\">{}</h2>\n<table style=\"border-collapse:collapse\">\n",
            escape(&section.title)
        ));
        for figure in &section.figures {
            page.push_str(&format!(
                "<tr><td style=\"padding:3px 16px 3px 0\">{}</td>\
                 <td style=\"padding:3px 16px 3px 0;text-align:right\"><b>{}</b></td><td>{}</td></tr>\n",
                escape(figure.label),
                escape(&figure.show()),
                escape(compared(figure).trim())
            ));
        }
        page.push_str("</table>\n");
    }
    for note in &report.notes {
        page.push_str(&format!("<p><i>{}</i></p>\n", escape(note)));
    }
    page.push_str("<p>The whole report is attached.</p>\n</div>\n");
    page
}
