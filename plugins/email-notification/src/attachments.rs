//! Files of a folder as attachments.

use minijinja::Value as Filling;
use sandglass_sdk::email::Attachment;
use sandglass_sdk::files::Folder;
use sandglass_sdk::{Failure, execution, log};

use crate::parameters::Parameters;
use crate::render::{self, Place};

/// All attachments of a message, so that they and the rest fit into the memory of a run. What the host sends is its own
/// matter: it refuses larger messages, and names the bound.
pub const MOST_BYTES: u64 = 40 * 1024 * 1024;
const PIECE: u32 = 256 * 1024;

/// Reads the files.
///
/// # Errors
/// One that is not there (permanent), or too much.
pub fn read(parameters: &Parameters, context: &Filling) -> Result<Vec<Attachment>, Failure> {
    if parameters.attachments.is_empty() {
        return Ok(Vec::new());
    }
    let label = &parameters.folder;
    let folder =
        Folder::open(label).map_err(|error| Failure::from(error).during(&format!("opening the folder {label}")))?;
    let mut attachments = Vec::new();
    let mut left = MOST_BYTES;
    for pattern in &parameters.attachments {
        let name = render::fill(pattern, Place::Text, context)
            .map_err(|problem| Failure::permanent(format!("the name of an attachment {problem}")))?;
        let during = |error| Failure::from(error).during(&format!("reading {name} from {label}"));
        let size = folder.info(&name).map_err(during)?.size;
        left = left.checked_sub(size).ok_or_else(|| too_much(&name, size))?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        while (bytes.len() as u64) < size {
            let piece = folder.read(&name, bytes.len() as u64, PIECE).map_err(during)?;
            if piece.is_empty() {
                return Err(Failure::retryable(format!("{name} became shorter while it was read")));
            }
            bytes.extend(piece);
            if execution::should_stop() {
                return Err(Failure::interrupted("stopped while reading attachments, as the host asked"));
            }
        }
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let shown = name.rsplit('/').next().unwrap_or(&name).to_owned();
        log::debug("read an attachment", &[("name", &name), ("bytes", &size)]);
        let content_type = media_type(&shown).to_owned();
        attachments.push(Attachment { name: shown, content_type, content_id: None, bytes });
    }
    Ok(attachments)
}

fn too_much(name: &str, size: u64) -> Failure {
    Failure::permanent(format!(
        "the attachments are too large: {name} has {size} bytes, and all together may have {MOST_BYTES} (usually less: \
         email.message_bytes of the configuration); send a link, or export with compression"
    ))
}

/// By the end of the name.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "csv" => "text/csv; charset=utf-8",
        "txt" | "log" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "json" => "application/json",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pdf" => "application/pdf",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        "xml" => "application/xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
