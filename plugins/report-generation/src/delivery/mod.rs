//! Bringing a written report where it should go.

mod email;
mod file;

use sandglass_sdk::{Failure, FileName};
use serde_json::{Value, json};

use crate::formats;
use crate::parameters::{Destination, Format, Parameters};
use crate::report::Report;

/// What fits into the result of a run beside the rest of it; the host's own bound is 1 MiB.
const MOST_BYTES: usize = 900 * 1024;

/// What became of it.
#[derive(Debug)]
pub struct Delivered {
    /// What happened, after the title: `was sent to 2 recipients`.
    pub told: String,
    /// Facts for programs: an object.
    pub details: Value,
    pub warnings: Vec<String>,
}

/// Writes the report and delivers it.
///
/// # Errors
/// Those of files and e-mail; `permanent` when it does not fit where it should go.
pub fn run(parameters: &Parameters, report: &Report) -> Result<Delivered, Failure> {
    match parameters.destination {
        Destination::Memory => memory(parameters.format, report),
        Destination::File => file::run(parameters, report),
        Destination::Email => email::run(parameters, report),
    }
}

fn memory(format: Format, report: &Report) -> Result<Delivered, Failure> {
    let (details, bytes) = if format == Format::Json {
        let value = formats::to_json(report);
        let bytes = value.to_string().len();
        (json!({ "destination": "memory", "bytes": bytes, "report": value }), bytes)
    } else {
        let text = formats::write(report, format);
        // As it stands in JSON, with its quotes escaped.
        let bytes = Value::from(text.as_str()).to_string().len();
        (json!({ "destination": "memory", "bytes": text.len(), "content": text }), bytes)
    };
    if bytes > MOST_BYTES {
        return Err(Failure::permanent(format!(
            "the report takes {bytes} bytes, and a result holds at most {MOST_BYTES}: choose the destination file, a \
             larger group_by or fewer lines"
        )));
    }
    Ok(Delivered { told: "is in the result".to_owned(), details, warnings: Vec::new() })
}

/// The pattern was checked when the job was made.
fn name_of(parameters: &Parameters) -> Result<String, Failure> {
    FileName::parse(&parameters.file_name, parameters.format.ending())
        .map(|name| name.of_this_run())
        .map_err(|faults| Failure::permanent(format!("file_name {}", faults.join("; it "))))
}
