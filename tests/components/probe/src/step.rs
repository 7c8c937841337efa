//! One host call each.

use std::collections::BTreeMap;
use std::time::Duration;

use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions};
use sandglass_sdk::email::{self, Attachment, Message, Priority};
use sandglass_sdk::http::{Auth, Request};
use sandglass_sdk::secrets::Secret;
use sandglass_sdk::{Error, Failure, clock, execution, log, random};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::file::FileStep;

/// What to do. `collection` stands for another collection than the one of the parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Returns `documents`.
    Find { collection: Option<String>, filter: Option<Value>, sort: Option<Value>, limit: Option<u64> },
    /// Returns `inserted` and `failed`.
    Insert { collection: Option<String>, documents: Vec<Value> },
    /// Returns `matched`, `modified` and `upserted_id`.
    Update {
        collection: Option<String>,
        filter: Option<Value>,
        change: Value,
        #[serde(default)]
        many: bool,
        #[serde(default)]
        upsert: bool,
    },
    /// Returns `deleted`.
    Delete { collection: Option<String>, filter: Option<Value>, limit: Option<u64> },
    /// Returns `count`.
    Count { collection: Option<String>, filter: Option<Value> },
    /// Returns `values`.
    Distinct { collection: Option<String>, field: String, filter: Option<Value> },
    /// Returns `status`, `headers` and `body`.
    Http {
        url: String,
        #[serde(default = "get")]
        method: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: Option<String>,
        timeout_ms: Option<u64>,
        #[serde(default)]
        follow_redirects: bool,
        /// Label of a secret to send as a bearer token.
        bearer: Option<String>,
        /// User name, and label of the password.
        basic: Option<(String, String)>,
        /// Name of a header, and label of its value.
        secret_header: Option<(String, String)>,
        /// Name of a header, and label of the key that signs the body.
        hmac: Option<(String, String)>,
    },
    /// Returns `message_id`, `accepted` and `refused`.
    Email {
        #[serde(default = "default_identity")]
        identity: String,
        message: Box<Mail>,
    },
    /// Returns the `length` of a secret and its `text`, and logs the text as well.
    Reveal { label: String },
    /// Something with a file.
    File(FileStep),
    /// Returns `continues`.
    Wait { milliseconds: u64 },
    /// Returns nothing.
    Log {
        message: String,
        #[serde(default = "info")]
        level: String,
        #[serde(default)]
        fields: BTreeMap<String, String>,
    },
    /// Returns nothing.
    Progress {
        done: u64,
        total: Option<u64>,
        #[serde(default)]
        note: String,
    },
    /// Returns `stop`.
    ShouldStop {},
    /// Waits in short pieces until the host asks to stop, then ends as interrupted.
    UntilStopped {},
    /// Returns what the host says about the execution.
    Execution {},
    /// Returns `now`.
    Clock {},
    /// Returns `hex`.
    Random { length: u32 },
    /// Ends the run as failed; with `before_attempt` only in attempts before that one.
    Fail {
        #[serde(default = "permanent")]
        kind: String,
        #[serde(default)]
        message: String,
        before_attempt: Option<u32>,
        retry_after_ms: Option<u64>,
    },
}

/// A message, field by field.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    reply_to: Option<String>,
    subject: String,
    text: String,
    html: Option<String>,
    priority: String,
    headers: Vec<(String, String)>,
    attachments: Vec<File>,
}

/// An attachment whose content is a text.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    name: String,
    content_type: String,
    content_id: Option<String>,
    text: String,
}

fn default_identity() -> String {
    "default".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

fn info() -> String {
    "info".to_owned()
}

fn permanent() -> String {
    "permanent".to_owned()
}

/// Why a step came to nothing.
pub enum Refusal {
    /// The host answered with an error.
    Error(Error),
    /// The step asked for the run to end.
    Failure(Failure),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Step {
    /// The name of the operation, as the parameters spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Find { .. } => "find",
            Self::Insert { .. } => "insert",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
            Self::Count { .. } => "count",
            Self::Distinct { .. } => "distinct",
            Self::Http { .. } => "http",
            Self::Email { .. } => "email",
            Self::Reveal { .. } => "reveal",
            Self::File(_) => "file",
            Self::Wait { .. } => "wait",
            Self::Log { .. } => "log",
            Self::Progress { .. } => "progress",
            Self::ShouldStop {} => "should_stop",
            Self::UntilStopped {} => "until_stopped",
            Self::Execution {} => "execution",
            Self::Clock {} => "clock",
            Self::Random { .. } => "random",
            Self::Fail { .. } => "fail",
        }
    }

    /// Takes the step and returns the host's answer.
    pub fn take(&self, default: &str) -> Result<Value, Refusal> {
        let open = |name: &Option<String>| Collection::open(name.as_deref().unwrap_or(default));
        let all = |filter: &Option<Value>| filter.clone().unwrap_or_else(|| json!({}));
        Ok(match self {
            Self::Find { collection, filter, sort, limit } => {
                let options = FindOptions { sort: sort.clone(), limit: *limit, ..FindOptions::default() };
                let cursor = open(collection)?.find(&all(filter), &options)?;
                let mut documents = Vec::new();
                loop {
                    let batch = cursor.next_batch(0)?;
                    if batch.is_empty() {
                        break json!({ "documents": documents });
                    }
                    documents.extend(batch);
                }
            }
            Self::Insert { collection, documents } => {
                let report = open(collection)?.insert(documents)?;
                let failed = report.failed.iter();
                let failed = failed.map(|(position, error)| json!({ "position": position, "reason": error.reason }));
                json!({ "inserted": report.inserted, "failed": failed.collect::<Vec<_>>() })
            }
            Self::Update { collection, filter, change, many, upsert } => {
                let options = UpdateOptions { many: *many, upsert: *upsert, ..UpdateOptions::default() };
                let count = open(collection)?.update(&all(filter), change, &options)?;
                json!({ "matched": count.matched, "modified": count.modified, "upserted_id": count.upserted_id })
            }
            Self::Delete { collection, filter, limit } => {
                json!({ "deleted": open(collection)?.delete(&all(filter), *limit)? })
            }
            Self::Count { collection, filter } => json!({ "count": open(collection)?.count(&all(filter))? }),
            Self::Distinct { collection, field, filter } => {
                json!({ "values": open(collection)?.distinct(field, &all(filter))? })
            }
            Self::Http { .. } => self.send()?,
            Self::Email { identity, message } => message.send(identity)?,
            Self::Reveal { label } => {
                let text = Secret::get(label)?.reveal()?;
                log::info(format!("the text is {text}"), &[("text", &text)]);
                json!({ "length": text.len(), "text": text })
            }
            Self::File(step) => step.take()?,
            Self::Wait { milliseconds } => {
                json!({ "continues": execution::wait(Duration::from_millis(*milliseconds)) })
            }
            Self::Log { message, level, fields } => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), value as &dyn std::fmt::Display));
                log::write(level_of(level), message, &fields.collect::<Vec<_>>());
                Value::Null
            }
            Self::Progress { done, total, note } => {
                execution::progress(*done, *total, note);
                Value::Null
            }
            Self::ShouldStop {} => json!({ "stop": execution::should_stop() }),
            Self::UntilStopped {} => {
                while execution::wait(Duration::from_millis(20)) && !execution::should_stop() {}
                return Err(Refusal::Failure(Failure::interrupted("the host asked to stop")));
            }
            Self::Execution {} => {
                let job = execution::job();
                json!({
                    "id": execution::id(), "attempt": execution::attempt(),
                    "job": { "id": job.id, "name": job.name, "tags": job.tags },
                    "scheduled_at": execution::scheduled_at().to_rfc3339(),
                    "deadline": execution::deadline().to_rfc3339(),
                })
            }
            Self::Clock {} => json!({ "now": clock::now().to_rfc3339() }),
            Self::Random { length } => json!({ "hex": random::hex(*length) }),
            Self::Fail { kind, message, before_attempt, retry_after_ms } => {
                if before_attempt.is_some_and(|attempt| execution::attempt() >= attempt) {
                    return Ok(Value::Null);
                }
                let mut failure = match kind.as_str() {
                    "retryable" => Failure::retryable(message),
                    "interrupted" => Failure::interrupted(message),
                    _ => Failure::permanent(message),
                };
                failure.retry_after = retry_after_ms.map(Duration::from_millis);
                return Err(Refusal::Failure(failure));
            }
        })
    }

    fn send(&self) -> Result<Value, Error> {
        let Self::Http { url, method, headers, body, timeout_ms, follow_redirects, bearer, basic, secret_header, hmac } =
            self
        else {
            return Ok(Value::Null);
        };
        let pairs = [basic, secret_header, hmac].into_iter().flatten().map(|(_, label)| label);
        let secret = bearer.iter().chain(pairs).next().map(|label| Secret::get(label)).transpose()?;
        let mut request = Request::new(method, url).follow_redirects(*follow_redirects);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body.as_bytes());
        }
        if let Some(milliseconds) = timeout_ms {
            request = request.timeout(Duration::from_millis(*milliseconds));
        }
        if let Some(secret) = &secret {
            request = request.auth(match (basic, secret_header, hmac) {
                (Some((username, _)), ..) => Auth::Basic { username: username.clone(), secret },
                (_, Some((name, _)), _) => Auth::Header { name: name.clone(), secret },
                (_, _, Some((header, _))) => Auth::HmacSha256 { header: header.clone(), secret },
                _ => Auth::Bearer(secret),
            });
        }
        let response = request.send()?;
        let body = response.read_to_end(64 * 1024)?;
        let headers = response.headers().iter().cloned().collect::<BTreeMap<_, _>>();
        Ok(json!({
            "status": response.status(), "headers": headers,
            "body": String::from_utf8_lossy(&body.bytes), "size_bytes": body.size_bytes,
        }))
    }
}

impl Mail {
    fn send(&self, identity: &str) -> Result<Value, Error> {
        let attachments = self.attachments.iter().map(|file| Attachment {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            content_id: file.content_id.clone(),
            bytes: file.text.clone().into_bytes(),
        });
        let receipt = email::send(
            identity,
            &Message {
                to: self.to.clone(),
                cc: self.cc.clone(),
                bcc: self.bcc.clone(),
                reply_to: self.reply_to.clone(),
                subject: self.subject.clone(),
                text: self.text.clone(),
                html: self.html.clone(),
                priority: match self.priority.as_str() {
                    "low" => Priority::Low,
                    "high" => Priority::High,
                    _ => Priority::Normal,
                },
                headers: self.headers.clone(),
                attachments: attachments.collect(),
            },
        )?;
        Ok(json!({ "message_id": receipt.message_id, "accepted": receipt.accepted, "refused": receipt.refused }))
    }
}

fn level_of(name: &str) -> log::Level {
    match name {
        "trace" => log::Level::Trace,
        "debug" => log::Level::Debug,
        "warn" => log::Level::Warn,
        "error" => log::Level::Error,
        _ => log::Level::Info,
    }
}
