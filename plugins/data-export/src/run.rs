//! One run: columns where the format needs them, the documents, the file, older files.

use sandglass_sdk::documents;
use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::{Error, Failure, FileName, Outcome, execution, log};
use serde_json::{Value, json};

use crate::MOST_SHEET_ROWS;
use crate::columns::{Columns, MOST_COLUMNS, TooManyColumns};
use crate::formats::{Findings, FormatWriter};
use crate::output::{self, MOST_MEMORY_BYTES, Output, Written};
use crate::parameters::{Destination, Format, Parameters};
use crate::retention::{self, Finished};
use crate::source::Source;

/// Up to so many documents, all are looked at for their fields before the first is written.
const LOOKED_AT: u64 = 100_000;
/// Beyond that, so many.
const SAMPLE: u64 = 20_000;
/// What a result needs beside its details.
const RESULT_ROOM_BYTES: usize = 8 * 1024;

/// Does the work.
pub fn run(parameters: &Parameters) -> Result<Outcome, Failure> {
    let source = Source::open(parameters)?;
    if parameters.format == Format::Xlsx && source.total.is_some_and(|total| total > MOST_SHEET_ROWS) {
        return Err(too_many_rows());
    }
    // Before the first document is read: a name that is taken, or a folder that is closed, should not cost the time.
    let target = Target::open(parameters)?;
    let output = target.output(parameters)?;
    let columns = columns(parameters, &source)?;
    let mut findings = Findings::default();
    let (rows, output) = write(parameters, &source, &columns, output, &mut findings)?;
    if rows == 0 {
        refuse_missing(parameters)?;
    }
    let written = output.finish().map_err(|error| Failure::from(error).during("storing the export"))?;
    let mut outcome = Outcome::new(message(parameters, &target, rows, written.bytes))
        .processed(rows)
        .affected(rows)
        .details(details(parameters, &target, rows, &columns, &written));
    for warning in warnings(rows, &findings) {
        outcome = outcome.warning(warning);
    }
    log::info(&outcome.message, &[("rows", &rows), ("bytes", &written.bytes), ("sha256", &written.sha256)]);
    match target {
        Target::File { folder, pattern, name } if parameters.keep_last > 0 => {
            let finished = Finished { name: &name, size_bytes: written.bytes, sha256: &written.sha256 };
            let report = retention::keep_last(&folder, &pattern, &finished, parameters.keep_last as usize);
            if let Some(fields) = outcome.details.as_object_mut() {
                fields.insert("deleted".to_owned(), json!(report.deleted));
            }
            Ok(report.warnings.into_iter().fold(outcome, Outcome::warning))
        }
        Target::File { .. } => Ok(outcome),
        Target::Memory => fitting(outcome),
    }
}

/// Where this run writes to.
enum Target {
    File { folder: Folder, pattern: FileName, name: String },
    Memory,
}

impl Target {
    fn open(parameters: &Parameters) -> Result<Self, Failure> {
        if parameters.destination == Destination::Memory {
            return Ok(Self::Memory);
        }
        let pattern = FileName::parse(&parameters.file_name, parameters.ending())
            .map_err(|faults| Failure::permanent(format!("the file name {}", faults.join(", and "))))?;
        let folder = Folder::open(&parameters.folder).map_err(opening)?;
        Ok(Self::File { folder, name: pattern.of_this_run(), pattern })
    }

    fn output(&self, parameters: &Parameters) -> Result<Output, Failure> {
        let Self::File { pattern, name, .. } = self else { return Ok(Output::memory()) };
        // An earlier attempt of this execution may have come as far as its file, and no other run has that name.
        let is_own = execution::attempt() > 1 && pattern.names_execution();
        let options = WriterOptions {
            overwrite: parameters.overwrite || is_own,
            content_type: Some(parameters.content_type().to_owned()),
        };
        let folder = Folder::open(&parameters.folder).map_err(opening)?;
        Output::file(folder, name, &options).map_err(|error| match error.kind {
            sandglass_sdk::ErrorKind::Conflict => {
                let mut failure = Failure::from(error);
                failure.message = format!(
                    "{}/{name} is there already: switch overwrite on, or put {{execution}} into file_name",
                    parameters.folder
                );
                failure
            }
            _ => Failure::from(error).during("beginning the file"),
        })
    }
}

fn opening(error: Error) -> Failure {
    Failure::from(error).during("opening the folder")
}

/// The columns of a table; none for JSON.
fn columns(parameters: &Parameters, source: &Source<'_>) -> Result<Columns, Failure> {
    if !parameters.is_table() || !parameters.csv.columns.is_empty() {
        return Ok(Columns::named(&parameters.csv.columns));
    }
    let is_sample = source.total.is_none_or(|total| total > LOOKED_AT);
    let mut columns = Columns::unknown(parameters.csv.flatten);
    let mut documents = source.documents(is_sample.then_some(SAMPLE), "looking for columns")?;
    loop {
        let batch = documents.next_batch()?;
        if batch.is_empty() {
            break;
        }
        for document in &batch {
            columns.learn(document).map_err(|TooManyColumns| too_many_columns())?;
        }
    }
    let (count, looked_at) = (columns.titles().len(), documents.read);
    let how = if is_sample { "the first" } else { "all" };
    log::info(format!("found {count} columns in {how} {looked_at} documents"), &[]);
    log::debug("columns", &[("titles", &columns.titles().join(", "))]);
    Ok(columns)
}

fn write(
    parameters: &Parameters,
    source: &Source<'_>,
    columns: &Columns,
    output: Output,
    findings: &mut Findings,
) -> Result<(u64, Output), Failure> {
    let mut writer = FormatWriter::begin(parameters, columns, output).map_err(output::failure)?;
    let mut documents = source.documents(None, "exported")?;
    loop {
        let batch = documents.next_batch()?;
        if batch.is_empty() {
            break;
        }
        if parameters.format == Format::Xlsx && documents.read > MOST_SHEET_ROWS {
            return Err(too_many_rows());
        }
        for document in &batch {
            writer.write(document, findings).map_err(output::failure)?;
        }
    }
    Ok((documents.read, writer.end().map_err(output::failure)?))
}

/// An empty file is right where nothing matches, and a trap where the collection's name is misspelt.
fn refuse_missing(parameters: &Parameters) -> Result<(), Failure> {
    let (connection, collection) =
        parameters.collection.split_once('/').unwrap_or((&parameters.connection, &parameters.collection));
    let Ok(present) = documents::collections(connection) else { return Ok(()) };
    if present.iter().any(|info| info.get("name").and_then(Value::as_str) == Some(collection)) {
        return Ok(());
    }
    Err(Failure::permanent(format!(
        "there is no collection {collection} in the connection {connection}, so nothing was stored: check both names"
    ))
    .details(json!({ "error": { "kind": "not-found", "reason": "unknown-collection" } })))
}

fn too_many_rows() -> Failure {
    Failure::permanent(
        "more documents match than the 100,000 rows that an xlsx export holds; nothing was stored: narrow the filter, \
         set limit to 100000 (and skip for the next part), or choose the format csv",
    )
    .details(json!({ "error": { "kind": "limit", "reason": "sheet-rows" } }))
}

fn too_many_columns() -> Failure {
    Failure::permanent(format!(
        "the documents have more than {MOST_COLUMNS} fields, too many for a table; nothing was stored: name the \
         columns in csv.columns, switch csv.flatten off, or choose the format jsonl"
    ))
    .details(json!({ "error": { "kind": "limit", "reason": "columns" } }))
}

fn details(parameters: &Parameters, target: &Target, rows: u64, columns: &Columns, written: &Written) -> Value {
    let mut details = json!({
        "rows": rows, "bytes": written.bytes, "sha256": written.sha256, "path": null,
        "format": parameters.format, "compression": parameters.compression,
    });
    let Some(fields) = details.as_object_mut() else { return details };
    if parameters.is_table() {
        fields.insert("columns".to_owned(), json!(columns.titles()));
    }
    if let Target::File { name, .. } = target {
        fields.insert("path".to_owned(), json!(format!("{}/{name}", parameters.folder)));
        fields.insert("folder".to_owned(), json!(parameters.folder));
        fields.insert("file".to_owned(), json!(name));
    }
    if let Some(content) = &written.content {
        fields.insert("encoding".to_owned(), json!(content.encoding));
        fields.insert("content".to_owned(), json!(content.text));
    }
    details
}

fn message(parameters: &Parameters, target: &Target, rows: u64, bytes: u64) -> String {
    let documents = if rows == 1 { "document" } else { "documents" };
    let place = match target {
        Target::File { name, .. } => format!("{}/{name}", parameters.folder),
        Target::Memory => "the result".to_owned(),
    };
    format!("exported {rows} {documents} from {} to {place} ({bytes} bytes)", parameters.full_name())
}

fn warnings(rows: u64, findings: &Findings) -> Vec<String> {
    let mut warnings = Vec::new();
    if rows == 0 {
        warnings.push("no document matched: the export is empty".to_owned());
    }
    let surprises = &findings.surprises;
    if surprises.documents > 0 {
        let names = surprises.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        warnings.push(format!(
            "{} documents have fields that were not seen while the columns were looked for, and that are missing in \
             the file: {names}; name the columns in csv.columns",
            surprises.documents
        ));
    }
    if findings.cut_cells > 0 {
        warnings.push(format!(
            "{} cells were longer than the 32,767 characters that Excel takes, and were cut: choose csv for whole texts",
            findings.cut_cells
        ));
    }
    warnings
}

/// The host would refuse a larger result without saying what to do.
fn fitting(outcome: Outcome) -> Result<Outcome, Failure> {
    let size = outcome.details.to_string().len();
    if size + RESULT_ROOM_BYTES > MOST_MEMORY_BYTES {
        return Err(Failure::from(output::too_large()));
    }
    Ok(outcome)
}
