//! What a job says, and what is wrong with it.

use sandglass_sdk::Problems;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::name;

/// Which way documents go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From the database into files
    #[default]
    Backup,
    /// From files into the database
    Restore,
}

/// How files are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip, each file by itself
    #[default]
    Gzip,
    /// As it is
    None,
}

/// Which collections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Collections {
    /// Every collection
    #[schemars(title = "All")]
    All(All),
    /// These
    #[schemars(title = "A list")]
    Listed(
        #[schemars(length(min = 1, max = 1000), inner(length(min = 1, max = 200)), extend("uniqueItems" = true))]
        Vec<String>,
    ),
}

/// The word for every collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum All {
    // Without a doc comment, which would make a choice of one of it in the schema.
    All,
}

/// How long backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Retention")]
pub struct Retention {
    /// Keep so many of the newest backups of this job, the present one included.
    #[serde(default)]
    #[schemars(title = "Keep the last", range(min = 1, max = 10_000), example = 7,
        extend("x-ui" = {"order": 1, "widget": "number", "help": "Older ones are deleted once a new one is complete."}))]
    pub keep_last: Option<u32>,
    /// Keep what is younger than so many days.
    #[serde(default)]
    #[schemars(title = "Keep for (days)", range(min = 1, max = 36_500), example = 30,
        extend("x-ui" = {"order": 2, "widget": "number", "help": "With both given, a backup goes only when neither keeps it."}))]
    pub keep_days: Option<u32>,
}

/// What to restore, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Restore")]
pub struct RestoreFrom {
    /// Name of the backup within the folder, as its run reported it.
    #[schemars(title = "Backup", length(min = 1, max = 500), example = &"Nightly/2026-11-24T020000Z-5f3c81aa",
        extend("x-ui" = {"order": 1, "widget": "text", "help": "The result of the backup's run names it."}))]
    pub backup: String,
    /// Restore the one collection that is listed under this name.
    #[serde(default)]
    #[schemars(title = "Under another name", length(min = 1, max = 100), example = &"orders_restored",
        extend("x-ui" = {"order": 2, "widget": "text", "help": "Only with exactly one collection."}))]
    pub to: Option<String>,
    /// Replace collections that exist. Without it they are refused.
    #[serde(default)]
    #[schemars(title = "Replace", example = false,
        extend("x-ui" = {"order": 3, "widget": "switch", "help": "The old collection stays until the restored one is complete."}))]
    pub replace: bool,
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Backup", extend("examples" = [
    {"collections": "all", "retention": {"keep_last": 7}},
    {"collections": ["users", "orders"], "folder": "backups", "compression": "gzip",
        "retention": {"keep_last": 4, "keep_days": 30}, "verify": true, "include_indexes": true},
    {"mode": "restore", "collections": ["orders"], "folder": "backups",
        "restore": {"backup": "Nightly/2026-11-24T020000Z-5f3c81aa", "to": "orders_restored"}}
]))]
pub struct Parameters {
    /// Which of the configured databases. `default` is the one that Sandglass itself uses.
    #[serde(default = "default_connection")]
    #[schemars(title = "Connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 1, "group": "What", "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,

    /// `all`, or a list of collections. Sandglass's own are never among them.
    #[serde(default = "default_collections")]
    #[schemars(title = "Collections", example = json!("all"), example = json!(["users", "orders"]),
        extend("x-ui" = {"order": 2, "group": "What", "widget": "collections", "help": "A listed collection that does not exist is an error before anything is written."}))]
    pub collections: Collections,

    /// Keep the definitions of the indexes with the documents, and make them again in a restore.
    #[serde(default = "default_true")]
    #[schemars(title = "Indexes", example = true,
        extend("x-ui" = {"order": 3, "group": "What", "widget": "switch", "help": "Indexes take next to no room in a backup."}))]
    pub include_indexes: bool,

    /// The folder, by its label.
    #[serde(default = "default_folder")]
    #[schemars(title = "Folder", length(min = 1, max = 64), example = &"backups",
        extend("x-ui" = {"order": 4, "group": "Where", "widget": "folder", "help": "Folders are set up by an administrator. Each backup gets a folder of its own inside."}))]
    pub folder: String,

    /// How files are packed.
    #[serde(default)]
    #[schemars(title = "Compression", example = &"gzip",
        extend("x-ui" = {"order": 5, "group": "Where", "widget": "select", "help": "gzip takes a fifth to a half of the room, and most of the run's time."}))]
    pub compression: Compression,

    /// Read everything back: checksums, and the number of documents. A backup that does not agree fails.
    #[serde(default = "default_true")]
    #[schemars(title = "Verify", example = true,
        extend("x-ui" = {"order": 6, "group": "Where", "widget": "switch", "help": "A backup that was never read back is a hope."}))]
    pub verify: bool,

    /// Which backups of this job to keep. Without it all are kept; a restore deletes none.
    #[serde(default)]
    #[schemars(title = "Retention", example = json!({"keep_last": 7}),
        extend("x-ui" = {"order": 7, "group": "Where", "widget": "object", "help": "Only finished backups of this job are ever deleted, and never the newest."}))]
    pub retention: Option<Retention>,

    /// Back up, or put a backup back.
    #[serde(default)]
    #[schemars(title = "Mode", example = &"backup",
        extend("x-ui" = {"order": 8, "group": "Restore", "widget": "select", "help": "Restoring needs the accesses write and manage to documents, which an operator has to grant."}))]
    pub mode: Mode,

    /// What to restore. Only in the mode `restore`.
    #[serde(default)]
    #[schemars(title = "Restore", example = json!({"backup": "Nightly/2026-11-24T020000Z-5f3c81aa"}),
        extend("x-ui" = {"order": 9, "group": "Restore", "widget": "object", "help": "Run it by hand: a restore on a schedule is rarely meant."}))]
    pub restore: Option<RestoreFrom>,
}

fn default_connection() -> String {
    "default".to_owned()
}

fn default_collections() -> Collections {
    Collections::All(All::All)
}

fn default_folder() -> String {
    "backups".to_owned()
}

fn default_true() -> bool {
    true
}

impl Parameters {
    /// The name that opens a collection: `logs`, or `crm/logs` of another connection.
    pub fn full_name(&self, collection: &str) -> String {
        if self.connection == "default" { collection.to_owned() } else { format!("{}/{collection}", self.connection) }
    }

    /// Those that are listed; nothing for all.
    pub fn listed(&self) -> Option<&[String]> {
        match &self.collections {
            Collections::All(_) => None,
            Collections::Listed(names) => Some(names),
        }
    }

    /// What a schema cannot say.
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::none();
        let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if !self.connection.chars().all(is_plain) {
            problems.add("/connection", "is no name of a connection: letters, digits, `_` and `-` are");
        }
        for (position, name) in self.listed().unwrap_or_default().iter().enumerate() {
            check_name(&mut problems, &format!("/collections/{position}"), name);
        }
        if let Some(Retention { keep_last: None, keep_days: None }) = self.retention {
            problems.add("/retention", "says nothing: set keep_last, keep_days or both, or leave it out to keep all");
        }
        match (self.mode, &self.restore) {
            (Mode::Backup, None) => {}
            (Mode::Backup, Some(_)) => {
                problems.add("/restore", "is there, but the mode is backup: set mode to restore, or leave it out");
            }
            (Mode::Restore, None) => {
                problems.add("/restore", "is missing: the mode restore needs to know which backup");
            }
            (Mode::Restore, Some(restore)) => self.check_restore(restore, &mut problems),
        }
        problems
    }

    fn check_restore(&self, restore: &RestoreFrom, problems: &mut Problems) {
        if let Err(problem) = name::check(&restore.backup) {
            problems.add("/restore/backup", problem);
        }
        if let Some(to) = &restore.to {
            check_name(problems, "/restore/to", to);
            if self.listed().is_none_or(|names| names.len() != 1) {
                problems.add("/restore/to", "is one name: list exactly one collection in `collections`");
            }
        }
    }
}

fn check_name(problems: &mut Problems, pointer: &str, name: &str) {
    if name.is_empty() {
        problems.add(pointer, "is empty: name a collection");
    } else if name.contains('/') {
        problems.add(pointer, format!("{name:?} holds a slash: the parameter connection names the database"));
    } else if name.starts_with("system.") || name.contains('$') || name.chars().any(char::is_control) {
        problems.add(pointer, format!("{name:?} belongs to the database itself: name one of your collections"));
    } else if name.starts_with('.') || name.ends_with('.') {
        problems.add(pointer, format!("{name:?} begins or ends with a dot, which no collection does"));
    }
}
