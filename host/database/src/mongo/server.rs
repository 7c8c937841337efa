//! What kind of server answers, and what follows from it for the settings.

use bson::{Document, doc};
use mongodb::{
    Client, Database,
    error::Result as DriverResult,
    options::{Acknowledgment, DatabaseOptions, ReadConcern, WriteConcern},
};

use super::Options;
use crate::{Error, Result};

/// Wire version of MongoDB 4.4, the oldest that is spoken to.
const OLDEST: i32 = 9;
/// Wire version of MongoDB 8.0, which takes writes of several collections at once and says what became of each.
const BULK: i32 = 25;

#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    wire_version: i32,
    /// Neither a replica set nor a router: there is no majority to wait for.
    is_alone: bool,
    /// Whether one command takes writes of several collections.
    pub takes_bulks: bool,
}

impl Server {
    pub async fn ask(client: &Client) -> DriverResult<Self> {
        let reply = client.database("admin").run_command(doc! { "hello": 1 }).await?;
        Ok(Self::of(&reply))
    }

    /// One that has not answered yet: in commands that every version takes.
    pub fn unknown() -> Self {
        Self { wire_version: OLDEST, is_alone: false, takes_bulks: false }
    }

    fn of(hello: &Document) -> Self {
        let wire_version = hello.get_i32("maxWireVersion").unwrap_or_default();
        let is_router = hello.get_str("msg").is_ok_and(|message| message == "isdbgrid");
        let is_alone = !is_router && !hello.contains_key("setName");
        Self { wire_version, is_alone, takes_bulks: wire_version >= BULK }
    }

    /// # Errors
    /// [`Error::Unsupported`] if it is too old.
    pub fn as_asked(self, options: &Options) -> Result<Self> {
        if self.wire_version < OLDEST {
            return Err(Error::unsupported("a MongoDB server before version 4.4"));
        }
        Ok(Self { takes_bulks: self.takes_bulks && !options.as_before_8, ..self })
    }

    /// The database of this name. On a server of its own all that is written is what the majority has, and some
    /// versions refuse to be asked for it.
    pub fn database(self, client: &Client, name: &str) -> Database {
        let concern = if self.is_alone { ReadConcern::local() } else { ReadConcern::majority() };
        let mut options = DatabaseOptions::default();
        options.read_concern = Some(concern);
        client.database_with_options(name, options)
    }
}

/// Every write: on the journals of a majority. It is given a little less time than the call, so that a write that
/// hangs is told from a server that does.
pub(super) fn write_concern(options: &Options) -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(options.timeout.mul_f64(0.9)).build()
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::Server;
    use crate::mongo::Options;

    #[test]
    fn a_server_says_what_it_is() {
        let set = Server::of(&doc! { "maxWireVersion": 25, "setName": "rs0" });
        assert!(!set.is_alone && set.takes_bulks);
        assert!(!Server::of(&doc! { "maxWireVersion": 21, "msg": "isdbgrid" }).is_alone);
        let alone = Server::of(&doc! { "maxWireVersion": 9 });
        assert!(alone.is_alone && !alone.takes_bulks);
        assert!(alone.as_asked(&Options::default()).is_ok());
        let old = Server::of(&doc! { "maxWireVersion": 8 }).as_asked(&Options::default());
        assert!(old.unwrap_err().to_string().contains("4.4"));
    }
}
