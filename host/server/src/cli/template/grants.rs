//! `--grants`: what a component may reach while it is tried.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::CliError;
use crate::capabilities::right;
use crate::model::Digest;
use crate::model::grant::{Grant, Limits, Right, asked_for};
use crate::model::template::Metadata;

/// Grants exactly what is asked for.
const AS_NEEDED: &str = "as-needed";

/// A grant in a file, as the REST interface takes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    rights: Vec<Right>,
    #[serde(default)]
    limits: Limits,
}

/// The grant that an option names: nothing without it.
///
/// # Errors
/// A file that cannot be read, or that is no grant.
pub(super) fn read(option: Option<&str>, metadata: &Metadata, digest: &Digest) -> Result<Grant, CliError> {
    let (rights, limits) = match option {
        None => (Vec::new(), Limits::default()),
        Some(AS_NEEDED) => (asked_for(&metadata.needs), Limits::default()),
        Some(file) => {
            let written = read_file(Path::new(file))?;
            (written.rights, written.limits)
        }
    };
    Ok(Grant { template_type: metadata.name.clone(), digest: digest.clone(), rights, limits })
}

fn read_file(file: &Path) -> Result<Written, CliError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::NotFound(format!("--grants {shown} cannot be read: {error}. A file, or {AS_NEEDED}, is expected"))
    })?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| CliError::Usage(format!("--grants {shown} is not JSON: {error}")))?;
    let written: Written = serde_json::from_value(value).map_err(|error| {
        CliError::Usage(format!(
            "--grants {shown}: {error}. A grant looks like {{\"rights\": [{{\"capability\": \"documents\", \"target\": \
             \"orders\", \"access\": [\"read\"]}}]}}"
        ))
    })?;
    let faults = written.rights.iter().enumerate().flat_map(|(place, right)| {
        let faults = right::check(right).into_iter();
        faults.map(move |fault| format!("\n  /rights/{place}{}: {}", fault.pointer, fault.message))
    });
    let faults: String = faults.collect();
    if faults.is_empty() { Ok(written) } else { Err(CliError::Usage(format!("--grants {shown}:{faults}"))) }
}
