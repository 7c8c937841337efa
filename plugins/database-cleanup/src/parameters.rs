//! What a job says, and what is wrong with it.

use sandglass_sdk::{Problems, query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::archive::ArchiveTarget;

/// How the date field is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// Dates of the database
    #[default]
    Date,
    /// ISO 8601 texts such as `2026-11-23` or `2026-11-23T08:00:00Z`
    Iso,
    /// Seconds since 1970
    EpochSeconds,
    /// Milliseconds since 1970
    EpochMilliseconds,
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Database cleanup", extend("examples" = [
    {"collection": "logs", "days_old": 30, "date_field": "created_at", "dry_run": true},
    {"collection": "logs", "days_old": 7, "date_field": "created_at", "conditions": {"level": "DEBUG"}, "dry_run": false,
        "batch_size": 500, "pause_ms": 50},
    {"collection": "orders", "days_old": 90, "date_field": "placed_at", "conditions": {"status": "cancelled"},
        "dry_run": false, "max_records": 5000, "archive_to": {"collection": "orders_archive"}}
]))]
pub struct Parameters {
    /// Which of the configured databases. `default` is the one that Sandglass itself uses.
    #[serde(default = "default_connection")]
    #[schemars(title = "Connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 1, "group": "What", "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,

    /// The collection to clean up.
    #[schemars(title = "Collection", length(min = 1, max = 200), example = &"logs",
        extend("x-ui" = {"order": 2, "group": "What", "widget": "collection", "help": "Only this collection is touched, and the archive if there is one."}))]
    pub collection: String,

    /// Delete documents whose date lies at least so many days before the scheduled time of the run. 0 stands for everything dated before the run.
    #[serde(default)]
    #[schemars(title = "Older than (days)", range(min = 0, max = 36500), example = 30,
        extend("x-ui" = {"order": 3, "group": "What", "widget": "number", "help": "Without it the age does not matter, and conditions are needed."}))]
    pub days_old: Option<u32>,

    /// The field that holds the date of a document. A document without it, or with something else in it, is never old.
    #[serde(default = "default_date_field")]
    #[schemars(title = "Date field", length(min = 1, max = 200), example = &"created_at",
        extend("x-ui" = {"order": 4, "group": "What", "widget": "field", "help": "Dots lead into embedded documents: meta.created_at."}))]
    pub date_field: String,

    /// How the date field is written.
    #[serde(default)]
    #[schemars(title = "Date format", example = &"date",
        extend("x-ui" = {"order": 5, "group": "What", "widget": "select", "help": "Look at a document: a date of the database is shown as a date, not as a text or number."}))]
    pub date_format: DateFormat,

    /// Delete only documents that match this MongoDB filter. With an age both have to hold.
    #[serde(default)]
    #[schemars(title = "Conditions", example = serde_json::json!({"level": "DEBUG"}),
        extend("x-ui" = {"order": 6, "group": "What", "widget": "filter", "help": "A filter as in find(). Extended JSON for dates and ids."}))]
    pub conditions: Map<String, Value>,

    /// Only show what would be deleted.
    #[serde(default = "default_dry_run")]
    #[schemars(title = "Dry run", example = true,
        extend("x-ui" = {"order": 7, "group": "How", "widget": "switch", "help": "Run it dry once, look at the result, then switch this off."}))]
    pub dry_run: bool,

    /// How many documents are deleted at a time.
    #[serde(default = "default_batch_size")]
    #[schemars(title = "Batch size", range(min = 1, max = 10000), example = 1000,
        extend("x-ui" = {"order": 8, "group": "How", "widget": "number", "help": "Smaller batches are gentler on a busy database."}))]
    pub batch_size: u32,

    /// Stop after so many documents; 0 for no cap.
    #[serde(default)]
    #[schemars(title = "At most", range(min = 0, max = 1_000_000_000), example = 100_000,
        extend("x-ui" = {"order": 9, "group": "How", "widget": "number", "help": "The next run goes on where this one stopped."}))]
    pub max_records: u64,

    /// Keep a copy of each document before it is deleted, in another collection or in a file.
    #[serde(default)]
    #[schemars(title = "Archive to", example = serde_json::json!({"collection": "logs_archive"}),
        extend("x-ui" = {"order": 10, "group": "How", "widget": "choice", "help": "Nothing is deleted before the whole archive is written."}))]
    pub archive_to: Option<ArchiveTarget>,

    /// Rest so long between two batches, in milliseconds.
    #[serde(default)]
    #[schemars(title = "Pause between batches (ms)", range(min = 0, max = 60000), example = 100,
        extend("x-ui" = {"order": 11, "group": "How", "widget": "number", "help": "Leaves the database room for other work."}))]
    pub pause_ms: u32,
}

pub(crate) fn default_connection() -> String {
    "default".to_owned()
}

fn default_date_field() -> String {
    "created_at".to_owned()
}

fn default_dry_run() -> bool {
    true
}

fn default_batch_size() -> u32 {
    1000
}

/// The name that opens a collection: `logs`, or `crm/logs` of another connection.
pub(crate) fn full_name(connection: &str, collection: &str) -> String {
    if connection == "default" { collection.to_owned() } else { format!("{connection}/{collection}") }
}

impl Parameters {
    /// The name that opens the collection.
    #[must_use]
    pub fn full_name(&self) -> String {
        full_name(&self.connection, &self.collection)
    }

    /// What a schema cannot say.
    pub(crate) fn problems(&self) -> Problems {
        let mut problems = Problems::none();
        check_name(&mut problems, "/collection", &self.connection, &self.collection);
        if self.days_old.is_none() && self.conditions.is_empty() {
            problems.add(
                "/days_old",
                "neither an age nor conditions are given, so every document would go: set days_old, conditions or both",
            );
        }
        if self.date_field.starts_with('$')
            || self.date_field.split('.').any(str::is_empty)
            || self.date_field.contains('\0')
        {
            problems.add("/date_field", "is no field name: write it as in `created_at` or `meta.created_at`");
        }
        query::check_filter(&mut problems, "/conditions", &self.conditions);
        if self.batch_size == 0 || self.batch_size > 10_000 {
            problems.add("/batch_size", format!("is {}: choose from 1 to 10,000", self.batch_size));
        }
        if let Some(target) = &self.archive_to {
            target.check(&mut problems, &self.full_name());
        }
        problems
    }
}

pub(crate) fn check_name(problems: &mut Problems, pointer: &str, connection: &str, collection: &str) {
    if collection.starts_with("system.") || collection.contains('$') || collection.contains('\0') {
        problems.add(pointer, format!("{collection} belongs to the database itself: name one of your collections"));
    }
    if collection.contains('/') && connection != "default" {
        problems.add(pointer, "names a connection, and so does the parameter connection: keep one of them");
    }
    if collection.is_empty() || collection.starts_with('/') || collection.ends_with('/') {
        problems.add(pointer, "is empty: name a collection");
    }
}
