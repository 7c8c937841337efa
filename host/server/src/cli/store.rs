//! The database of the configuration, for commands that open it themselves. Those that change what a running server keeps in
//! memory need the lock of the embedded one, which a MongoDB server has not.

use std::sync::Arc;

use sandglass_database::Database;

use super::CliError;
use crate::app::store::{Store, StoreError};
use crate::config::Config;

/// For commands that may work beside a running server on MongoDB. `makes` says whether an embedded database that is not
/// there is made.
pub(super) async fn open(config: &Config, makes: bool) -> Result<Arc<dyn Database>, CliError> {
    let folder = config.data_dir.join("database");
    if config.database.uri.is_empty() && !makes && !folder.exists() {
        return Err(CliError::NotFound(format!("there is no database in {}", folder.display())));
    }
    let store = Store::open(config).await.map_err(|error| match error {
        StoreError::Embedded { folder, reason } => CliError::while_doing(&format!("open {folder}"), reason),
        StoreError::Mongo { .. } => CliError::Failure(error.to_string()),
    })?;
    Ok(store.database())
}

/// # Errors
/// Where the database is not the embedded one; `way_out` says what to do instead.
pub(super) fn only_embedded(config: &Config, way_out: &str) -> Result<(), CliError> {
    if config.database.uri.is_empty() {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "this command opens the embedded database, but database.uri names a MongoDB server: {way_out}"
    )))
}
