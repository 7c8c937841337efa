//! Steps with files.

use sandglass_sdk::Error;
use sandglass_sdk::files::{Folder, Info, WriterOptions};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Bytes that cross the sandbox at a time.
const PIECE: usize = 65_536;

/// What to do with a file.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FileStep {
    /// `write`, `read`, `info`, `list` or `delete`.
    pub action: String,
    #[serde(default = "exports")]
    pub folder: String,
    #[serde(default)]
    pub name: String,
    /// What is written.
    #[serde(default)]
    pub content: String,
    /// Written behind the content.
    #[serde(default)]
    pub zeros: usize,
    #[serde(default)]
    pub overwrite: bool,
    /// What becomes of the writer: `finish`, `drop`, or `hold` until the run ends.
    #[serde(default = "finish")]
    pub then: String,
    #[serde(default)]
    pub offset: u64,
    pub max: Option<u32>,
    pub after: Option<String>,
}

fn exports() -> String {
    "exports".to_owned()
}

fn finish() -> String {
    "finish".to_owned()
}

impl FileStep {
    pub fn take(&self) -> Result<Value, Error> {
        let folder = Folder::open(&self.folder)?;
        Ok(match self.action.as_str() {
            "write" => self.write(&folder)?,
            "read" => {
                let bytes = folder.read(&self.name, self.offset, self.max.unwrap_or(u32::MAX))?;
                json!({ "content": String::from_utf8_lossy(&bytes), "bytes": bytes.len() })
            }
            "info" => shown(&folder.info(&self.name)?),
            "list" => {
                let list = folder.entries(&self.name, self.after.as_deref(), self.max.unwrap_or(u32::MAX))?;
                Value::Array(list.iter().map(shown).collect())
            }
            _ => {
                folder.delete(&self.name)?;
                Value::Null
            }
        })
    }

    fn write(&self, folder: &Folder) -> Result<Value, Error> {
        let options = WriterOptions { overwrite: self.overwrite, content_type: None };
        let writer = folder.create(&self.name, &options)?;
        writer.write(self.content.as_bytes())?;
        let zeros = vec![0; self.zeros.min(PIECE)];
        let mut left = self.zeros;
        while left > 0 {
            let piece = zeros.get(..left.min(PIECE)).unwrap_or_default();
            writer.write(piece)?;
            left -= piece.len();
        }
        match self.then.as_str() {
            "drop" => drop(writer),
            "hold" => std::mem::forget(writer),
            _ => return writer.finish().map(|info| shown(&info)),
        }
        Ok(Value::Null)
    }
}

fn shown(info: &Info) -> Value {
    json!({ "name": info.name, "size": info.size, "sha256": info.sha256 })
}
