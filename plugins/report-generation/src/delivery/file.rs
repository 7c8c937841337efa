//! Into a file of a folder.

use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::{Failure, log};
use serde_json::json;

use super::{Delivered, name_of};
use crate::formats;
use crate::parameters::Parameters;
use crate::report::Report;

/// Bytes of one call across the sandbox.
const PIECE_BYTES: usize = 64 * 1024;

pub fn run(parameters: &Parameters, report: &Report) -> Result<Delivered, Failure> {
    let during = |error| Failure::from(error).during("writing the report");
    let name = name_of(parameters)?;
    let folder = Folder::open(&parameters.folder).map_err(during)?;
    let options = WriterOptions {
        overwrite: parameters.overwrite,
        content_type: Some(parameters.format.content_type().to_owned()),
    };
    let text = formats::write(report, parameters.format);
    let writer = folder.create(&name, &options).map_err(|error| {
        let failure = during(error);
        if parameters.overwrite { failure } else { hinted(failure) }
    })?;
    for piece in text.as_bytes().chunks(PIECE_BYTES) {
        writer.write(piece).map_err(during)?;
    }
    let info = writer.finish().map_err(during)?;
    let path = format!("{}/{}", parameters.folder, info.name);
    log::debug("wrote the report", &[("path", &path), ("bytes", &info.size)]);
    Ok(Delivered {
        told: format!("was written to {path}"),
        details: json!({
            "destination": "file", "folder": parameters.folder, "file_name": info.name, "path": path,
            "bytes": info.size, "sha256": info.sha256,
        }),
        warnings: Vec::new(),
    })
}

/// A name that does not change from run to run is taken from the second run on.
fn hinted(mut failure: Failure) -> Failure {
    let is_taken =
        failure.details.as_ref().is_some_and(|details| details.pointer("/error/kind") == Some(&json!("conflict")));
    if is_taken {
        failure.message.push_str(" (put {date}, {time} or {execution} into file_name, or set overwrite)");
    }
    failure
}
