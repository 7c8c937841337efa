//! What a job says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportType {
    /// Who used it: active, new and returning users, events, top users
    UserActivity,
    /// How it runs: collections with their sizes, jobs with their success and duration
    SystemStats,
    /// How well it holds people: sessions, stickiness, retention, events, hours of the day
    Engagement,
    /// What is stored: counts, spans of time, fields with their types, indexes
    CollectionSummary,
    /// The rows of an aggregation pipeline of your own
    Custom,
}

/// Which time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateRange {
    /// Since midnight
    Today,
    /// The day before the run
    Yesterday,
    /// The 24 hours before the run
    #[serde(rename = "last_24h")]
    Last24h,
    /// The 7 days before the run, to the minute
    #[default]
    #[serde(rename = "last_7d")]
    Last7d,
    /// The 30 days before the run, to the minute
    #[serde(rename = "last_30d")]
    Last30d,
    /// Since the first of the month
    ThisMonth,
    /// The calendar month before
    LastMonth,
    /// From `start_date` to `end_date`
    Custom,
}

/// How series are divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// Hours
    Hour,
    /// Days
    #[default]
    Day,
    /// Weeks, from Monday
    Week,
    /// Months
    Month,
}

/// What is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For programs
    #[default]
    Json,
    /// One value a line, for spreadsheets
    Csv,
    /// A page with charts, complete in itself
    Html,
    /// Text with tables
    Markdown,
}

/// Where it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The result of the run, up to 900 KiB
    #[default]
    Memory,
    /// A file in a folder
    File,
    /// A message, with the report attached
    Email,
}

/// Where the data stands.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Source")]
pub struct Source {
    /// The collection that is reported on. Without it: `events`, or `user_activity` where there is no `events`; every collection for a collection summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Collection", length(min = 1, max = 200), example = &"events",
        extend("x-ui" = {"order": 1, "widget": "collection", "help": "A custom report needs it."}))]
    pub collection: Option<String>,
    /// The field with the date of a document. Without it: `timestamp`; a summary looks for the usual names, and a custom report takes no range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Date field", length(min = 1, max = 200), example = &"timestamp",
        extend("x-ui" = {"order": 2, "widget": "field", "help": "Only dates count, not texts or numbers."}))]
    pub date_field: Option<String>,
    /// The field that says who did it.
    #[schemars(title = "User field", length(min = 1, max = 200), example = &"user_id",
        extend("x-ui" = {"order": 3, "widget": "field", "help": "Holds what identifies a user in the collection of users."}))]
    pub user_field: String,
    /// The field that says what was done.
    #[schemars(title = "Event field", length(min = 1, max = 200), example = &"event",
        extend("x-ui" = {"order": 4, "widget": "field", "help": "For the figures by event."}))]
    pub event_field: String,
    /// The collection of users: their sign-up decides who is new. Without such a collection the first event does.
    #[schemars(title = "Users", length(min = 1, max = 200), example = &"users",
        extend("x-ui" = {"order": 5, "widget": "collection", "help": "In the same connection."}))]
    pub users_collection: String,
    /// The field of a user that the user field of an event refers to.
    #[schemars(title = "Users: id", length(min = 1, max = 200), example = &"_id",
        extend("x-ui" = {"order": 6, "widget": "field", "help": "Should have an index, as `_id` has."}))]
    pub users_id_field: String,
    /// The field with the date of a user's sign-up.
    #[schemars(title = "Users: sign-up", length(min = 1, max = 200), example = &"created_at",
        extend("x-ui" = {"order": 7, "widget": "field", "help": "Only dates count."}))]
    pub users_date_field: String,
    /// The field that names a user in the list of top users.
    #[schemars(title = "Users: name", length(min = 1, max = 200), example = &"name",
        extend("x-ui" = {"order": 8, "widget": "field", "help": "Choose one that readers of the report may see."}))]
    pub users_name_field: String,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            collection: None,
            date_field: None,
            user_field: "user_id".to_owned(),
            event_field: "event".to_owned(),
            users_collection: "users".to_owned(),
            users_id_field: "_id".to_owned(),
            users_date_field: "created_at".to_owned(),
            users_name_field: "name".to_owned(),
        }
    }
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Report", example = weekly_activity(), example = nightly_system(), example = orders_by_status())]
pub struct Parameters {
    /// What is reported.
    #[schemars(title = "Report", example = &"user_activity",
        extend("x-ui" = {"order": 1, "group": "What", "widget": "select", "help": "Each kind looks at the data in its own way."}))]
    pub report_type: ReportType,

    /// What stands above the report. Without it the kind of report does.
    #[serde(default)]
    #[schemars(title = "Title", length(min = 1, max = 200), example = &"Weekly activity",
        extend("x-ui" = {"order": 2, "group": "What", "widget": "text", "help": "For those who read it."}))]
    pub title: Option<String>,

    /// Which of the configured databases. `default` is the one that Sandglass itself uses.
    #[serde(default = "default_connection")]
    #[schemars(title = "Connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 3, "group": "What", "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,

    /// Where the data stands and what its fields are called.
    #[serde(default)]
    #[schemars(title = "Source", example = json!({"collection": "events", "date_field": "timestamp"}),
        extend("x-ui" = {"order": 4, "group": "What", "widget": "object", "help": "The names of the customer's system are the defaults."}))]
    pub source: Source,

    /// The stages of an aggregation, for a custom report. Each document it gives is a row.
    #[serde(default)]
    #[schemars(title = "Pipeline", length(max = 100), example = json!([{"$group": {"_id": "$status", "orders": {"$sum": 1}}}, {"$sort": {"orders": -1}}]),
        extend("x-ui" = {"order": 5, "group": "What", "widget": "pipeline", "help": "With a date field, a $match for the time stands before its first stage."}))]
    pub pipeline: Vec<Map<String, Value>>,

    /// Which time, counted from the instant the run is scheduled for.
    #[serde(default)]
    #[schemars(title = "Time", example = &"last_7d",
        extend("x-ui" = {"order": 6, "group": "When", "widget": "select", "help": "custom takes the two dates below."}))]
    pub date_range: DateRange,

    /// First day, or first moment, of a custom time.
    #[serde(default)]
    #[schemars(title = "From", length(min = 1, max = 40), example = &"2026-11-01",
        extend("x-ui" = {"order": 7, "group": "When", "widget": "date", "help": "2026-11-01, or 2026-11-01T08:00 on the clocks of the time zone, or with an offset."}))]
    pub start_date: Option<String>,

    /// Last day, or last moment, of a custom time. A day counts with all its hours. Without it: the run.
    #[serde(default)]
    #[schemars(title = "To", length(min = 1, max = 40), example = &"2026-11-30",
        extend("x-ui" = {"order": 8, "group": "When", "widget": "date", "help": "A moment is not part of the time itself."}))]
    pub end_date: Option<String>,

    /// The time zone whose days, hours and months count.
    #[serde(default = "default_timezone")]
    #[schemars(title = "Time zone", length(min = 1, max = 64), example = &"Europe/Berlin",
        extend("x-ui" = {"order": 9, "group": "When", "widget": "timezone", "help": "An IANA name. Changes of the clocks are taken into account."}))]
    pub timezone: String,

    /// How series are divided.
    #[serde(default)]
    #[schemars(title = "By", example = &"day",
        extend("x-ui" = {"order": 10, "group": "When", "widget": "select", "help": "At most 1,500 rows: two months of hours."}))]
    pub group_by: GroupBy,

    /// Put the figures of the time before beside those of this one.
    #[serde(default)]
    #[schemars(title = "Compare", example = true,
        extend("x-ui" = {"order": 11, "group": "When", "widget": "switch", "help": "Asks the database everything twice."}))]
    pub compare_previous: bool,

    /// How many lines a list of top users, events or jobs has.
    #[serde(default = "default_top")]
    #[schemars(title = "Lines", range(min = 1, max = 100), example = 10,
        extend("x-ui" = {"order": 12, "group": "How", "widget": "number", "help": "For each list."}))]
    pub top: u32,

    /// What is written.
    #[serde(default)]
    #[schemars(title = "Format", example = &"html",
        extend("x-ui" = {"order": 13, "group": "How", "widget": "select", "help": "html for people, json for programs."}))]
    pub format: Format,

    /// Where it goes.
    #[serde(default)]
    #[schemars(title = "Destination", example = &"file",
        extend("x-ui" = {"order": 14, "group": "Where", "widget": "select", "help": "The most important figures are in the result in any case."}))]
    pub destination: Destination,

    /// The folder, by its label.
    #[serde(default = "default_folder")]
    #[schemars(title = "Folder", length(min = 1, max = 64), example = &"exports",
        extend("x-ui" = {"order": 15, "group": "Where", "widget": "folder", "help": "Folders are set up by an administrator."}))]
    pub folder: String,

    /// Name of the file or attachment. `{job}`, `{date}`, `{time}` and `{execution}` are filled in; slashes make folders. The ending of the format is added unless it is there.
    #[serde(default = "default_file_name")]
    #[schemars(title = "File name", length(min = 1, max = 200), example = &"reports/{job}-{date}",
        extend("x-ui" = {"order": 16, "group": "Where", "widget": "text", "help": "Date and time are those the run was scheduled for, in UTC."}))]
    pub file_name: String,

    /// Replace a file of the same name. Without it the run fails and leaves the file as it is.
    #[serde(default)]
    #[schemars(title = "Overwrite", example = true,
        extend("x-ui" = {"order": 17, "group": "Where", "widget": "switch", "help": "Only needed where the name does not change from run to run."}))]
    pub overwrite: bool,

    /// Who receives it by e-mail.
    #[serde(default)]
    #[schemars(title = "Recipients", length(max = 50), example = json!(["team@example.com"]),
        extend("x-ui" = {"order": 18, "group": "Where", "widget": "emails", "help": "Everybody sees everybody's address."}))]
    pub recipients: Vec<String>,

    /// Subject of the e-mail. Without it: the title and the time.
    #[serde(default)]
    #[schemars(title = "Subject", length(min = 1, max = 200), example = &"Activity of the week",
        extend("x-ui" = {"order": 19, "group": "Where", "widget": "text", "help": "One line."}))]
    pub subject: Option<String>,

    /// Who sends the e-mail, by the label that an administrator has set up.
    #[serde(default = "default_identity")]
    #[schemars(title = "Identity", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 20, "group": "Where", "widget": "identity", "help": "It decides the sender's address and who may be written to."}))]
    pub identity: String,
}

fn default_connection() -> String {
    "default".to_owned()
}

fn default_timezone() -> String {
    "UTC".to_owned()
}

fn default_top() -> u32 {
    10
}

fn default_folder() -> String {
    "exports".to_owned()
}

fn default_file_name() -> String {
    "{job}-{date}-{time}-{execution}".to_owned()
}

fn default_identity() -> String {
    "default".to_owned()
}

/// Examples on the demo data, for people who begin.
fn weekly_activity() -> Value {
    json!({
        "report_type": "user_activity", "date_range": "last_7d", "timezone": "Europe/Berlin",
        "compare_previous": true, "format": "html", "destination": "file", "file_name": "reports/activity-{date}",
        "overwrite": true
    })
}

fn nightly_system() -> Value {
    json!({ "report_type": "system_stats", "date_range": "yesterday", "group_by": "hour", "format": "markdown" })
}

fn orders_by_status() -> Value {
    json!({
        "report_type": "custom", "title": "Orders by status", "date_range": "last_30d",
        "source": {"collection": "orders", "date_field": "placed_at"},
        "pipeline": [
            {"$unwind": "$items"},
            {"$group": {"_id": "$status", "articles": {"$sum": "$items.quantity"},
                "cents": {"$sum": {"$multiply": ["$items.quantity", "$items.price_cents"]}}}},
            {"$sort": {"cents": -1}}
        ],
        "format": "csv"
    })
}

impl ReportType {
    /// What stands above a report without a title of its own.
    pub fn title(self) -> &'static str {
        match self {
            Self::UserActivity => "User activity",
            Self::SystemStats => "System statistics",
            Self::Engagement => "Engagement",
            Self::CollectionSummary => "Collection summary",
            Self::Custom => "Report",
        }
    }

    /// As parameters spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserActivity => "user_activity",
            Self::SystemStats => "system_stats",
            Self::Engagement => "engagement",
            Self::CollectionSummary => "collection_summary",
            Self::Custom => "custom",
        }
    }
}

impl Format {
    /// What the name of a file ends in.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Csv => ".csv",
            Self::Html => ".html",
            Self::Markdown => ".md",
        }
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

impl Parameters {
    /// What stands above the report.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(self.report_type.title())
    }

    /// How many lines a list has.
    pub fn lines(&self) -> usize {
        usize::try_from(self.top).unwrap_or(10).clamp(1, 100)
    }
}
