//! Where a job wants its archive.

use sandglass_sdk::{FileName, Problems};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::parameters::{check_name, default_connection, full_name};

/// Where a job wants its archive.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ArchiveTarget {
    /// Another collection
    Collection(CollectionTarget),
    /// A file
    File(FileTarget),
}

/// Another collection.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Another collection")]
pub struct CollectionTarget {
    /// The collection that takes the documents, under the same `_id`.
    #[schemars(title = "Archive collection", length(min = 1, max = 200), example = &"logs_archive",
        extend("x-ui" = {"order": 1, "widget": "collection", "help": "It is made when it does not exist."}))]
    pub collection: String,
    /// Which of the configured databases.
    #[serde(default = "default_connection")]
    #[schemars(title = "Archive connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 2, "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A file")]
pub struct FileTarget {
    /// The folder, by its label.
    #[schemars(title = "Folder", length(min = 1, max = 64), example = &"exports",
        extend("x-ui" = {"order": 1, "widget": "folder", "help": "Folders are set up by an administrator."}))]
    pub folder: String,
    /// Name of the file, one document a line. `{collection}`, `{job}`, `{date}`, `{time}`, `{execution}` and `{attempt}` are filled in.
    #[serde(default = "default_file_name")]
    #[schemars(title = "File name", length(min = 1, max = 200), example = &"{collection}/{date}-{execution}-{attempt}.jsonl",
        extend("x-ui" = {"order": 2, "widget": "text", "help": "A file that exists is never overwritten: keep {execution} and {attempt} in the name."}))]
    pub file_name: String,
}

fn default_file_name() -> String {
    "{collection}-{date}-{execution}-{attempt}.jsonl".to_owned()
}

impl FileTarget {
    /// The name of the file, with the place `collection` beside those that every template has.
    ///
    /// # Errors
    /// Every fault of the pattern, in words.
    pub fn file_name(&self) -> Result<FileName, Vec<String>> {
        FileName::with_places(&self.file_name, "", &["collection"])
    }
}

impl CollectionTarget {
    /// The name that opens the collection.
    pub fn full_name(&self) -> String {
        full_name(&self.connection, &self.collection)
    }
}

impl ArchiveTarget {
    /// What a schema cannot say. `source` is what is cleaned up.
    pub fn check(&self, problems: &mut Problems, source: &str) {
        match self {
            Self::Collection(target) => {
                check_name(problems, "/archive_to/collection", &target.connection, &target.collection);
                if target.full_name() == source {
                    problems.add("/archive_to/collection", "is the collection that is cleaned up: name another one");
                }
            }
            Self::File(target) => {
                for fault in target.file_name().err().into_iter().flatten() {
                    problems.add("/archive_to/file_name", fault);
                }
            }
        }
    }
}
