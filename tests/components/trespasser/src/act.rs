//! One attempt against a target that the job names.

use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions, manage};
use sandglass_sdk::email::{self, Message, Priority};
use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::http::{Auth, Request};
use sandglass_sdk::secrets::Secret;
use sandglass_sdk::{Error, clock, insight};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What to try.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Reads one document.
    Read {
        collection: String,
        #[serde(default)]
        filter: Value,
    },
    /// Runs a pipeline.
    Aggregate { collection: String, pipeline: Value },
    /// Puts a document in.
    Insert {
        collection: String,
        #[serde(default)]
        document: Value,
    },
    /// Changes a document.
    Update { collection: String, change: Value },
    /// Deletes documents.
    Delete { collection: String },
    /// Drops a collection.
    Drop { collection: String },
    /// Gives a collection another name.
    Rename { collection: String, to: String },
    /// Sends a request.
    Send {
        method: String,
        url: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        secret: Option<String>,
    },
    /// Sends a message.
    Mail {
        identity: String,
        to: String,
        #[serde(default)]
        subject: String,
    },
    /// Reads a file.
    ReadFile { folder: String, name: String },
    /// Stores a file.
    WriteFile { folder: String, name: String },
    /// Deletes a file.
    DeleteFile { folder: String, name: String },
    /// Takes a secret in hand.
    Secret { label: String },
    /// Looks at the text of a secret.
    Reveal { label: String },
    /// Asks for figures about all runs.
    Figures {},
}

impl Act {
    /// As the parameters spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Aggregate { .. } => "aggregate",
            Self::Insert { .. } => "insert",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
            Self::Drop { .. } => "drop",
            Self::Rename { .. } => "rename",
            Self::Send { .. } => "send",
            Self::Mail { .. } => "mail",
            Self::ReadFile { .. } => "read_file",
            Self::WriteFile { .. } => "write_file",
            Self::DeleteFile { .. } => "delete_file",
            Self::Secret { .. } => "secret",
            Self::Reveal { .. } => "reveal",
            Self::Figures {} => "figures",
        }
    }

    /// Tries it.
    pub fn attempt(&self) -> Result<(), Error> {
        match self {
            Self::Read { collection, filter } => {
                let filter = if filter.is_null() { json!({}) } else { filter.clone() };
                Collection::open(collection)?.find_one(&filter, &FindOptions::default()).map(drop)
            }
            Self::Aggregate { collection, pipeline } => {
                let cursor = Collection::open(collection)?.aggregate(pipeline, &json!({}))?;
                while !cursor.next_batch(0)?.is_empty() {}
                Ok(())
            }
            Self::Insert { collection, document } => {
                let document = if document.is_null() { json!({ "by": "trespasser" }) } else { document.clone() };
                Collection::open(collection)?.insert(&[document]).map(drop)
            }
            Self::Update { collection, change } => {
                let all = UpdateOptions { many: true, ..UpdateOptions::default() };
                Collection::open(collection)?.update(&json!({}), change, &all).map(drop)
            }
            Self::Delete { collection } => Collection::open(collection)?.delete(&json!({}), None).map(drop),
            Self::Drop { collection } => manage::drop(collection),
            Self::Rename { collection, to } => manage::rename(collection, to, true),
            Self::Send { method, url, headers, secret } => {
                let secret = secret.as_deref().map(Secret::get).transpose()?;
                let mut request = Request::new(method, url);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                if let Some(secret) = &secret {
                    request = request.auth(Auth::Bearer(secret));
                }
                request.send().map(drop)
            }
            Self::Mail { identity, to, subject } => email::send(identity, &message(to, subject)).map(drop),
            Self::ReadFile { folder, name } => Folder::open(folder)?.read(name, 0, 1_000).map(drop),
            Self::WriteFile { folder, name } => {
                let options = WriterOptions { overwrite: true, content_type: None };
                let writer = Folder::open(folder)?.create(name, &options)?;
                writer.write(b"trespasser")?;
                writer.finish().map(drop)
            }
            Self::DeleteFile { folder, name } => Folder::open(folder)?.delete(name),
            Self::Secret { label } => Secret::get(label).map(drop),
            Self::Reveal { label } => Secret::get(label)?.reveal().map(drop),
            Self::Figures {} => insight::statistics(clock::now(), clock::now(), &json!({})).map(drop),
        }
    }
}

pub fn message(to: &str, subject: &str) -> Message {
    Message {
        to: vec![to.to_owned()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: subject.to_owned(),
        text: "From where nobody should write.".to_owned(),
        html: None,
        priority: Priority::Normal,
        headers: Vec::new(),
        attachments: Vec::new(),
    }
}
