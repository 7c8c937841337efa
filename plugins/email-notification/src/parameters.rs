//! What a job says, and what is wrong with it.

use sandglass_sdk::{Problems, query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{address, render};

/// Everybody a message goes to, together.
const MOST_RECIPIENTS: usize = 50;
/// Rows that a message may be filled in with.
pub(crate) const MOST_ROWS: u32 = 1_000;

/// How the body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// Plain text
    #[default]
    Text,
    /// HTML; a text part is made from it
    Html,
    /// Markdown, sent as HTML and as text
    Markdown,
}

/// How urgent the reader's mail program shows it to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait
    Low,
    /// As usual
    #[default]
    Normal,
    /// Urgent
    High,
}

/// Documents that the message is filled in with.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Which of the configured databases.
    #[serde(default = "default_connection")]
    #[schemars(title = "Connection", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 1, "widget": "connection", "help": "Leave it unless an administrator has set up more than one database."}))]
    pub connection: String,

    /// The collection to read.
    #[schemars(title = "Collection", length(min = 1, max = 200), example = &"orders",
        extend("x-ui" = {"order": 2, "widget": "collection", "help": "Only read, never changed."}))]
    pub collection: String,

    /// Only documents that match this MongoDB filter.
    #[serde(default)]
    #[schemars(title = "Filter", example = json!({"status": "draft"}),
        extend("x-ui" = {"order": 3, "widget": "filter", "help": "A filter as in find(). Extended JSON for dates and ids."}))]
    pub filter: Map<String, Value>,

    /// In which order, as in sort().
    #[serde(default)]
    #[schemars(title = "Sort", example = json!({"placed_at": -1}),
        extend("x-ui" = {"order": 4, "widget": "sort", "help": "-1 puts the largest or newest first."}))]
    pub sort: Map<String, Value>,

    /// How many documents at most.
    #[serde(default = "default_limit")]
    #[schemars(title = "At most", range(min = 1, max = 1000), example = 20,
        extend("x-ui" = {"order": 5, "widget": "number", "help": "A warning says so when there were more."}))]
    pub limit: u32,
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "E-mail notification", extend("examples" = examples()))]
pub struct Parameters {
    /// Who gets the message.
    #[schemars(title = "To", length(min = 1, max = 50), inner(length(min = 3, max = 500)), example = json!(["ops@example.com"]),
        extend("x-ui" = {"order": 1, "group": "Message", "widget": "tags", "help": "Addresses, with or without a name: Anna <anna@example.com>."}))]
    pub recipients: Vec<String>,

    /// Who gets a copy.
    #[serde(default)]
    #[schemars(title = "Copy to", length(max = 50), inner(length(min = 3, max = 500)), example = json!(["Team <team@example.com>"]),
        extend("x-ui" = {"order": 2, "group": "Message", "widget": "tags", "help": "Everybody sees these addresses."}))]
    pub cc: Vec<String>,

    /// Who gets a copy without the others knowing.
    #[serde(default)]
    #[schemars(title = "Blind copy to", length(max = 50), inner(length(min = 3, max = 500)), example = json!(["archive@example.com"]),
        extend("x-ui" = {"order": 3, "group": "Message", "widget": "tags", "help": "At most 50 recipients of all three kinds together."}))]
    pub bcc: Vec<String>,

    /// Where an answer should go, if not to the sender.
    #[serde(default)]
    #[schemars(title = "Answers to", length(min = 3, max = 500), example = &"support@example.com",
        extend("x-ui" = {"order": 4, "group": "Sender", "widget": "email", "help": "Left out, answers go where the identity says."}))]
    pub reply_to: Option<String>,

    /// What it is about. May hold places to fill in, as in the body.
    #[schemars(title = "Subject", length(min = 1, max = 500), example = &"{{ rows | length }} drafts on {{ scheduled_at | date }}",
        extend("x-ui" = {"order": 5, "group": "Message", "widget": "text", "help": "One line. {{ job.name }} is the name of this job."}))]
    pub subject: String,

    /// The text, with places to fill in: {{ job.name }}, {{ scheduled_at }}, {{ execution.id }}, and {{ rows }} when there is a query. Jinja's loops, conditions and filters work.
    #[schemars(title = "Body", length(min = 1, max = 200_000), example = &"{% for row in rows %}\n- {{ row.name }}\n{% endfor %}",
        extend("x-ui" = {"order": 6, "group": "Message", "widget": "template", "help": "What comes from data is escaped, so it cannot become markup."}))]
    pub body: String,

    /// How the body is written.
    #[serde(default)]
    #[schemars(title = "Body format", example = &"markdown",
        extend("x-ui" = {"order": 7, "group": "Message", "widget": "select", "help": "HTML and Markdown always get a text part too."}))]
    pub body_format: BodyFormat,

    /// How urgent the reader's mail program shows it to be.
    #[serde(default)]
    #[schemars(title = "Priority", example = &"normal",
        extend("x-ui" = {"order": 8, "group": "Message", "widget": "select", "help": "Use high seldom."}))]
    pub priority: Priority,

    /// Names of files to attach. May hold places to fill in.
    #[serde(default)]
    #[schemars(title = "Attachments", length(max = 20), inner(length(min = 1, max = 500)), example = json!(["users-{{ scheduled_at | date }}.csv"]),
        extend("x-ui" = {"order": 9, "group": "Attachments", "widget": "tags", "help": "Together with the text as much as email.message_bytes of the configuration allows, 10 MiB unless that was changed."}))]
    pub attachments: Vec<String>,

    /// The folder with the attachments.
    #[serde(default = "default_folder")]
    #[schemars(title = "Folder", length(min = 1, max = 64), example = &"exports",
        extend("x-ui" = {"order": 10, "group": "Attachments", "widget": "folder", "help": "A label that an administrator has set up. Exports are in `exports`."}))]
    pub folder: String,

    /// Who the message is from.
    #[serde(default = "default_identity")]
    #[schemars(title = "Identity", length(min = 1, max = 64), example = &"default",
        extend("x-ui" = {"order": 11, "group": "Sender", "widget": "identity", "help": "A label that an administrator has set up, with the sender's address and whom it may write to."}))]
    pub identity: String,

    /// Documents to fill the message in with; they are `rows` in subject and body.
    #[serde(default)]
    #[schemars(title = "Rows", example = json!({"collection": "orders", "filter": {"status": "draft"}, "limit": 20}),
        extend("x-ui" = {"order": 12, "group": "Data", "widget": "group", "help": "Leave it out for a message without data."}))]
    pub query: Option<Query>,
}

fn default_connection() -> String {
    "default".to_owned()
}

fn default_limit() -> u32 {
    100
}

fn default_folder() -> String {
    "exports".to_owned()
}

fn default_identity() -> String {
    "default".to_owned()
}

/// Whole sets that work on the demo data.
fn examples() -> Value {
    json!([
        {
            "recipients": ["ops@example.com"],
            "subject": "{{ job.name }} ran on {{ scheduled_at | date }}",
            "body": "Good morning,\n\nthis is the daily reminder of {{ job.name }}.\n",
        },
        {
            "recipients": ["Shop <shop@example.com>"],
            "cc": ["team@example.com"],
            "subject": "{{ rows | length }} orders were never sent off",
            "body_format": "markdown",
            "body": "# Drafts\n\n| Order | Day | Items |\n| --- | --- | ---: |\n{% for row in rows %}| {{ row._id }} | {{ row.placed_at | date }} | {{ row.items | length }} |\n{% endfor %}\n{% if more_rows %}There are more.{% endif %}\n",
            "query": {
                "collection": "orders", "filter": {"status": "draft"}, "sort": {"placed_at": -1}, "limit": 5,
            },
            "priority": "high",
        },
        {
            "recipients": ["boss@example.com"],
            "reply_to": "data@example.com",
            "subject": "Users of {{ scheduled_at | date('%d.%m.%Y') }}",
            "body_format": "html",
            "body": "<h1>Users</h1>\n<p>The list of {{ scheduled_at | date }} is attached.</p>",
            "attachments": ["users-{{ scheduled_at | date }}.csv"],
        },
    ])
}

impl Query {
    /// The name that opens the collection.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.connection == "default" {
            self.collection.clone()
        } else {
            format!("{}/{}", self.connection, self.collection)
        }
    }

    fn check(&self, problems: &mut Problems) {
        let name = &self.collection;
        if name.is_empty() || name.starts_with("system.") || name.contains(['$', '\0']) {
            problems.add("/query/collection", format!("{name:?} is none of your collections: name one"));
        }
        query::check_filter(problems, "/query/filter", &self.filter);
        if name.contains('/') && self.connection != "default" {
            problems.add("/query/collection", "names a connection, and so does the parameter connection: keep one");
        }
        if !(1..=MOST_ROWS).contains(&self.limit) {
            problems.add("/query/limit", format!("is {}: choose from 1 to {MOST_ROWS}", self.limit));
        }
        for (field, direction) in &self.sort {
            if !matches!(direction.as_i64(), Some(1 | -1)) {
                problems.add(format!("/query/sort/{}", escaped(field)), "is neither 1 nor -1");
            }
        }
    }
}

impl Parameters {
    /// What a schema cannot say.
    pub(crate) fn problems(&self) -> Problems {
        let mut problems = Problems::none();
        let lists = [("recipients", &self.recipients), ("cc", &self.cc), ("bcc", &self.bcc)];
        for (field, addresses) in lists {
            for (place, text) in addresses.iter().enumerate() {
                if let Err(problem) = address::check(text) {
                    problems.add(format!("/{field}/{place}"), format!("{text:?} {problem}"));
                }
            }
        }
        if self.recipients.is_empty() {
            problems.add("/recipients", "is empty: name at least one recipient");
        }
        let count = self.recipients.len() + self.cc.len() + self.bcc.len();
        if count > MOST_RECIPIENTS {
            problems.add(
                "/recipients",
                format!("with copies there are {count} recipients: at most {MOST_RECIPIENTS} get one message"),
            );
        }
        if let Some(text) = &self.reply_to
            && let Err(problem) = address::check(text)
        {
            problems.add("/reply_to", format!("{text:?} {problem}"));
        }
        if self.subject.trim().is_empty() {
            problems.add("/subject", "is empty: say what the message is about");
        }
        if self.subject.chars().any(char::is_control) {
            problems.add("/subject", "holds a line break or another control character: write it on one line");
        }
        let has_rows = self.query.is_some();
        let mut check_template = |pointer: String, source: &str| {
            for problem in render::problems(source, has_rows) {
                problems.add(&pointer, problem);
            }
        };
        check_template("/subject".to_owned(), &self.subject);
        check_template("/body".to_owned(), &self.body);
        for (place, name) in self.attachments.iter().enumerate() {
            check_template(format!("/attachments/{place}"), name);
        }
        if let Some(query) = &self.query {
            query.check(&mut problems);
        }
        problems
    }
}

/// A name inside a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
