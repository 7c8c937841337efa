//! `sandglass secret`: secrets of the embedded database, while no server runs on it. A running server takes them over REST.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use sandglass_database::embedded::{Embedded, Options};
use sandglass_database::{Database, Error};
use serde_json::json;
use zeroize::Zeroizing;

use super::{CliError, changes};
use crate::config::Config;
use crate::model::secret::MOST_BYTES;
use crate::model::{SecretLabel, SystemClock};
use crate::registry::{AskedSecret, read_secret, set_secret};
use crate::repository::{self, Keyring, SecretsError};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set a secret, or replace it; its text comes from a file or from standard input, never from an argument.
    Set(Set),
    /// Print the labels, when each was set and where it may go; never the texts.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Delete a secret; jobs that name it fail from then on.
    Delete(Delete),
    /// Seal everything anew under another key. Can be stopped and begun again.
    Rotate,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    label: String,
    /// File with the text; a line break at its end is left out. Without it: standard input.
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Host that HTTP may send it to, such as api.example.com, *.example.com or http://localhost:8080 (https, unless it
    /// says otherwise); may be given several times. Without it a secret that is there keeps its hosts, and a new one may
    /// go wherever a grant lets the request go; `*` lifts the bound.
    #[arg(long = "host", value_name = "PATTERN")]
    hosts: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    #[arg(required_unless_present = "all")]
    label: Option<String>,
    /// Every secret, also those whose key is lost.
    #[arg(long, conflicts_with = "label")]
    all: bool,
}

pub(super) fn run(config: &Config, command: Command) -> Result<(), CliError> {
    // Read first: whoever is asked for a text should not hold the database meanwhile.
    let new = match &command {
        Command::Set(set) => Some(new_secret(set)?),
        _ => None,
    };
    super::store::only_embedded(
        config,
        "a running server takes secrets over REST: POST, GET and DELETE /api/admin/scheduler/secrets",
    )?;
    super::block_on(async move {
        let database = open(&config.data_dir.join("database"))?;
        match (command, new) {
            (Command::Set(_), Some(new)) => {
                let secrets = repository::Secrets::open(database.clone(), keyring(config)?).await.map_err(failed)?;
                let audit = changes::audit(database).await?;
                let set = set_secret(&secrets, &audit, &SystemClock, new, changes::ACTOR).await;
                let info = set.map_err(|error| CliError::while_doing("set the secret", error))?;
                eprintln!("{} is set (version {}).", info.label, info.version);
                Ok(())
            }
            (Command::List { json }, _) => list(&*database, json).await,
            (Command::Delete(delete), _) => remove(database, delete).await,
            (Command::Rotate, _) => rotate(config, database).await,
            (Command::Set(_), None) => Err(CliError::Failure("there is no text to set".into())),
        }
    })
}

fn open(folder: &Path) -> Result<Arc<dyn Database>, CliError> {
    match Embedded::open(folder, Options::default()) {
        Ok(database) => Ok(Arc::new(database)),
        Err(error @ Error::Unavailable { .. }) => Err(CliError::Conflict(format!(
            "{error}. A running server takes secrets over REST: POST, GET and DELETE /api/admin/scheduler/secrets"
        ))),
        Err(error) => Err(CliError::while_doing(&format!("open {}", folder.display()), error)),
    }
}

fn keyring(config: &Config) -> Result<Keyring, CliError> {
    Keyring::read(&config.secrets, &config.data_dir).map_err(|error| CliError::Failure(error.to_string()))
}

fn failed(error: SecretsError) -> CliError {
    CliError::Failure(error.to_string())
}

fn new_secret(set: &Set) -> Result<AskedSecret, CliError> {
    let text = match &set.value_file {
        Some(file) => {
            let opened = std::fs::File::open(file);
            let opened =
                opened.map_err(|error| CliError::Usage(format!("--value-file {}: {error}", file.display())))?;
            text(opened)?
        }
        None => {
            if std::io::stdin().is_terminal() {
                eprintln!("Type the text of {}, then Enter and Ctrl-D:", set.label);
            }
            text(std::io::stdin())?
        }
    };
    let body = json!({
        "label": set.label, "value": text.as_str(), "description": set.description, "hosts": (!set.hosts.is_empty()).then_some(&set.hosts),
    });
    read_secret(body).map_err(|problems| {
        let told =
            problems.iter().map(|problem| format!("{} {}", problem.pointer.trim_start_matches('/'), problem.message));
        CliError::Usage(told.collect::<Vec<_>>().join("; "))
    })
}

fn text(source: impl std::io::Read) -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::new());
    // Two more than fit: a line break, and one that shows that it is too long.
    let most = MOST_BYTES as u64 + 2;
    let read = source.take(most).read_to_string(&mut text);
    read.map_err(|error| CliError::Usage(format!("the text of the secret cannot be read: {error}")))?;
    let length = text.strip_suffix('\n').map_or(text.len(), |rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    text.truncate(length);
    Ok(text)
}

async fn list(database: &dyn Database, json: bool) -> Result<(), CliError> {
    let secrets = repository::list_secrets(database).await.map_err(failed)?;
    let width = secrets.iter().map(|info| info.label.as_str().len()).max().unwrap_or(0);
    for info in secrets {
        let updated_at = info.updated_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        if json {
            let row = json!({
                "label": info.label.as_str(), "description": info.description, "hosts": info.hosts,
                "version": info.version, "key": info.key, "updated_at": updated_at, "updated_by": info.updated_by,
            });
            println!("{row}");
        } else {
            let hosts = if info.hosts.is_empty() { "any host".to_owned() } else { info.hosts.join(", ") };
            let description = info.description.map(|text| format!("  {text}")).unwrap_or_default();
            println!("{:width$}  {updated_at}  {hosts}{description}", info.label.as_str());
        }
    }
    Ok(())
}

async fn remove(database: Arc<dyn Database>, delete: Delete) -> Result<(), CliError> {
    let audit = changes::audit(database.clone()).await?;
    let Some(label) = delete.label else {
        changes::record(&audit, "secret.delete", "*", json!({})).await?;
        let count = repository::discard_all_secrets(&*database).await.map_err(failed)?;
        eprintln!("{count} secrets are deleted.");
        return Ok(());
    };
    let label: SecretLabel = label.parse().map_err(|error| CliError::Usage(format!("{label:?}: {error}")))?;
    let known = repository::list_secrets(&*database).await.map_err(failed)?;
    if !known.iter().any(|info| info.label == label) {
        return Err(CliError::NotFound(format!("there is no secret {label}")));
    }
    changes::record(&audit, "secret.delete", label.as_str(), json!({})).await?;
    repository::delete_secret(&*database, &label).await.map_err(failed)?;
    eprintln!("{label} is deleted.");
    Ok(())
}

async fn rotate(config: &Config, database: Arc<dyn Database>) -> Result<(), CliError> {
    let rotated = repository::rotate_secrets(database, keyring(config)?).await.map_err(failed)?;
    let repository::Rotated { moved, kept, key } = rotated;
    eprintln!("{moved} secrets were sealed anew under the key {key}; {kept} were already.");
    if !config.secrets.key.is_empty() && moved == 0 {
        eprintln!(
            "The key comes from the configuration: to move to another one, set SANDGLASS_SECRETS__KEY to the new key and \
             SANDGLASS_SECRETS__PREVIOUS_KEY to the present one, and rotate again."
        );
    }
    Ok(())
}
