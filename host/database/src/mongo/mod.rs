//! The MongoDB engine: the official driver behind the trait.
//!
//! What a filter or an update means is MongoDB's own affair; here every command first passes the same allow-list as on
//! the other engines (`check`), so that a template works on both or on neither. Whatever the URI says, writes are
//! acknowledged by a majority and its journals, reads see what a majority has, all from the primary, and every call
//! ends in its time. No transaction is used, so a standalone server of version 4.4 or later will do.

mod bulk;
mod catalogue;
mod change;
mod check;
mod cursor;
mod database;
mod duplicate;
mod fault;
mod index;
mod model;
mod older;
mod server;
mod uri;

use std::time::Duration;

use bson::Document;
use mongodb::{Client, Collection, Database};

use crate::{Error, Result};
use server::Server;
pub use uri::masked;

/// Where and how. The defaults suit a server nearby.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bound of a call that touches few documents.
    pub timeout: Duration,
    /// Bound of a call that may touch every document: aggregations, counts, changes of many, new indexes.
    pub long_timeout: Duration,
    /// How long a server is looked for before a call is given up.
    pub selection_timeout: Duration,
    /// Connections at most.
    pub connections: u32,
    /// Whether opening fails if no server answers. Otherwise one that answers later is spoken to as an old one.
    pub is_awaited: bool,
    /// Work as with a server before 8.0, which cannot take writes of several collections at once.
    pub as_before_8: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            long_timeout: Duration::from_secs(600),
            selection_timeout: Duration::from_secs(5),
            connections: 64,
            is_awaited: true,
            as_before_8: false,
        }
    }
}

/// One database of a MongoDB server. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Mongo {
    client: Client,
    database: Database,
    server: Server,
    options: Options,
}

impl Mongo {
    /// Connects to the database that `uri` names, or to `default_database` where it names none, and asks the server who
    /// it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a URI that cannot be used, [`Error::Unsupported`] for a server that is too old,
    /// [`Error::Unavailable`] if none answers. None of them shows a password.
    pub async fn open(uri: &str, default_database: &str, options: Options) -> Result<Self> {
        let (settings, name) = uri::settings(uri, default_database, &options).await?;
        let client =
            Client::with_options(settings).map_err(|error| Error::invalid(uri::without_password(uri, &error)))?;
        let server = match within(options.timeout, "", Server::ask(&client)).await {
            Ok(server) => server.as_asked(&options)?,
            Err(error) if error.is_transient() && !options.is_awaited => Server::unknown(),
            Err(Error::Unavailable { message }) => {
                return Err(Error::Unavailable { message: uri::without_password(uri, &message) });
            }
            Err(error) => return Err(error),
        };
        let database = server.database(&client, &name);
        Ok(Self { client, database, server, options })
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        self.database.name()
    }

    fn collection<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.database.collection(name)
    }

    /// A call that touches few documents.
    async fn soon<T>(&self, collection: &str, call: impl Future<Output = mongodb::error::Result<T>>) -> Result<T> {
        within(self.options.timeout, collection, call).await
    }

    /// A call that may touch all of them.
    async fn at_length<T>(&self, collection: &str, call: impl Future<Output = mongodb::error::Result<T>>) -> Result<T> {
        within(self.options.long_timeout, collection, call).await
    }

    /// A command that the driver has no words for. It is not repeated.
    async fn command(&self, collection: &str, command: Document) -> Result<Document> {
        let reply = self.soon(collection, async { self.database.run_command(command).await }).await?;
        match reply.get_document("writeConcernError") {
            Ok(concern) => Err(fault::not_durable(concern.get_str("errmsg").unwrap_or("no reason is given"))),
            Err(_) => Ok(reply),
        }
    }
}

/// Ends a call in its time. What was sent may still be done by the server.
async fn within<T>(
    timeout: Duration,
    collection: &str,
    call: impl Future<Output = mongodb::error::Result<T>>,
) -> Result<T> {
    match tokio::time::timeout(timeout, call).await {
        Ok(answer) => answer.map_err(|error| fault::of(collection, &error)),
        Err(_) => Err(Error::Timeout),
    }
}
