//! Subject and body, filled in.

use minijinja::Value as Filling;
use sandglass_sdk::email::{Message, Priority as Urgency};
use sandglass_sdk::{Failure, execution};

use crate::parameters::{BodyFormat, Parameters, Priority};
use crate::render::{self, Place};
use crate::{markdown, plain};

const LONGEST_SUBJECT: usize = 400;

/// The message without attachments, and what somebody should know about it.
pub fn build(parameters: &Parameters, context: &Filling) -> Result<(Message, Vec<String>), Failure> {
    let mut warnings = Vec::new();
    let (text, html) = body(parameters, context)?;
    let message = Message {
        to: parameters.recipients.clone(),
        cc: parameters.cc.clone(),
        bcc: parameters.bcc.clone(),
        reply_to: parameters.reply_to.clone(),
        subject: subject(parameters, context, &mut warnings)?,
        text,
        html,
        priority: match parameters.priority {
            Priority::Low => Urgency::Low,
            Priority::Normal => Urgency::Normal,
            Priority::High => Urgency::High,
        },
        headers: Vec::new(),
        attachments: Vec::new(),
    };
    Ok((message, warnings))
}

fn fill(what: &str, source: &str, place: Place, context: &Filling) -> Result<String, Failure> {
    render::fill(source, place, context)
        .map_err(|problem| Failure::permanent(format!("the {what} cannot be filled in: {problem}")))
}

/// Data may hold what no subject can: it is put on one line, and cut.
fn subject(parameters: &Parameters, context: &Filling, warnings: &mut Vec<String>) -> Result<String, Failure> {
    let filled = fill("subject", &parameters.subject, Place::Text, context)?;
    let words: Vec<&str> = filled
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let mut line = words.join(" ").replace("=?", "= ?");
    line.retain(
        |letter| !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
    );
    if line.is_empty() {
        warnings.push("the subject became empty: the name of the job stands instead".to_owned());
        line = execution::job().name.replace(char::is_control, " ");
    }
    if line.len() > LONGEST_SUBJECT {
        warnings.push(format!("the subject was cut to {LONGEST_SUBJECT} bytes"));
        while line.len() > LONGEST_SUBJECT {
            line.pop();
        }
        line.push('…');
    }
    Ok(line)
}

/// The text, and the HTML if there is one.
fn body(parameters: &Parameters, context: &Filling) -> Result<(String, Option<String>), Failure> {
    let source = &parameters.body;
    let of = |place| fill("body", source, place, context).map(|filled| without_controls(&filled));
    Ok(match parameters.body_format {
        BodyFormat::Text => (of(Place::Text)?, None),
        BodyFormat::Html => {
            let html = of(Place::Html)?;
            (plain::of_html(&html), Some(document(&html)))
        }
        // As it was written it reads well, but without the marks that keep data from becoming Markdown.
        BodyFormat::Markdown => (of(Place::Text)?, Some(document(&markdown::to_html(&of(Place::Markdown)?)))),
    })
}

/// Data may hold bytes that no mail carries.
fn without_controls(text: &str) -> String {
    text.replace(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'), "\u{fffd}")
}

/// A whole document, if it is not one already.
fn document(html: &str) -> String {
    let begins = html.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    if begins.starts_with("<!doctype") || begins.starts_with("<html") {
        return html.to_owned();
    }
    format!(
        "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<style>\n\
         body {{ font-family: system-ui, sans-serif; line-height: 1.5; }}\n\
         table {{ border-collapse: collapse; }}\n\
         th, td {{ border: 1px solid; padding: 0.25em 0.75em; }}\n\
         </style>\n</head>\n<body>\n{html}\n</body>\n</html>\n"
    )
}
