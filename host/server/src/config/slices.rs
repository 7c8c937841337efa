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
    pub http: Http,
    pub log: Log,
    pub files: Files,
    pub folders: BTreeMap<String, Folder>,
    pub connections: BTreeMap<String, Connection>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
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

/// A folder that templates may name by its label.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    pub url: String,
    #[serde(default)]
    pub quota_bytes: u64,
}

/// A further database that templates may name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    pub uri: String,
}
