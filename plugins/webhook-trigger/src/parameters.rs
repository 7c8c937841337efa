//! What a job says.

use std::collections::BTreeMap;

use sandglass_sdk::Problems;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Auth;
use crate::message;
use crate::retry::Retry;
use crate::status::{StatusRange, StatusText};

/// What the request does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    #[default]
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it stands in the request.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How the body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// JSON, of any shape
    #[default]
    Json,
    /// A text, as it is
    Text,
    /// The fields of a form, from an object
    Form,
}

/// What is kept of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaveResponse {
    /// Status and size only
    #[default]
    None,
    /// The headers as well
    Headers,
    /// Headers and body, up to 64 KiB of it
    Body,
}

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Webhook", extend("examples" = [
    {
        "url": "https://hooks.example.com/nightly",
        "body": {"event": "orders.closed", "source": "sandglass"},
        "auth": {"type": "hmac", "header": "X-Hub-Signature-256", "secret": "webhook-key"}
    },
    {
        "url": "https://api.example.com/v1/reindex",
        "method": "POST",
        "query": {"collection": "orders"},
        "auth": {"type": "bearer", "secret": "api-token"},
        "expected_status": [202],
        "expect": {"/status": "accepted"},
        "retry": {"max_attempts": 5, "initial_delay_ms": 1000},
        "save_response": "body"
    },
    {
        "url": "https://status.example.com/health",
        "method": "GET",
        "expect": {"/healthy": true},
        "timeout_seconds": 10,
        "retry": {"max_attempts": 1}
    }
]))]
pub struct Parameters {
    /// Where the request goes. Plain http only where an administrator allows it.
    #[schemars(title = "Address", url, length(min = 1, max = 2000), example = &"https://example.com/hooks/nightly",
        extend("x-ui" = {"order": 1, "group": "Request", "widget": "url", "help": "Without user name and password: use sign-in for those."}))]
    pub url: String,

    /// What the request does.
    #[serde(default)]
    #[schemars(title = "Method", example = &"POST",
        extend("x-ui" = {"order": 2, "group": "Request", "widget": "select", "help": "POST is what most webhooks want."}))]
    pub method: Method,

    /// Headers of the request. Host, Content-Length and the like are the host's own.
    #[serde(default)]
    #[schemars(title = "Headers", example = serde_json::json!({"X-Source": "sandglass"}),
        extend("x-ui" = {"order": 3, "group": "Request", "widget": "key-value", "help": "Secrets do not belong here: use sign-in."}))]
    pub headers: BTreeMap<String, String>,

    /// What is added to the address after the question mark.
    #[serde(default)]
    #[schemars(title = "Query", example = serde_json::json!({"source": "sandglass"}),
        extend("x-ui" = {"order": 4, "group": "Request", "widget": "key-value", "help": "Special characters are encoded."}))]
    pub query: BTreeMap<String, String>,

    /// What is sent. JSON of any shape, a text, or an object whose members are the fields of a form.
    #[serde(default)]
    #[schemars(title = "Body", example = serde_json::json!({"event": "nightly"}),
        extend("x-ui" = {"order": 5, "group": "Request", "widget": "json", "help": "Left out, the request has no body."}))]
    pub body: Option<Value>,

    /// How the body is written.
    #[serde(default)]
    #[schemars(title = "Body format", example = &"json",
        extend("x-ui" = {"order": 6, "group": "Request", "widget": "select", "help": "Sets Content-Type too, unless a header does."}))]
    pub body_format: BodyFormat,

    /// Who the request says it is from.
    #[serde(default)]
    #[schemars(title = "Sign-in", example = serde_json::json!({"type": "bearer", "secret": "crm-token"}),
        extend("x-ui" = {"order": 7, "group": "Request", "widget": "choice", "help": "Secrets are named by their labels and never shown."}))]
    pub auth: Auth,

    /// Answers with one of these count as success.
    #[serde(default = "default_expected_status")]
    #[schemars(title = "Expected status", with = "Vec<StatusText>", length(min = 1, max = 50), example = serde_json::json!(["200-299", 304]),
        extend("x-ui" = {"order": 8, "group": "Answer", "widget": "tags", "help": "Numbers and ranges."}))]
    pub expected_status: Vec<StatusRange>,

    /// What the answer, as JSON, has to say: values by JSON pointer.
    #[serde(default)]
    #[schemars(title = "Expect", example = serde_json::json!({"/status": "ok"}),
        extend("x-ui" = {"order": 9, "group": "Answer", "widget": "key-value", "help": "/status reads the member status of the answer."}))]
    pub expect: BTreeMap<String, Value>,

    /// How long one try may take, in seconds.
    #[serde(default = "default_timeout_seconds")]
    #[schemars(title = "Timeout (seconds)", range(min = 1, max = 300), example = 30,
        extend("x-ui" = {"order": 10, "group": "Delivery", "widget": "number", "help": "The job's own timeout covers all tries together."}))]
    pub timeout_seconds: u32,

    /// When a try is repeated, and how soon.
    #[serde(default)]
    #[schemars(title = "Tries", example = serde_json::json!({"max_attempts": 5, "initial_delay_ms": 500}),
        extend("x-ui" = {"order": 11, "group": "Delivery", "widget": "group", "help": "All tries carry the same Idempotency-Key."}))]
    pub retry: Retry,

    /// Go where the answer points to, up to five times.
    #[serde(default)]
    #[schemars(title = "Follow redirects", example = false,
        extend("x-ui" = {"order": 12, "group": "Delivery", "widget": "switch", "help": "Each address is checked like the first one."}))]
    pub follow_redirects: bool,

    /// What the result keeps of the answer.
    #[serde(default)]
    #[schemars(title = "Keep the answer", example = &"body",
        extend("x-ui" = {"order": 13, "group": "Answer", "widget": "select", "help": "Whoever may see the history may see what is kept."}))]
    pub save_response: SaveResponse,
}

fn default_expected_status() -> Vec<StatusRange> {
    vec![StatusRange::new(200, 299)]
}

fn default_timeout_seconds() -> u32 {
    30
}

impl Parameters {
    /// What a schema cannot say.
    pub(crate) fn problems(&self) -> Problems {
        let mut problems = Problems::none();
        if let Err(problem) = message::check_url(&self.url) {
            problems.add("/url", problem);
        }
        self.check_headers(&mut problems);
        match (&self.body, self.method) {
            (Some(_), Method::Get) => problems.add("/body", "a GET has no body: use query, or another method"),
            (Some(body), _) => {
                if let Err(problem) = message::encode(body, self.body_format) {
                    problems.add("/body", problem);
                }
            }
            (None, _) if matches!(self.auth, Auth::Hmac { .. }) => {
                problems.add("/body", "a signature needs a body to sign: give one, or sign in otherwise");
            }
            (None, _) => {}
        }
        if let Some(problem) = self.auth.label_problem() {
            problems.add("/auth/secret", problem);
        }
        if self.expected_status.is_empty() {
            problems.add("/expected_status", "is empty, so no answer would do: name at least one status");
        }
        for pointer in self.expect.keys().filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            problems.add(
                format!("/expect/{}", escaped(pointer)),
                "is no JSON pointer: write /status for the member status",
            );
        }
        let retry = &self.retry;
        if !(1..=10).contains(&retry.max_attempts) {
            problems.add("/retry/max_attempts", format!("is {}: choose from 1 to 10", retry.max_attempts));
        }
        if !(1.0..=10.0).contains(&retry.multiplier) {
            problems.add("/retry/multiplier", format!("is {}: choose from 1 to 10", retry.multiplier));
        }
        if !(0.0..=1.0).contains(&retry.jitter) {
            problems.add("/retry/jitter", format!("is {}: choose from 0 to 1", retry.jitter));
        }
        problems
    }

    fn check_headers(&self, problems: &mut Problems) {
        let from_secret = self.auth.header();
        for (name, value) in &self.headers {
            let pointer = format!("/headers/{}", escaped(name));
            if let Err(problem) = message::check_header(name, value) {
                problems.add(&pointer, problem);
            }
            if from_secret.is_some_and(|(filled, _)| filled.eq_ignore_ascii_case(name)) {
                problems.add(&pointer, "is filled by the sign-in as well: keep one of them");
            }
        }
        if let Some((name, pointer)) = from_secret
            && let Err(problem) = message::check_header(name, "")
        {
            problems.add(pointer, problem);
        }
        if let Auth::Basic { username, .. } = &self.auth
            && (username.contains(':') || username.chars().any(char::is_control))
        {
            problems.add(
                "/auth/username",
                "holds a colon or a control character, which this way of signing in cannot carry",
            );
        }
    }
}

/// A name inside a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
