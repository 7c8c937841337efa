//! `--params`: JSON on the command line, or a file that holds it.

use std::path::Path;

use serde_json::{Value, json};

use super::super::CliError;
use crate::model::template::Problem;

/// Reads the option; without it there are no parameters.
///
/// # Errors
/// A file that cannot be read, or text that is no JSON object.
pub(super) fn read(option: Option<&str>) -> Result<Value, CliError> {
    let Some(option) = option else { return Ok(json!({})) };
    let is_text = option.trim_start().starts_with(['{', '[', '"']);
    let text = if is_text {
        option.to_owned()
    } else {
        std::fs::read_to_string(Path::new(option)).map_err(|error| {
            CliError::NotFound(format!(
                "--params {option} cannot be read: {error}. A JSON object, or a file with one, is \
                 expected"
            ))
        })?
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| CliError::Usage(format!("--params is not JSON: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(CliError::Usage("--params must be a JSON object".to_owned())) }
}

/// One line a problem.
pub(super) fn told(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        let pointer = if problem.pointer.is_empty() { "(whole)" } else { &problem.pointer };
        format!("  {pointer}: {}", problem.message)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
