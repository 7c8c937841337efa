//! Documents out of a file, one at a time, so that a file of any size can be read.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sandglass_database::bson::{self, Bson, Document};
use sandglass_database::extended_json;
use serde_json::Value;

use super::CliError;
use super::import::Format;

/// Largest document that the database takes.
const MAX_DOCUMENT_BYTES: u32 = 16 * 1024 * 1024;

/// How values are understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Fields that hold dates.
    pub(super) dates: Vec<String>,
    /// CSV: no guessing of numbers.
    pub(super) text: bool,
}

/// One document, with its place for messages.
#[derive(Debug)]
pub(super) struct Item {
    /// Line for text formats, otherwise the number of the document.
    pub(super) line: u64,
    pub(super) document: Document,
    pub(super) bytes_read: u64,
}

type Documents = Box<dyn Iterator<Item = Result<Item, CliError>>>;

/// The file's size (0 if unknown) and its contents; `-` is standard input.
pub(super) fn open(file: &Path) -> Result<(u64, Box<dyn Read>), CliError> {
    if file == Path::new("-") {
        return Ok((0, Box::new(std::io::stdin())));
    }
    let failed = |error| CliError::NotFound(format!("{} cannot be read: {error}", file.display()));
    let opened = std::fs::File::open(file).map_err(failed)?;
    let size = opened.metadata().map_err(failed)?.len();
    Ok((size, Box::new(opened)))
}

pub(super) fn documents(format: Format, input: Box<dyn Read>, reading: Reading) -> Documents {
    let position = Arc::new(AtomicU64::new(0));
    let input = BufReader::with_capacity(1 << 16, Counted { inner: input, position: Arc::clone(&position) });
    let found: Box<dyn Iterator<Item = Result<(u64, Document), CliError>>> = match format {
        Format::Jsonl => Box::new(json_lines(input)),
        Format::Json => json_array(input),
        Format::Csv => csv(input, reading.text),
        Format::Bson => Box::new(bson_documents(input)),
    };
    Box::new(found.map(move |found| {
        let (line, mut document) = found?;
        for field in &reading.dates {
            make_date(&mut document, field).map_err(|found| {
                CliError::Usage(format!(
                    "document {line}: {field} is {found}, which is no date that could be understood"
                ))
            })?;
        }
        Ok(Item { line, document, bytes_read: position.load(Ordering::Relaxed) })
    }))
}

fn json_lines(input: impl BufRead) -> impl Iterator<Item = Result<(u64, Document), CliError>> {
    input.lines().zip(1u64..).filter_map(|(line, number)| match line {
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => Some(parse(&line, number)),
        Err(error) => Some(Err(CliError::Failure(format!("line {number}: {error}")))),
    })
}

fn json_array(input: impl BufRead) -> Box<dyn Iterator<Item = Result<(u64, Document), CliError>>> {
    let values: Vec<Value> = match serde_json::from_reader(input) {
        Ok(values) => values,
        Err(error) => return Box::new(std::iter::once(Err(CliError::Usage(format!("not a JSON array: {error}"))))),
    };
    Box::new(values.into_iter().zip(1u64..).map(|(value, number)| {
        let document = extended_json::to_document(value)
            .map_err(|error| CliError::Usage(format!("document {number}: {error}")))?;
        Ok((number, document))
    }))
}

fn parse(text: &str, line: u64) -> Result<(u64, Document), CliError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| CliError::Usage(format!("line {line} is not JSON: {error}")))?;
    let document =
        extended_json::to_document(value).map_err(|error| CliError::Usage(format!("line {line}: {error}")))?;
    Ok((line, document))
}

fn csv(input: impl BufRead + 'static, text: bool) -> Box<dyn Iterator<Item = Result<(u64, Document), CliError>>> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect(),
        Err(error) => return Box::new(std::iter::once(Err(CliError::Usage(format!("the header line: {error}"))))),
    };
    Box::new(reader.into_records().map(move |record| {
        let record = record.map_err(|error| CliError::Usage(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut document = Document::new();
        for (name, cell) in header.iter().zip(&record) {
            if !cell.is_empty() {
                document.insert(name, if text { Bson::String(cell.to_owned()) } else { guess(cell) });
            }
        }
        Ok((line, document))
    }))
}

/// Numbers, true and false; a number with a leading zero stays text, for it is a code more often than not.
fn guess(cell: &str) -> Bson {
    let digits = cell.trim_start_matches('-');
    let code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    match cell {
        "true" => Bson::Boolean(true),
        "false" => Bson::Boolean(false),
        _ if code || !digits.starts_with(|first: char| first.is_ascii_digit()) => Bson::String(cell.to_owned()),
        _ => match (cell.parse::<i64>(), cell.parse::<f64>()) {
            (Ok(integer), _) => i32::try_from(integer).map_or(Bson::Int64(integer), Bson::Int32),
            (_, Ok(double)) => Bson::Double(double),
            _ => Bson::String(cell.to_owned()),
        },
    }
}

fn bson_documents(mut input: impl BufRead) -> impl Iterator<Item = Result<(u64, Document), CliError>> {
    let mut number = 0u64;
    std::iter::from_fn(move || {
        number += 1;
        let failed = |what: &str| Some(Err(CliError::Usage(format!("document {number}: {what}"))));
        match input.fill_buf() {
            Ok([]) => return None,
            Ok(_) => {}
            Err(error) => return failed(&error.to_string()),
        }
        let mut length = [0u8; 4];
        if let Err(error) = input.read_exact(&mut length) {
            return failed(&error.to_string());
        }
        let size = u32::from_le_bytes(length);
        if !(5..=MAX_DOCUMENT_BYTES).contains(&size) {
            return failed(&format!("not BSON: its length says {size} bytes"));
        }
        let mut bytes = length.to_vec();
        let rest = u64::from(size) - 4;
        match input.by_ref().take(rest).read_to_end(&mut bytes) {
            Ok(read) if read as u64 == rest => {}
            Ok(_) => return failed("the file ends in the middle of it"),
            Err(error) => return failed(&error.to_string()),
        }
        match bson::deserialize_from_slice::<Document>(&bytes) {
            Ok(document) => Some(Ok((number, document))),
            Err(error) => failed(&error.to_string()),
        }
    })
}

/// Turns text or a number at a dotted path into a date; leaves what is missing, null or a date already.
fn make_date(document: &mut Document, path: &str) -> Result<(), String> {
    if let Some((first, rest)) = path.split_once('.') {
        return match document.get_mut(first) {
            Some(Bson::Document(inner)) => make_date(inner, rest),
            _ => Ok(()),
        };
    }
    let Some(value) = document.get_mut(path) else { return Ok(()) };
    let date = match value {
        Bson::String(text) => parse_date(text).ok_or_else(|| format!("{text:?}"))?,
        Bson::Int32(seconds) => bson::DateTime::from_millis(i64::from(*seconds) * 1_000),
        Bson::Int64(seconds) => {
            bson::DateTime::from_millis(seconds.checked_mul(1_000).ok_or_else(|| format!("{seconds}"))?)
        }
        #[expect(clippy::cast_possible_truncation, reason = "a float casts to the nearest millisecond and saturates")]
        Bson::Double(seconds) => bson::DateTime::from_millis((*seconds * 1_000.0).round() as i64),
        Bson::DateTime(_) | Bson::Null => return Ok(()),
        other => return Err(format!("{other}")),
    };
    *value = Bson::DateTime(date);
    Ok(())
}

/// RFC 3339, or a date with or without a time, which is taken as UTC.
fn parse_date(text: &str) -> Option<bson::DateTime> {
    let text = text.trim();
    let instant = DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.with_timezone(&Utc))
        .ok()
        .or_else(|| {
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S"]
                .iter()
                .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                .map(|naive| naive.and_utc())
        })
        .or_else(|| {
            ["%Y-%m-%d", "%Y/%m/%d", "%b %d %Y"]
                .iter()
                .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
                .and_then(|date| date.and_hms_opt(0, 0, 0))
                .map(|naive| naive.and_utc())
        })?;
    Some(bson::DateTime::from_millis(instant.timestamp_millis()))
}

struct Counted<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, bytes: &[u8], reading: Reading) -> Result<Vec<Document>, CliError> {
        documents(format, Box::new(std::io::Cursor::new(bytes.to_vec())), reading)
            .map(|item| item.map(|item| item.document))
            .collect()
    }

    #[test]
    fn the_four_formats_give_the_same_documents() {
        let expected = vec![bson::doc! {"a": 1, "b": "x"}, bson::doc! {"a": 2, "b": "y"}];
        let lines = read(Format::Jsonl, b"{\"a\":1,\"b\":\"x\"}\n\n{\"a\":2,\"b\":\"y\"}\n", Reading::default());
        let array = read(Format::Json, b"[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]", Reading::default());
        let csv = read(Format::Csv, b"a,b\n1,x\n2,y\n", Reading::default());
        let mut encoded = Vec::new();
        for document in &expected {
            encoded.extend(bson::serialize_to_vec(document).unwrap());
        }
        let bson = read(Format::Bson, &encoded, Reading::default());
        for found in [lines, array, csv, bson] {
            assert_eq!(found.unwrap(), expected);
        }
    }

    #[test]
    fn csv_guesses_numbers_but_leaves_codes_alone() {
        let found =
            read(Format::Csv, b"zip,n,f,flag,word,empty\n00501,-7,1.5,true,1st,\n", Reading::default()).unwrap();
        assert_eq!(found, vec![bson::doc! {"zip": "00501", "n": -7, "f": 1.5, "flag": true, "word": "1st"}]);
    }

    #[test]
    fn named_fields_become_dates_and_a_wrong_one_is_named() {
        let reading = || Reading { dates: vec!["at".into()], text: false };
        let found = read(Format::Csv, b"at\n2026-01-02\n1767312000\n", reading()).unwrap();
        let expected = bson::DateTime::parse_rfc3339_str("2026-01-02T00:00:00Z").unwrap();
        assert_eq!(found, vec![bson::doc! {"at": expected}, bson::doc! {"at": expected}]);
        let error = read(Format::Csv, b"at\nsoon\n", reading()).unwrap_err().to_string();
        assert!(error.contains("at is \"soon\"") && error.contains("document 2"), "{error}");
    }

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let error = read(Format::Jsonl, b"{}\n{\n", Reading::default()).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        let error = read(Format::Bson, &[9, 0, 0, 0, 1], Reading::default()).unwrap_err().to_string();
        assert!(error.contains("middle"), "{error}");
    }
}
