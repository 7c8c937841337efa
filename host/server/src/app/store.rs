//! The database that the configuration names, and those that templates may reach beside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sandglass_database::embedded::{self, Embedded};
use sandglass_database::mongo::{self, Mongo, masked};
use sandglass_database::{Database, Error};
use tracing::{info, warn};

use crate::config::Config;

/// Name of a database where the URI gives none.
const NAME: &str = "sandglass";

/// A database that cannot be opened: the setting that names it, its value as far as it may be shown, and why.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{setting} is {uri}: {reason}{way_out}")]
    Mongo { setting: String, uri: String, reason: Error, way_out: &'static str },
    #[error("open the database in {folder}: {reason}")]
    Embedded { folder: String, reason: Error },
}

/// The one that Sandglass keeps everything in.
pub enum Store {
    Embedded(Arc<Embedded>),
    Mongo(Arc<Mongo>),
}

impl Store {
    /// # Errors
    /// As [`StoreError`] says.
    pub async fn open(config: &Config) -> Result<Self, StoreError> {
        if !config.database.uri.is_empty() {
            let setting = "database.uri (SANDGLASS_DATABASE__URI)".to_owned();
            let mongo = connect(setting, &config.database.uri, mongo::Options::default()).await?;
            info!(uri = %masked(&config.database.uri), database = mongo.name(), "everything is kept on MongoDB");
            return Ok(Self::Mongo(Arc::new(mongo)));
        }
        let options = embedded::Options {
            group_wait: Duration::from_millis(config.database.group_wait_milliseconds),
            group_size: config.database.group_size,
            readers: config.database.readers,
            ..embedded::Options::default()
        };
        let folder = config.data_dir.join("database");
        Embedded::open(&folder, options)
            .map(|embedded| Self::Embedded(Arc::new(embedded)))
            .map_err(|reason| StoreError::Embedded { folder: folder.display().to_string(), reason })
    }

    pub fn database(&self) -> Arc<dyn Database> {
        match self {
            Self::Embedded(embedded) => embedded.clone(),
            Self::Mongo(mongo) => mongo.clone(),
        }
    }

    /// Whether it commits a group of writes as one step, and is this process's alone by a lock.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

/// The databases of `[connections]`. One that does not answer is no reason not to start: jobs on it fail until it does.
///
/// # Errors
/// For a URI that cannot be used.
pub(super) async fn connections(config: &Config) -> Result<BTreeMap<String, Arc<dyn Database>>, StoreError> {
    let mut connections: BTreeMap<String, Arc<dyn Database>> = BTreeMap::new();
    for (name, connection) in &config.connections {
        let setting = format!("connections.{name}.uri");
        let options = mongo::Options { is_awaited: false, ..mongo::Options::default() };
        let mongo = connect(setting.clone(), &connection.uri, options).await?;
        if let Err(error) = mongo.ping().await {
            warn!(setting, uri = %masked(&connection.uri), %error, "a database does not answer; jobs on it will fail until it does");
        }
        connections.insert(name.clone(), Arc::new(mongo));
    }
    Ok(connections)
}

async fn connect(setting: String, uri: &str, options: mongo::Options) -> Result<Mongo, StoreError> {
    Mongo::open(uri, NAME, options).await.map_err(|reason| {
        let way_out = match reason {
            Error::Unavailable { .. } | Error::Timeout => {
                ". Is the server up, can this machine reach it, and are user and password right?"
            }
            _ => "",
        };
        StoreError::Mongo { setting, uri: masked(uri), reason, way_out }
    })
}
