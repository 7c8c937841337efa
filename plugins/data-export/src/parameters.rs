//! What a job says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::extended::JsonStyle;

/// What is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON array
    Json,
    /// One JSON document a line
    #[default]
    Jsonl,
    /// A table as text, for every spreadsheet and database
    Csv,
    /// An Excel workbook with typed cells, up to 100,000 rows
    Xlsx,
}

/// Where it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// A file in a folder
    #[default]
    File,
    /// The result of the run, up to 1 MiB
    Memory,
}

/// Whether it is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// As it is
    #[default]
    None,
    /// With gzip; `.gz` is added to the name
    Gzip,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Column")]
pub struct ColumnSetting {
    /// The field. Dots lead into documents and arrays: `address.city`, `items.0.sku`; `items.sku` gathers from all items.
    #[schemars(title = "Field", length(min = 1, max = 300), example = &"address.city",
        extend("x-ui" = {"order": 1, "widget": "field", "help": "As the documents have it."}))]
    pub path: String,
    /// What stands above the column. Without it the name of the field does.
    #[serde(default)]
    #[schemars(title = "Title", length(min = 1, max = 200), example = &"City",
        extend("x-ui" = {"order": 2, "widget": "text", "help": "Each title may stand once."}))]
    pub title: Option<String>,
}

impl ColumnSetting {
    /// What stands above it.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.path)
    }
}

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Table")]
pub struct TableSettings {
    /// What stands between two cells of a line. Only for csv.
    #[schemars(title = "Delimiter", length(min = 1, max = 1), example = &";",
        extend("x-ui" = {"order": 1, "widget": "text", "help": "A comma, a semicolon, a tab (\\t in JSON) or another sign."}))]
    pub delimiter: String,
    /// Begin with a line of titles.
    #[schemars(title = "Header", example = true,
        extend("x-ui" = {"order": 2, "widget": "switch", "help": "Most readers want it."}))]
    pub header: bool,
    /// Which fields become columns, in this order. Empty: all that the documents have, in the order they appear.
    #[schemars(title = "Columns", length(max = 1000), example = json!([{"path": "email", "title": "E-mail"}]),
        extend("x-ui" = {"order": 3, "widget": "table", "help": "Name them where a program reads the file: what documents have may change."}))]
    pub columns: Vec<ColumnSetting>,
    /// Give each value inside of documents and arrays a column of its own, such as `address.city`. Otherwise they stand in one cell, as JSON.
    #[schemars(title = "Flatten", example = false,
        extend("x-ui" = {"order": 4, "widget": "switch", "help": "Has no effect on columns that are named."}))]
    pub flatten: bool,
    /// What stands in the cell of a field that is null or missing.
    #[schemars(title = "Text for nothing", length(max = 100), example = &"NULL",
        extend("x-ui" = {"order": 5, "widget": "text", "help": "Empty for an empty cell."}))]
    pub null_text: String,
    /// Put an apostrophe before texts that a spreadsheet would run as a formula. Only csv needs it: cells of xlsx never run.
    #[schemars(title = "Safe for spreadsheets", example = true,
        extend("x-ui" = {"order": 6, "widget": "switch", "help": "Switch it off only where no spreadsheet opens the file. Numbers such as -5 stay as they are."}))]
    pub excel_safe: bool,
}

impl Default for TableSettings {
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            header: true,
            columns: Vec::new(),
            flatten: false,
            null_text: String::new(),
            excel_safe: true,
        }
    }
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Data export", example = paid_orders(), example = user_list(), example = event_archive())]
pub struct Parameters {
    /// Which of the configured databases. `default` is the one that Sandglass itself uses.
    #[serde(default = "default_connection")]
    #[schemars(title = "Connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 1, "group": "What", "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,

    /// The collection to export.
    #[schemars(title = "Collection", length(min = 1, max = 200), example = &"orders",
        extend("x-ui" = {"order": 2, "group": "What", "widget": "collection", "help": "It is only read."}))]
    pub collection: String,

    /// Export only documents that match this MongoDB filter. Empty: all.
    #[serde(default)]
    #[schemars(title = "Filter", example = json!({"status": "paid"}),
        extend("x-ui" = {"order": 3, "group": "What", "widget": "filter", "help": "A filter as in find(). Extended JSON for dates and ids."}))]
    pub filter: Map<String, Value>,

    /// Which fields of a document are exported. Empty: all.
    #[serde(default)]
    #[schemars(title = "Projection", example = json!({"name": 1, "email": 1, "_id": 0}),
        extend("x-ui" = {"order": 4, "group": "What", "widget": "projection", "help": "1 takes a field, 0 leaves it out; not both, but for _id."}))]
    pub projection: Map<String, Value>,

    /// The order: 1 for ascending, -1 for descending, several keys in their written order. Empty: as the database has them.
    #[serde(default)]
    #[schemars(title = "Sort", example = json!({"created_at": -1}),
        extend("x-ui" = {"order": 5, "group": "What", "widget": "sort", "help": "An index on the key makes it quick where there are many documents."}))]
    pub sort: Map<String, Value>,

    /// Export at most so many documents; 0 for all.
    #[serde(default)]
    #[schemars(title = "At most", range(min = 0, max = 1_000_000_000_000_u64), example = 10_000,
        extend("x-ui" = {"order": 6, "group": "What", "widget": "number", "help": "0 exports all that match."}))]
    pub limit: u64,

    /// Leave out so many documents at the start.
    #[serde(default)]
    #[schemars(title = "Skip", range(min = 0, max = 1_000_000_000_000_u64), example = 0,
        extend("x-ui" = {"order": 7, "group": "What", "widget": "number", "help": "With a sort and a limit: the next part of a large export."}))]
    pub skip: u64,

    /// What is written.
    #[serde(default)]
    #[schemars(title = "Format", example = &"csv",
        extend("x-ui" = {"order": 8, "group": "How", "widget": "select", "help": "jsonl for programs, csv and xlsx for people."}))]
    pub format: Format,

    /// How JSON writes numbers and dates.
    #[serde(default)]
    #[schemars(title = "JSON style", example = &"relaxed",
        extend("x-ui" = {"order": 9, "group": "How", "widget": "select", "help": "Both are MongoDB's Extended JSON; canonical is for reading it back without a difference."}))]
    pub json_style: JsonStyle,

    /// How a table is written: for csv and, but for delimiter and formulas, for xlsx.
    #[serde(default)]
    #[schemars(title = "Table", example = json!({"delimiter": ";", "columns": [{"path": "email", "title": "E-mail"}]}),
        extend("x-ui" = {"order": 10, "group": "How", "widget": "object", "help": "Only for csv and xlsx."}))]
    pub csv: TableSettings,

    /// Where it goes.
    #[serde(default)]
    #[schemars(title = "Destination", example = &"file",
        extend("x-ui" = {"order": 11, "group": "Where", "widget": "select", "help": "memory suits small exports that a program reads from the result."}))]
    pub destination: Destination,

    /// The folder, by its label.
    #[serde(default = "default_folder")]
    #[schemars(title = "Folder", length(min = 1, max = 64), example = &"exports",
        extend("x-ui" = {"order": 12, "group": "Where", "widget": "folder", "help": "Folders are set up by an administrator."}))]
    pub folder: String,

    /// Name of the file. `{job}`, `{date}`, `{time}` and `{execution}` are filled in; slashes make folders. The ending of the format is added unless it is there.
    #[serde(default = "default_file_name")]
    #[schemars(title = "File name", length(min = 1, max = 200), example = &"orders/{date}-{execution}",
        extend("x-ui" = {"order": 13, "group": "Where", "widget": "text", "help": "Date and time are those the run was scheduled for, in UTC."}))]
    pub file_name: String,

    /// Whether it is compressed.
    #[serde(default)]
    #[schemars(title = "Compression", example = &"gzip",
        extend("x-ui" = {"order": 14, "group": "Where", "widget": "select", "help": "gzip makes text about ten times smaller. xlsx is compressed as it is."}))]
    pub compression: Compression,

    /// Replace a file of the same name. Without it the run fails and leaves the file as it is.
    #[serde(default)]
    #[schemars(title = "Overwrite", example = false,
        extend("x-ui" = {"order": 15, "group": "Where", "widget": "switch", "help": "Only needed where the name does not change from run to run."}))]
    pub overwrite: bool,

    /// Keep only so many of the files that this job has written, and delete the oldest beyond; 0 keeps all.
    #[serde(default)]
    #[schemars(title = "Keep the last", range(min = 0, max = 1000), example = 7,
        extend("x-ui" = {"order": 16, "group": "Where", "widget": "number", "help": "Files that this job did not write are never touched."}))]
    pub keep_last: u32,
}

fn default_connection() -> String {
    "default".to_owned()
}

fn default_folder() -> String {
    "exports".to_owned()
}

fn default_file_name() -> String {
    "{job}-{date}-{time}-{execution}".to_owned()
}

/// Examples on the demo data, for people who begin.
fn paid_orders() -> Value {
    json!({
        "collection": "orders", "filter": {"status": "paid"}, "sort": {"placed_at": -1}, "format": "csv",
        "csv": {"columns": [
            {"path": "_id", "title": "Order"}, {"path": "placed_at", "title": "Placed at"},
            {"path": "items.sku", "title": "Articles"}
        ]},
        "file_name": "orders/paid-{date}-{execution}", "keep_last": 30
    })
}

fn user_list() -> Value {
    json!({
        "collection": "users", "filter": {"active": true}, "sort": {"name": 1},
        "projection": {"name": 1, "email": 1, "plan": 1, "created_at": 1, "_id": 0},
        "format": "xlsx", "file_name": "active users", "overwrite": true
    })
}

fn event_archive() -> Value {
    json!({
        "collection": "events", "format": "jsonl", "json_style": "canonical", "compression": "gzip",
        "file_name": "{job}/{date}-{time}-{execution}"
    })
}

impl Parameters {
    /// The name that opens the collection: `orders`, or `crm/orders` of another connection.
    pub fn full_name(&self) -> String {
        if self.connection == "default" {
            self.collection.clone()
        } else {
            format!("{}/{}", self.connection, self.collection)
        }
    }

    /// Whether it is written as a table.
    pub fn is_table(&self) -> bool {
        matches!(self.format, Format::Csv | Format::Xlsx)
    }

    /// What the name of the file ends in.
    pub fn ending(&self) -> &'static str {
        match (self.format, self.compression) {
            (Format::Json, Compression::None) => ".json",
            (Format::Json, Compression::Gzip) => ".json.gz",
            (Format::Jsonl, Compression::None) => ".jsonl",
            (Format::Jsonl, Compression::Gzip) => ".jsonl.gz",
            (Format::Csv, Compression::None) => ".csv",
            (Format::Csv, Compression::Gzip) => ".csv.gz",
            (Format::Xlsx, _) => ".xlsx",
        }
    }

    /// The media type of the file.
    pub fn content_type(&self) -> &'static str {
        match (self.format, self.compression) {
            (Format::Xlsx, _) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            (_, Compression::Gzip) => "application/gzip",
            (Format::Json, _) => "application/json",
            (Format::Jsonl, _) => "application/x-ndjson",
            (Format::Csv, _) => "text/csv; charset=utf-8",
        }
    }
}
