//! What is wrong with parameters beyond what their schema can say. All of it is told at once.

use std::collections::HashSet;

use sandglass_sdk::{FileName, Problems, query};
use serde_json::{Map, Value};

use crate::MOST_SHEET_ROWS;
use crate::parameters::{Compression, Destination, Format, Parameters, TableSettings};

/// Everything that is wrong.
pub fn of(parameters: &Parameters) -> Problems {
    let mut problems = Problems::none();
    check_collection(&mut problems, &parameters.connection, &parameters.collection);
    query::check_filter(&mut problems, "/filter", &parameters.filter);
    check_projection(&mut problems, &parameters.projection);
    check_sort(&mut problems, &parameters.sort);
    check_table(&mut problems, parameters);
    if parameters.format == Format::Xlsx {
        if parameters.limit > MOST_SHEET_ROWS {
            problems.add("/limit", "is more than the 100,000 rows that xlsx holds: choose csv, or export in parts");
        }
        if parameters.compression == Compression::Gzip {
            problems.add("/compression", "is of no use: xlsx is compressed as it is; set none");
        }
    }
    check_file(&mut problems, parameters);
    problems
}

fn check_collection(problems: &mut Problems, connection: &str, collection: &str) {
    let mut add = |message: String| problems.add("/collection", message);
    if collection.starts_with("system.") || collection.contains('$') || collection.contains('\0') {
        add(format!("{collection:?} belongs to the database itself: name one of your collections"));
    }
    if collection.contains('/') && connection != "default" {
        add("names a connection, and so does the parameter connection: keep one of them".to_owned());
    }
    if collection.starts_with('/') || collection.ends_with('/') || collection.is_empty() {
        add("has no name beside the slash: write it as in `orders`".to_owned());
    }
}

fn check_projection(problems: &mut Problems, projection: &Map<String, Value>) {
    let mut takes = None;
    for (name, value) in projection {
        let at = join("/projection", name);
        check_path(problems, &at, name);
        let shows = match value {
            Value::Bool(shows) => *shows,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Object(_) => true,
            Value::String(text) if text.starts_with('$') => true,
            _ => {
                problems.add(&at, format!("is {value}: write 1 to take the field or 0 to leave it out"));
                continue;
            }
        };
        if name != "_id" && *takes.get_or_insert(shows) != shows {
            problems.add(&at, "takes some fields and leaves out others: do one of both (_id alone may differ)");
        }
    }
}

fn check_sort(problems: &mut Problems, sort: &Map<String, Value>) {
    for (name, value) in sort {
        let at = join("/sort", name);
        check_path(problems, &at, name);
        if !matches!(value.as_f64(), Some(1.0 | -1.0)) {
            problems.add(&at, format!("is {value}: write 1 for ascending or -1 for descending"));
        }
    }
}

fn check_table(problems: &mut Problems, parameters: &Parameters) {
    let table = &parameters.csv;
    check_delimiter(problems, &table.delimiter);
    if !parameters.is_table() && !table.columns.is_empty() {
        problems.add("/csv/columns", "only a table has columns: choose csv or xlsx, or use projection");
    }
    if table.null_text.contains(['\r', '\n', '\0']) {
        problems.add("/csv/null_text", "holds a line break: keep it to one line");
    }
    check_columns(problems, table, &parameters.projection);
}

fn check_delimiter(problems: &mut Problems, delimiter: &str) {
    let fits = match delimiter.as_bytes() {
        [b'\t' | b' '] => true,
        [byte] => byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'.' | b'-' | b'+'),
        _ => false,
    };
    if !fits {
        problems.add(
            "/csv/delimiter",
            format!(
                "is {delimiter:?}: choose one sign that is no letter, digit, quote, point or sign of a number, \
                 such as , ; | or a tab"
            ),
        );
    }
}

fn check_columns(problems: &mut Problems, table: &TableSettings, projection: &Map<String, Value>) {
    let mut titles = HashSet::new();
    for (index, column) in table.columns.iter().enumerate() {
        let at = format!("/csv/columns/{index}");
        check_path(problems, &format!("{at}/path"), &column.path);
        if !titles.insert(column.title()) {
            let pointer = if column.title.is_some() { format!("{at}/title") } else { format!("{at}/path") };
            problems.add(
                pointer,
                format!("{:?} stands above another column too: give it a title of its own", column.title()),
            );
        }
        if is_left_out(&column.path, projection) {
            problems.add(format!("{at}/path"), "is left out by the projection: take it there too, or drop the column");
        }
    }
}

/// Whether a projection by plain 1 and 0 keeps a field from the export.
fn is_left_out(path: &str, projection: &Map<String, Value>) -> bool {
    let is_zero = |value: &Value| value == &Value::Bool(false) || value.as_f64() == Some(0.0);
    let covers = |outer: &str, inner: &str| {
        inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
    };
    let takes = projection.iter().any(|(name, value)| name != "_id" && !is_zero(value));
    let root = path.split('.').next().unwrap_or_default();
    if root == "_id" {
        return projection.get("_id").is_some_and(is_zero);
    }
    if takes {
        !projection.keys().any(|name| covers(name, path) || covers(path, name) || name.split('.').next() == Some(root))
    } else {
        projection.iter().any(|(name, value)| name != "_id" && is_zero(value) && covers(name, path))
    }
}

fn check_file(problems: &mut Problems, parameters: &Parameters) {
    let name = match FileName::parse(&parameters.file_name, parameters.ending()) {
        Ok(name) => name,
        Err(faults) => {
            faults.into_iter().for_each(|fault| problems.add("/file_name", fault));
            return;
        }
    };
    if parameters.keep_last == 0 {
        return;
    }
    if parameters.destination == Destination::Memory {
        problems.add("/keep_last", "there are no files to keep with the destination memory: set 0, or choose file");
    } else if !name.changes() {
        problems.add(
            "/keep_last",
            "the file name is the same in every run, so there is never more than one: put {date}, {time} or \
             {execution} into file_name, or set 0",
        );
    }
}

fn check_path(problems: &mut Problems, pointer: &str, path: &str) {
    if path.starts_with('$') || path.split('.').any(str::is_empty) || path.contains('\0') {
        problems.add(pointer, format!("{path:?} is no field: write it as in `email` or `address.city`"));
    }
}

/// A JSON pointer one step deeper (RFC 6901).
fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
