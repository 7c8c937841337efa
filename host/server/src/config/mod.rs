//! Configuration: defaults, then a file, then the environment, then flags. Unknown keys are errors.
//!
//! `config.default.toml` is both the defaults and the reference of every key. A room reads its own slice only.

mod load;
mod slices;

pub use load::{ConfigError, Flags, Source, load, redacted};
pub use slices::{
    Config, Connection, Database, Email, EmailIdentity, Execution, Files, Folder, Http, Log, LogFormat, MailTls,
    Sandbox, Scheduler, Secrets, Server, Templates,
};

/// The reference of every key.
pub const REFERENCE: &str = include_str!("../../config.default.toml");
