//! The shape of the configuration, a slice a room. Meanings and defaults stand in `config.default.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub admin_token: String,
    pub server: Server,
    pub database: Database,
    pub scheduler: Scheduler,
    pub execution: Execution,
    pub sandbox: Sandbox,
    pub templates: Templates,
    pub http: Http,
    pub email: Email,
    pub secrets: Secrets,
    pub log: Log,
    pub files: Files,
    pub folders: BTreeMap<String, Folder>,
    pub connections: BTreeMap<String, Connection>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub body_limit_bytes: usize,
    pub request_timeout_seconds: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub uri: String,
    pub group_wait_milliseconds: u64,
    pub group_size: usize,
    pub readers: usize,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduler {
    pub lead_milliseconds: u64,
    pub group_size: usize,
    pub misfire_grace_seconds: u64,
    pub misfire_all_limit: u64,
    pub queue: usize,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    pub slots: usize,
    pub job_share_percent: usize,
    pub queue: usize,
    pub drain_seconds: u64,
    pub log_lines_in_document: usize,
    pub hook_timeout_seconds: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    pub workers: usize,
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
    pub parameters_bytes: usize,
    pub result_bytes: usize,
    pub log_bytes: usize,
    pub log_line_bytes: usize,
    pub batch_bytes: usize,
    pub batch_documents: usize,
    pub component_bytes: usize,
    pub compile_seconds: u64,
    pub compile_memory_bytes: u64,
    pub large_memory_bytes: u64,
    pub large_compile_seconds: u64,
    pub large_compile_memory_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    pub folder: String,
    pub watch: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub allow_private_networks: bool,
    pub allowed_networks: Vec<String>,
    pub requests: u32,
    pub body_bytes: usize,
    pub redirects: u32,
    pub timeout_seconds: u64,
}

/// Keys. `Debug` does not show them.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub key: String,
    pub previous_key: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    pub recipients: usize,
    pub messages: u64,
    pub message_bytes: usize,
    pub timeout_seconds: u64,
    pub connections: usize,
    pub idle_seconds: u64,
    #[serde(default)]
    pub identities: BTreeMap<String, EmailIdentity>,
}

/// Somebody mail may be from, and the server by which it goes.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailIdentity {
    pub host: String,
    pub port: Option<u16>,
    pub tls: MailTls,
    pub allow_cleartext: bool,
    pub ca_file: Option<PathBuf>,
    pub hello_name: String,
    pub username: String,
    pub password: String,
    /// Label of a stored secret.
    pub password_secret: String,
    pub password_file: Option<PathBuf>,
    pub from: String,
    pub from_name: String,
    pub reply_to: String,
    pub allowed_recipients: Vec<String>,
    pub recipients: Option<usize>,
    pub messages: Option<u64>,
    pub timeout_seconds: Option<u64>,
}

impl Default for EmailIdentity {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            tls: MailTls::default(),
            allow_cleartext: false,
            ca_file: None,
            hello_name: String::new(),
            username: String::new(),
            password: String::new(),
            password_secret: String::new(),
            password_file: None,
            from: String::new(),
            from_name: String::new(),
            reply_to: String::new(),
            allowed_recipients: vec!["*".to_owned()],
            recipients: None,
            messages: None,
            timeout_seconds: None,
        }
    }
}

/// Without the password.
impl std::fmt::Debug for EmailIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailIdentity")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Begins in the clear and must be turned (STARTTLS).
    #[default]
    Required,
    /// From the first byte.
    Implicit,
    None,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub file_bytes: u64,
    pub files_per_run: u64,
}

/// A folder that templates may name by its label. All but the first two are for object stores.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Folder {
    pub url: String,
    pub quota_bytes: u64,
    pub region: String,
    pub endpoint: String,
    pub allow_cleartext: bool,
    pub path_style: Option<bool>,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Label of a stored secret.
    pub secret_access_key_secret: String,
}

/// Without the key.
impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("url", &self.url).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A further database that templates may name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    pub uri: String,
}
