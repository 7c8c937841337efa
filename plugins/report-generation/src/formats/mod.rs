//! A report as bytes. Each format knows the report and nothing else.

mod csv;
mod html;
mod json;
mod markdown;
mod summary;

use crate::parameters::Format;
use crate::report::Report;

pub use json::{figures, of as to_json, span};
pub use summary::{html as summary_html, text as summary_text};

/// The report, written.
pub fn write(report: &Report, format: Format) -> String {
    match format {
        Format::Json => {
            let mut text = format!("{:#}", json::of(report));
            text.push('\n');
            text
        }
        Format::Csv => csv::of(report),
        Format::Html => html::of(report),
        Format::Markdown => markdown::of(report),
    }
}

/// Text without characters that no document should hold: tabs and line ends become spaces, others go.
fn visible(text: &str) -> String {
    let is_hidden = |letter: &char| {
        // Marks that turn the direction of writing can make a text read as another.
        matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let spaced = text.chars().map(|letter| if matches!(letter, '\t' | '\n' | '\r') { ' ' } else { letter });
    spaced.filter(|letter| !letter.is_control() && !is_hidden(letter)).collect()
}
