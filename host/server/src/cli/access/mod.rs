//! `sandglass user` and `sandglass token`: who may call, while no server runs. A running server takes them over REST.

mod password;
pub(super) mod token;
pub(super) mod user;

use std::sync::Arc;

use sandglass_database::embedded::{Embedded, Options};
use sandglass_database::{Database, Error};

use super::CliError;
use crate::config::Config;
use crate::model::{Incarnation, SystemClock, UserName};
use crate::registry::{Access, AccessError, AccessParts};
use crate::repository::audit::Audit;
use crate::repository::ensure_indexes;

/// Who stands in the records.
const ACTOR: &str = "command line";

async fn open(config: &Config) -> Result<Access, CliError> {
    super::store::only_embedded(config, "a running server takes this over REST, /api/auth/users and /api/auth/tokens")?;
    let folder = config.data_dir.join("database");
    let database: Arc<dyn Database> = match Embedded::open(&folder, Options::default()) {
        Ok(database) => Arc::new(database),
        Err(error @ Error::Unavailable { .. }) => {
            return Err(CliError::Conflict(format!(
                "{error}. A running server takes this over REST: /api/auth/users and /api/auth/tokens"
            )));
        }
        Err(error) => return Err(CliError::while_doing(&format!("open {}", folder.display()), error)),
    };
    ensure_indexes(&*database).await.map_err(|error| CliError::while_doing("make the indexes", error))?;
    let audit = Audit::start(database.clone(), Incarnation::generate());
    audit.prepare().await.map_err(|error| CliError::while_doing("prepare the audit", error))?;
    Access::open(AccessParts { database, audit, clock: Arc::new(SystemClock), admin: None }).await.map_err(refused)
}

fn refused(error: AccessError) -> CliError {
    let words = error.to_string();
    match error {
        AccessError::Invalid(problems) => {
            let told = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.pointer.trim_start_matches('/'), problem.message));
            CliError::Usage(told.collect::<Vec<_>>().join("; "))
        }
        AccessError::NotFound(_) => CliError::NotFound(words),
        AccessError::Exists(_) | AccessError::LastAdmin | AccessError::Full { .. } => CliError::Conflict(words),
        _ => CliError::Failure(words),
    }
}

fn named(text: &str) -> Result<UserName, CliError> {
    text.parse().map_err(|error| CliError::Usage(format!("{text:?}: {error}")))
}

fn shown(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
